"""Music tick by tick, as the drummer sees it: a row of small numbers for each tick.

A tick is 1/12 of a beat; where the metre is free, a step of 1/24 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.place import FREE, N_PLACES, advance, bar_line, bar_ticks
from nesvae_live.music.phrase import N_VOICES
from nesvae_live.music.voices import SILENCE

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

HISTORY = 9 * 48
"""So many ticks back are looked at: eight bars of four, and one more to compare them by."""
NO_STROKE, UNKNOWN = 0, 255
"""In the column of strokes: none, and nobody knows; between them are the kinds, from 1 on."""
BARS = 8
"""Bars are counted up to so many, and again; `BARS` itself is no bar."""
NO_BAR = BARS


class Cell(IntEnum):
    """What stands in which column of a tick's row."""

    PLACE = 0
    """Where in the bar it is (`metre.place`)."""
    STROKE = 1
    """The kind of the stroke that begins there, `NO_STROKE` or `UNKNOWN`."""
    BEGINS = 2
    """Bit by bit, which of P1, P2 and TR begin a note."""
    SOUNDS = 3
    """Bit by bit, which of them sound."""
    BAR = 4
    """The number of the bar, from 0 to 7 and again; 8 where there is none."""


CELLS = len(Cell)
LENGTHS = np.array([bar_ticks(place) for place in range(N_PLACES)], np.int64)
"""Ticks of the bar of each place; 0 where it is free."""
LINES = np.array([bar_line(place) for place in range(N_PLACES)], np.int64)
"""The place of the bar's line; -1 where it is free."""


def tuples_to_cells(
    tuples: Sequence[tuple[int, int, int, int]] | Ints,
    places: Sequence[int] | Ints,
    before: tuple[int, int, int],
    bar: int,
) -> Bytes:
    """`[T, CELLS]` of tuples; no stroke is known yet.

    Args:
        tuples: the notes of P1, P2 and TR, and for how many ticks they hold.
        places: where in the bar each begins.
        before: what the voices hold until then.
        bar: the number of the bar in which the first begins; those after it are counted.
    """
    rows: list[tuple[int, ...]] = []
    held = before
    for (p1, p2, tr, ticks), first in zip(tuples, places, strict=True):
        notes = (int(p1), int(p2), int(tr))
        begins = sum((notes[v] not in (SILENCE, held[v])) << v for v in range(N_VOICES))
        sounds = sum((notes[v] != SILENCE) << v for v in range(N_VOICES))
        place = int(first)
        for i in range(int(ticks)):
            if rows and place != FREE and place == LINES[place]:
                bar += 1
            number = NO_BAR if place == FREE else bar % BARS
            rows.append((place, UNKNOWN, begins if i == 0 else 0, sounds, number))
            place = advance(place, 1)
        held = notes
    return np.array(rows, np.uint8).reshape(-1, CELLS)


def bar_of(place: int, tick: int) -> int:
    """The number of the bar of what lies at `place` on `tick`, counted from the first bar's line."""
    if place == FREE:
        return NO_BAR
    return (tick - (place - int(LINES[place]))) // int(LENGTHS[place])


def continued(past: Bytes, place: int) -> Bytes:
    """`[<= HISTORY, CELLS]`: what was heard, put so that what follows may begin at `place`.

    After a jump to elsewhere in the bar, ticks are put between of which nothing is known; what is of
    another metre, or free, is forgotten.
    """
    past = past[-HISTORY:]
    if not len(past):
        return past
    last = int(past[-1, Cell.PLACE])
    if (last == FREE) != (place == FREE) or LENGTHS[last] != LENGTHS[place]:
        return past[:0]
    gap = 0 if place == FREE else (place - advance(last, 1)) % int(LENGTHS[place])
    if gap == 0:
        return past
    between = np.zeros((gap, CELLS), np.uint8)
    between[:, Cell.STROKE] = UNKNOWN
    between[:, Cell.PLACE] = [advance(last, 1 + i) for i in range(gap)]
    between[:, Cell.BAR] = NO_BAR
    return np.concatenate((past, between))[-HISTORY:]
