"""Voices begin notes where they did some bars before, and have those they had."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.model.song.steering.barsago import BARS_AGO, mend_as_then, stood_then

BAR = 48
HOLDS = np.array([12, 12, 24] * 9)
"""Nine bars of three tuples each."""
TICKS = np.append(0, np.cumsum(HOLDS))


def then_at(now: int, ticks: np.ndarray = TICKS, bar: int = BAR) -> tuple[list[int], list[int]]:
    then, at = np.zeros(BARS_AGO.size, np.int64), np.zeros(BARS_AGO.size, np.int64)
    stood_then(ticks, now, bar, then, at)
    return then.tolist(), at.tolist()


def test_it_is_known_what_sounded_one_two_four_and_eight_bars_before() -> None:
    assert then_at(26) == ([23, 20, 14, 2], [1, 1, 1, 1])
    assert then_at(5) == ([2, -1, -1, -1], [1, 0, 0, 0])
    assert then_at(2) == ([-1] * 4, [0] * 4)


def test_what_sounded_need_not_have_begun_then() -> None:
    ticks = np.array([0, 12, 24, 60, 84])  # the third sounds from 24 to 60
    assert then_at(4, ticks) == ([2, -1, -1, -1], [0, 0, 0, 0])


def test_free_music_has_no_bars() -> None:
    assert then_at(26, bar=0) == ([-1] * 4, [0] * 4)


@pytest.mark.parametrize(("before", "last"), [(7, 9), (9, 9), (0, 0)])
def test_a_note_is_spoken_for_where_one_began_and_what_is_not_one_elsewhere(
    before: int, last: int
) -> None:
    symbols = np.zeros((6, 4), np.int64)
    symbols[1:4, 0] = before, 9, 9
    symbols[4, 0] = last
    nothing, begun = np.zeros((3, 4), np.float32), np.zeros((3, 4), np.float32)
    begun[0, 0] = 1.0
    then, at = np.array([2, -1, -1, -1]), np.array([1, 0, 0, 0])
    one = np.zeros(20, np.float32)
    mend_as_then(one, 0, symbols, 5, then, at, begun, nothing)
    began = before != 9
    for k in range(20):
        begins = k not in {0, last}
        assert one[k] == (1.0 if begins == began else 0.0)


def test_the_note_of_then_is_spoken_for_and_silence_never() -> None:
    symbols = np.zeros((6, 4), np.int64)
    symbols[1, 1], symbols[2, 1] = 4, 6
    had, nothing = np.zeros((3, 4), np.float32), np.zeros((3, 4), np.float32)
    had[1] = 1.0, 2.0, 4.0, 8.0
    one = np.zeros(10, np.float32)
    then, at = np.array([3, 2, 1, 2]), np.zeros(4, np.int64)
    mend_as_then(one, 1, symbols, 5, then, at, nothing, had)
    assert one[6] == 10.0
    assert one[4] == 4.0
    assert one.sum() == 14.0


def test_of_the_first_tuple_nobody_knows_whether_it_began() -> None:
    symbols, one = np.full((6, 4), 3), np.zeros(10, np.float32)
    much = np.ones((3, 4), np.float32)
    mend_as_then(one, 0, symbols, 5, np.array([0, -1, -1, -1]), np.ones(4, np.int64), much, much)
    assert not one.any()
