"""The auto mode for long: it stays music, with the checkpoint that ships."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.auto import longest, measure_stretch, repeated, stretches, wander
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints
from nesvae_live.paths import find_checkpoint

MINUTE = 60.0
# What the minutes of real songs do (docs/model.md), with room: silence up to a quarter of a minute
# and 10 s at once, 38 different notes and more, 84 % and more within a scale.
QUIETEST, LONGEST_REST, FEWEST_NOTES, LEAST_DIATONIC = 0.7, 25.0, 10.0, 0.7


def assert_music(minutes: list[Ints]) -> None:
    for number, minute in enumerate(minutes, 1):
        found = measure_stretch(minute)
        assert found["silence"] < QUIETEST, f"minute {number}"
        assert found["longest_standstill_seconds"] < LONGEST_REST, f"minute {number}"
        assert found["notes_used"] >= FEWEST_NOTES, f"minute {number}"
        assert found["diatonic"] > LEAST_DIATONIC, f"minute {number}: noise"
        assert found["phrases_again"] < 0.2, f"minute {number}: stuck"


def test_a_minute_of_the_auto_mode_is_music() -> None:
    music = wander(load_song_checkpoint(find_checkpoint()), MINUTE, seed=3)
    assert music[:, :, 3].sum() >= MINUTE * STEPS_PER_SECOND
    assert_music([music])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hours_of_the_auto_mode_are_music_and_the_last_is_like_the_first(seed: int) -> None:
    minutes = stretches(wander(load_song_checkpoint(find_checkpoint()), 180 * MINUTE, seed), MINUTE)
    assert len(minutes) >= 179
    assert_music(minutes)
    first, last = (
        np.mean([measure_stretch(minute)["onsets"] for minute in part])
        for part in (minutes[:60], minutes[-60:])
    )
    assert 0.5 < first / last < 2.0


def tuples(*rows: tuple[int, int, int, int]) -> Ints:
    return np.array([rows])


def test_silence_one_note_and_repetition_would_be_seen() -> None:
    still = measure_stretch(np.tile(tuples((60, 0, 0, 32)), (20, 13, 1)))
    assert still["longest_standstill_seconds"] == pytest.approx(20 * 13 * 32 / 24)
    assert still["notes_used"] == 1
    assert still["phrases_again"] == pytest.approx(0.95)
    rest = measure_stretch(np.tile(tuples((0, 0, 0, 12)), (2, 13, 1)))
    assert rest["silence"] == 1
    assert rest["longest_silence_seconds"] == 13
    with pytest.raises(AssertionError, match="minute 1"):
        assert_music([np.tile(tuples((60, 0, 0, 32)), (20, 13, 1))])


def test_what_was_there_before_is_counted_once_for_each_return() -> None:
    figure = np.array([(60 + i, 0, 0, 1) for i in range(8)])
    assert repeated(figure) == 0
    assert repeated(np.concatenate((figure, figure))) == pytest.approx(5 / 13)
    assert longest(np.array([False, True, True, False, True])) == 2
    assert longest(np.zeros(3, bool)) == 0
