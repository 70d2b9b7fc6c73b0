"""Earlier sections come again by themselves, but never in the middle of a theme that a hand called back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Asked, Sampling
from nesvae_live.model.song.memory import Returning, SongState
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import TUPLES_PER_PHRASE
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

OF_BEFORE = replace(SAMPLING, heeds_metre=False, recalls=False)
NOTHING = np.zeros(TINY_SONG.latent, np.float32)
EVERYTHING = np.ones(N_ATTRIBUTES, np.float32)


def played() -> tuple[SongCritic, SongState]:
    """A critic, and where its music stands after ten phrases that the prior steered."""
    checkpoint = tiny_song_checkpoint()
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    critic = SongCritic(SongDecoder(checkpoint), checkpoint.quantiles, prior)
    state = critic.initial_state(place_of(0, 4))
    for index in range(10):
        start = state.asked(Asked(state.place, 0.5, hands=NOTHING))
        start, z = critic.compose(start, NOTHING, NOTHING > 0, (1, index))
        found = critic.decode(z, EVERYTHING, replace(start, back=None), draws(1, index), SAMPLING)
        state = found.state(TUPLES_PER_PHRASE)
    return critic, state


def came(critic: SongCritic, state: SongState, sampling: Sampling) -> list[Returning | None]:
    """What comes back in a hundred draws of the next phrase."""
    return [
        critic.compose(state, NOTHING, NOTHING > 0, (9, i), sampling)[0].back for i in range(100)
    ]


def test_a_section_comes_again_at_times_and_is_led_by_a_voice() -> None:
    critic, state = played()
    back = [one for one in came(critic, state, SAMPLING) if one is not None]
    assert 0 < len(back) < 40
    assert all(one.lead is not None for one in back)


def test_a_theme_that_was_called_back_is_heard_to_its_end() -> None:
    critic, state = played()
    memory = state.memory.part(0, 2 * TUPLES_PER_PHRASE)
    first = memory.symbols[:TUPLES_PER_PHRASE]
    theme = Returning(memory, 4, NOTHING, EVERYTHING, first)
    returning = replace(state, back=theme)
    assert all(one is theme for one in came(critic, returning, SAMPLING))
    before = came(critic, returning, OF_BEFORE)  # takes of before are decoded again as they were
    assert any(one is not theme for one in before)
