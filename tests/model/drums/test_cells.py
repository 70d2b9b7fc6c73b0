"""Music tick by tick: what begins, what sounds, bars and their numbers, and what a jump leaves."""

from __future__ import annotations

import numpy as np

from nesvae_live.model.drums.cells import (
    CELLS,
    HISTORY,
    NO_BAR,
    UNKNOWN,
    Cell,
    bar_of,
    continued,
    tuples_to_cells,
)
from nesvae_live.music.metre.place import FREE, place_of

TUPLES = ((60, 0, 40, 3), (60, 64, 40, 2), (62, 64, 0, 1))


def test_a_tuple_is_as_many_ticks_as_it_holds_and_begins_on_its_first() -> None:
    cells = tuples_to_cells(TUPLES, [place_of(i, 4) for i in (0, 3, 5)], (0, 0, 0), 0)
    assert cells.shape == (6, CELLS)
    assert cells[:, Cell.BEGINS].tolist() == [0b101, 0, 0, 0b010, 0, 0b001]
    assert cells[:, Cell.SOUNDS].tolist() == [0b101] * 3 + [0b111] * 2 + [0b011]
    assert set(cells[:, Cell.STROKE].tolist()) == {UNKNOWN}


def test_what_is_held_from_before_does_not_begin() -> None:
    cells = tuples_to_cells(TUPLES[:1], [1], (60, 0, 41), 0)
    assert cells[0, Cell.BEGINS] == 0b100


def test_bars_are_counted_at_their_lines_up_to_eight_and_again() -> None:
    tuples = [(60, 0, 40, 24)] * 20
    cells = tuples_to_cells(tuples, [place_of(24 * i, 4) for i in range(20)], (0, 0, 0), 6)
    assert cells[::48, Cell.BAR].tolist() == [6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
    assert cells[:, Cell.PLACE].tolist() == [place_of(t, 4) for t in range(480)]


def test_what_is_free_has_no_bar() -> None:
    cells = tuples_to_cells(TUPLES, [FREE] * 3, (0, 0, 0), 0)
    assert set(cells[:, Cell.BAR].tolist()) == {NO_BAR}
    assert bar_of(FREE, 100) == NO_BAR


def test_the_number_of_a_bar_follows_from_tick_and_place() -> None:
    assert bar_of(place_of(5, 4), 48 * 3 + 5) == 3
    assert bar_of(place_of(35, 3), 36 * 2 + 35) == 2
    assert bar_of(place_of(40, 4), -8) == -1, "before the first line"


def heard(
    first: int, ticks: int, beats: int = 4
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    cells = tuples_to_cells([(60, 0, 0, ticks)], [place_of(first, beats)], (0, 0, 0), 0)
    cells[:, Cell.STROKE] = 1
    return cells


def test_what_follows_in_the_bar_goes_on_from_all_that_was_heard() -> None:
    past = heard(0, 60)
    assert (continued(past, place_of(60, 4)) == past).all()
    assert len(continued(heard(0, HISTORY + 50), place_of(HISTORY + 50, 4))) == HISTORY


def test_after_a_jump_the_bar_is_filled_up_with_what_nobody_knows() -> None:
    past = heard(0, 60)
    found = continued(past, place_of(10, 4))
    assert len(found) == 60 + 46
    assert (found[:60] == past).all()
    assert found[60:, Cell.PLACE].tolist() == [place_of(60 + i, 4) for i in range(46)]
    assert set(found[60:, Cell.STROKE].tolist()) == {UNKNOWN}


def test_another_metre_or_none_forgets_what_was_heard() -> None:
    assert not len(continued(heard(0, 60), place_of(0, 3)))
    assert not len(continued(heard(0, 60), FREE))
    assert not len(continued(heard(0, 60)[:0], place_of(0, 4)))
