"""A style draws the prior to it, as far as its amount says; its network plays the same elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.latent.adopted import themes_of
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.axes import axes_of
from nesvae_live.latent.decoding import Asked, Sampling
from nesvae_live.latent.themes import Themes
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.yours.styledprior import StyledPrior, make_styled_decoder, turned
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import tuples_to_symbols
from tests.support.styles import tiny_style
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

TINY = tiny_song_checkpoint()
NOTHING = np.zeros(TINY_SONG.latent, bool)


def composed(amount: float, phrases: int = 40) -> np.ndarray:
    """`[n, Z]`, where the untouched music goes, along the checkpoint's own axes."""
    style = tiny_style(amount)
    mine = turned(TINY, style)
    critic = make_styled_decoder(mine, style)
    state, out = critic.initial_state(place_of(0, 4)), []
    z = np.zeros(TINY_SONG.latent, np.float32)
    for i in range(phrases):
        start = state.asked(Asked(state.place, 0.5, hands=z * 0))
        start, z = critic.compose(start, z * 0, NOTHING, (1, i))
        mask = np.ones(N_ATTRIBUTES, np.float32)
        draws = np.random.default_rng(i).random((13, 4), dtype=np.float32)
        state = critic.decode(z, mask, start, draws, Sampling()).state(13)
        out.append(z)
    return np.stack(out)


def test_the_music_goes_to_the_style_and_half_way() -> None:
    far = {amount: np.abs(composed(amount) - 2.0).mean() for amount in (0.0, 0.5, 1.0)}
    assert far[1.0] < 0.8
    assert far[1.0] < far[0.5] < far[0.0]


def test_at_nothing_it_goes_where_it_always_did() -> None:
    style = replace(tiny_style(0.0), order=tuple(range(TINY_SONG.style)))
    own, prior = SongPrior(TINY.weights, TINY.config), StyledPrior(TINY, style)
    form = own.beginning()
    assert np.array_equal(prior.mixture(form).means, own.mixture(form).means)
    assert prior.config == own.config


def test_a_style_whose_amount_is_small_is_near_the_networks_own() -> None:
    style = replace(tiny_style(1e-6), order=tuple(range(TINY_SONG.style)))
    own, prior = SongPrior(TINY.weights, TINY.config), StyledPrior(TINY, style)
    form = own.after(
        own.beginning(), np.zeros(TINY_SONG.latent, np.float32), np.zeros(12, np.float32)
    )
    ours, theirs = own.mixture(form, 0.1), prior.mixture(form, 0.1)
    regions = len(style.weights)
    n = TINY_SONG.components
    pairs = theirs.weights[: n * regions].reshape(n, regions).sum(1)
    assert pairs == pytest.approx(ours.weights[:n], abs=1e-4)
    assert theirs.means[: n * regions : regions] == pytest.approx(ours.means[:n], abs=1e-4)
    assert theirs.weights[n * regions :] == pytest.approx(ours.weights[n:], abs=1e-6)


def test_what_a_hand_has_set_stays() -> None:
    style = tiny_style()
    prior = StyledPrior(turned(TINY, style), style)
    known = NOTHING.copy()
    known[[0, 9]] = True
    z = np.full(TINY_SONG.latent, -2.0, np.float32)
    drawn, _ = prior.mixture(prior.beginning()).given(z, known).draw(np.random.default_rng(0))
    assert drawn[known].tolist() == [-2.0, -2.0]
    assert (drawn[~known] > 0).all()


def test_the_network_plays_the_same_at_the_place_that_matches() -> None:
    style = tiny_style()
    mine = turned(TINY, style)
    z = np.random.default_rng(0).standard_normal(TINY_SONG.latent).astype(np.float32)
    mask = np.ones(N_ATTRIBUTES, np.float32)
    draws = np.random.default_rng(1).random((13, 4), dtype=np.float32)
    one, other = (
        make_decoder(c).decode(
            at.astype(np.float32), mask, make_decoder(c).initial_state(), draws, Sampling()
        )
        for c, at in ((TINY, z), (mine, style.along(z.astype(np.float64))))
    )
    assert np.array_equal(one.symbols, other.symbols)
    assert [axis.label for axis in axes_of(mine.about, 5)] == list(style.labels)


def test_its_themes_are_there_and_have_the_pieces_notes() -> None:
    style = tiny_style()
    critic: SongCritic = make_styled_decoder(turned(TINY, style), style)
    themes = Themes(themes_of(style, critic.initial_state()))
    theme = themes.theme("A")
    state = theme.stretch(None).end.state
    assert isinstance(state, SongState)
    assert np.array_equal(state.memory.symbols, tuples_to_symbols(style.themes[0].tuples))
    back = critic.initial_state().asked(Asked(place_of(0, 4), 0.5, back=theme.stretch(None))).back
    assert back is not None
    assert np.array_equal(back.memory.symbols, state.memory.symbols)
    assert back.z.tolist() == style.along(style.themes[0].z).astype(np.float32).tolist()
    assert themes_of(None, critic.initial_state()) == {}
