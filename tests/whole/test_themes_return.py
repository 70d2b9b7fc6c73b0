"""With the shipped network: what was marked comes back after 64 bars of something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import KeepTheme, ReturnTheme, SetKey
from nesvae_live.control.inputs import SetKnob
from nesvae_live.latent.attributes import measure
from nesvae_live.latent.decoding import SAMPLING, Asked
from nesvae_live.latent.space import assemble
from nesvae_live.latent.themes import Theme
from nesvae_live.log.entries import Decoded, Spliced
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.key import Key
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import Ints, symbols_to_tuples, tokens_to_tuples
from nesvae_live.music.swap import Swap
from nesvae_live.paths import shipped_dir
from tests.support.figures import grams
from tests.support.rig import Rig, do, turn

pytestmark = pytest.mark.slow

BARS_64 = 128.0
"""Seconds at 120 BPM."""


@dataclass(frozen=True)
class Network:
    decoder: SongCritic
    reach: np.ndarray


@pytest.fixture(scope="module")
def network() -> Network:
    path = shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    checkpoint = load_song_checkpoint(path)
    decoder = make_decoder(checkpoint)
    assert isinstance(decoder, SongCritic)
    return Network(decoder, checkpoint.quantiles.reach())


def rig_of(network: Network, seed: int) -> Rig:
    style = np.random.default_rng([seed, 1]).standard_normal(32).astype(np.float32)
    return Rig(
        decoder=network.decoder,
        reach=network.reach,
        style=style,
        seed=seed,
        swap=Swap.BAR,
        sampling=SAMPLING,
        composed=SAMPLING,
    )


def returned(rig: Rig) -> Ints:
    """The first 13 tuples after the return, which is asked for here."""
    heard = len(rig.journal.entries)
    assert do(rig, ReturnTheme, "A")["ok"]
    while True:
        rig.play(0.05)
        placed = rig.sequencer.player.playing.placed
        assert placed is not None
        if placed.asked is not None and placed.asked.returns:
            break
    rig.play(6.0)
    came = [e for e in rig.journal.entries[heard:] if isinstance(e, Decoded | Spliced)]
    first = max(i for i, e in enumerate(came) if e.index == placed.index)
    tokens = [t for e in came[first:] for t in e.tokens]
    return tokens_to_tuples(np.array(tokens))[:13]


def stretch(theme: Theme) -> Ints:
    """What was marked, with its pickup of up to half a bar."""
    end = theme.end.state
    assert isinstance(end, SongState)
    return symbols_to_tuples(end.memory.symbols[-theme.length - 13 :])


@pytest.mark.parametrize(("seed", "key"), [(0, None), (2, Key(2, "major")), (5, None)])
def test_after_64_bars_the_marked_figures_are_back_in_another_key_too(
    network: Network, seed: int, key: Key | None
) -> None:
    rig = rig_of(network, seed)
    do(rig, SetKey, None if key is None else Key(0, "major"))
    rig.play(17.3)
    assert do(rig, KeepTheme, "A")["ok"]
    rig.play(BARS_64)
    do(rig, SetKey, key)
    came = returned(rig)
    assert rig.live.back is not None
    marked = set(grams(stretch(rig.live.themes.theme("A")), rig.live.back.shift))
    assert rig.live.back.shift == (0 if key is None else 2)
    share = np.mean([gram in marked for gram in grams(came)])
    assert share >= 0.5


def test_knobs_turned_meanwhile_are_obeyed_and_it_is_another_phrase_where_they_are_far(
    network: Network,
) -> None:
    rig = rig_of(network, 1)
    rig.play(17.3)
    do(rig, KeepTheme, "A")
    for knob, value in (("density", 0.3), ("register", 0.8), ("style1", 0.9)):
        assert do(rig, SetKnob, knob, value)["ok"]
    rig.play(BARS_64)
    theme = rig.live.themes.theme("A")
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    here = placed.states[-1].state
    marked = set(grams(stretch(theme)))
    rng = np.random.default_rng(3)
    values, shares = np.linspace(0.0, 1.0, 17), []
    for axis, knob in ((0, "density"), (1, "register"), (3, "polyphony")):
        reached = []
        for value in values:
            knobs = {knob: float(value), "motion": 0.8}
            z, mask = assemble(knobs, theme.condition.z[8:], network.reach)
            hands = np.concatenate((mask, np.zeros(32, np.float32)))
            start = here.asked(Asked(place_of(0, 4), 0.5, True, hands, theme.stretch(None)))
            draws = rng.random((13, 4), dtype=np.float32)
            found = network.decoder.decode(z, mask, start, draws, SAMPLING)  # type: ignore[arg-type]
            tuples = symbols_to_tuples(found.symbols)
            reached.append(measure(tuples[None])[0][axis])
            shares.append(np.mean([gram in marked for gram in grams(tuples)]))
        ranks = np.argsort(np.argsort(reached)), np.argsort(np.argsort(values))
        assert np.corrcoef(*ranks)[0, 1] >= 0.8, knob
    assert np.mean(shares) < 0.5


def test_where_nothing_was_turned_by_hand_the_theme_is_followed_to_its_end(
    network: Network,
) -> None:
    rig = rig_of(network, 3)
    turn(rig, density=0.6, polyphony=0.7)
    rig.play(12.0)
    do(rig, KeepTheme, "A")
    rig.play(20.0)
    marked = set(grams(stretch(rig.live.themes.theme("A"))))
    came = returned(rig)
    assert np.mean([gram in marked for gram in grams(came)]) >= 0.5
