"""What stands still near the ends of knobs: no longer than songs do there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Sampling
from nesvae_live.log.plain import to_value
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.steering.presence import DENSITY, NEVER
from nesvae_live.model.song.steering.standstill import longest_still
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints, symbols_to_tuples
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

CHECKPOINT = tiny_song_checkpoint()
NOTHING = np.zeros(N_ATTRIBUTES, np.float32)
FOCUS = [spec.name for spec in ATTRIBUTES].index("focus")
REGISTER, LONG = 1, 24


@pytest.fixture(scope="module")
def decoder() -> SongDecoder:
    return SongDecoder(CHECKPOINT)


def at(axis: int, coordinate: float) -> tuple[np.ndarray, np.ndarray]:
    z, turned = np.zeros(TINY_SONG.latent, np.float32), NOTHING.copy()
    z[axis], turned[axis] = coordinate, 1.0
    return z, turned


def stills(symbols: Ints) -> list[int]:
    """How many ticks there are between moments in which something begins."""
    out, since = [], 0
    before = np.zeros(3, np.int64)
    for *notes, held in symbols_to_tuples(symbols).tolist():
        if any(a > 0 and a != b for a, b in zip(notes, before, strict=True)):
            out.append(since)
            since = 0
        since += held
        before = np.array(notes)
    return [*out, since]


def test_near_the_end_of_a_knob_it_may_stand_still_for_less_long_than_in_the_middle() -> None:
    waits = [longest_still(*at(FOCUS, c)) for c in (0.0, 0.5, 1.0, 2.5)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[1] > waits[2] == waits[3]


def test_of_knobs_that_are_turned_the_one_that_allows_the_least_counts() -> None:
    z, turned = at(FOCUS, 2.0)
    alone = longest_still(z, turned)
    turned[REGISTER] = 1.0
    assert longest_still(z, turned) == alone  # in the middle
    z[REGISTER] = 2.0
    assert longest_still(z, turned) == longest_still(*at(REGISTER, 2.0)) < alone


def test_who_asks_for_few_notes_has_them_and_what_nobody_turns_is_left_alone() -> None:
    z, turned = at(FOCUS, 2.0)
    assert longest_still(z, NOTHING) == NEVER
    turned[DENSITY] = 1.0
    assert longest_still(z, turned) == NEVER


def test_nothing_stands_still_for_longer_also_over_the_phrases_end(decoder: SongDecoder) -> None:
    longest = {}
    for still in (LONG, NEVER):
        played = []
        for seed in range(2):
            state = decoder.initial_state(1)
            rng = np.random.default_rng(seed)
            z = rng.standard_normal(TINY_SONG.latent).astype(np.float32)
            for index in range(4):
                drawn = draws(seed, index)[None]
                (found,) = decoder.decode_many(
                    z, NOTHING, state, drawn, Sampling(temperature=0.5), still=still
                )
                played.append(found.symbols)
                state = found.state(TUPLES_PER_PHRASE)
        longest[still] = max(stills(np.concatenate(played)))
    assert longest[LONG] <= LONG < longest[NEVER]


def test_what_nobody_turns_and_takes_of_before_are_played_as_they_were(
    decoder: SongDecoder,
) -> None:
    critic = SongCritic(decoder, CHECKPOINT.quantiles)
    stirs = replace(SAMPLING, stirs=True)
    waits = replace(SAMPLING, stirs=False)
    start, zero = critic.initial_state(1), np.zeros(TINY_SONG.latent, np.float32)
    z, mask = at(REGISTER, 2.0)
    hands = np.concatenate((mask, np.zeros(len(z) - len(mask), np.float32)))
    spelt = []
    for by, now in ((zero, stirs), (zero, waits), (hands, stirs), (hands, waits)):
        asked = replace(start, hands=by)
        found = [critic.decode(z, mask, asked, draws(5, i), now).symbols for i in range(4)]
        spelt.append(np.stack(found).tolist())
    assert spelt[0] == spelt[1]
    assert spelt[2] != spelt[3]
    assert not to_value({"temperature": 0.85, "candidates": 2}, Sampling).stirs
