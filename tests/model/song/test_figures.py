"""Lines go on as they did before from the same moves, in any key, and the rhythm from the same holds."""

from __future__ import annotations

import numpy as np

from nesvae_live.model.song.steering.figures import (
    LINES,
    LONGEST_FIGURE,
    LOOKED_BACK,
    mend_figure,
    start_lines,
    step_then,
    went_on,
)


def lines_of(symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps = np.zeros((2, LINES, len(symbols)), np.int64)
    counts, last = np.zeros((2, LINES), np.int64), np.zeros((2, 3), np.int64)
    start_lines(symbols, steps, counts, last)
    return steps, counts, last


def test_a_line_is_the_moves_from_note_to_note_whatever_lies_between_and_all_holds() -> None:
    symbols = np.zeros((7, 4), np.int64)
    symbols[:, 0] = 5, 5, 7, 0, 7, 4, 4  # 5 is held, 7 comes again after a rest
    symbols[:, 3] = 1, 2, 3, 4, 5, 6, 7
    steps, counts, last = lines_of(symbols)
    assert counts[0].tolist() == [3, 0, 0, 7]
    assert steps[0, 0, :3].tolist() == [2, 0, -3]
    assert steps[0, 3].tolist() == symbols[:, 3].tolist()
    assert last[0].tolist() == [4, 0, 0]
    assert all(np.array_equal(both[0], both[1]) for both in (steps, counts, last))
    more, known, begun = steps[0].copy(), np.zeros(LINES, np.int64), np.zeros(3, np.int64)
    for at in range(7):
        step_then(symbols, at, more, known, begun)
    assert np.array_equal(more, steps[0])


def test_the_longest_figure_counts_and_of_those_the_latest() -> None:
    assert went_on(np.array([2, 2, 5, 1, 2, 2, 7, 9, 2, 2]), 10) == (2, 7)
    assert went_on(np.array([3, 2, 5, 1, 2, 7, 3, 2]), 8) == (2, 5)  # longer, if earlier
    assert went_on(np.array([1, 2, 3]), 3) == (0, 0)
    assert went_on(np.array([4]), 1) == (0, 0)
    even = np.full(30, 3)
    assert went_on(even, 30) == (LONGEST_FIGURE, 3)
    far = np.concatenate(([6, 7], np.zeros(LOOKED_BACK, np.int64), [6]))
    assert went_on(far, len(far)) == (0, 0)


def test_the_next_note_of_a_figure_is_spoken_for_in_another_key_if_there_is_one() -> None:
    line, table = np.array([2, 2, -4, 7, 2, 2]), np.arange(9, dtype=np.float32)
    one = np.zeros(40, np.float32)
    mend_figure(one, line, 6, 20, table)
    assert one[16] == 2.0
    assert one.sum() == 2.0
    mend_figure(one := np.zeros(40, np.float32), line, 6, 3, table)  # below the lowest
    mend_figure(one, line, 4, 20, table)  # no figure is known
    assert not one.any()
