"""Where in the bar a tuple begins: the tick of the bar and the metre, or that there is none.

A beat has 12 ticks, so that sixteenths, triplets and dotted notes are whole. A place is one number,
which is what the network sees: 0 is free, then the ticks of a bar of four, then those of a bar of
three.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.timing import EPSILON, Meter

TICKS_PER_BEAT = 12
FREE = 0
"""The place of music that has no sure metre."""
METRES = (4, 3)
"""Beats of the bars that there are."""

_FIRST = {4: 1, 3: 1 + 4 * TICKS_PER_BEAT}
N_PLACES = 1 + sum(METRES) * TICKS_PER_BEAT
"""How many places there are."""


def place_of(tick: int, beats_per_bar: int) -> int:
    """The place of a tick counted from a bar line.

    Raises:
        ValueError: there are no bars of so many beats.
    """
    if beats_per_bar not in METRES:
        raise ValueError(f"a bar has {' or '.join(map(str, METRES))} beats, not {beats_per_bar}")
    return _FIRST[beats_per_bar] + tick % (beats_per_bar * TICKS_PER_BEAT)


def beat_to_place(beat: float, meter: Meter) -> int:
    """The place of a beat of the clock, counted from a bar line: that of the tick nearest to it.

    In 4/4 and 3/4; the network knows no other metres, in which every place is free.
    """
    if meter.denominator != 4 or meter.numerator not in METRES:
        return FREE
    return place_of(round(meter.counted(beat) * TICKS_PER_BEAT), meter.numerator)


def next_tick(beat: float, cell: int = 1) -> float:
    """The first tick at or after a beat of the clock, in beats; of every `cell` ticks one counts."""
    return math.ceil((beat - EPSILON) * TICKS_PER_BEAT / cell) * cell / TICKS_PER_BEAT


def cell_ticks(quantise: int, meter: Meter) -> int:
    """Ticks of the cells of 1/4, 1/8, 1/16 or 1/32; 1 where they or bars of them are no whole number.

    A bar line is the line of a cell, so that these then lie on every so many ticks of the clock.
    """
    cell, bar = (
        round(beats * TICKS_PER_BEAT, 6) for beats in (4.0 / quantise, meter.beats_per_bar)
    )
    return int(cell) if cell == int(cell) and bar % cell == 0 else 1


def bar_ticks(place: int) -> int:
    """Ticks of the bar that a place lies in; 0 if it is free."""
    if place == FREE:
        return 0
    return TICKS_PER_BEAT * (4 if place < _FIRST[3] else 3)


def bar_line(place: int) -> int:
    """The place of the line of the bar that a place lies in; what is free has none: -1."""
    bar = bar_ticks(place)
    return _FIRST[bar // TICKS_PER_BEAT] if bar else -1


def advance(place: int, ticks: int) -> int:
    """The place so many ticks later; what is free stays free."""
    bar = bar_ticks(place)
    if bar == 0:
        return FREE
    first = _FIRST[bar // TICKS_PER_BEAT]
    return first + (place - first + ticks) % bar


def advance_table(longest: int) -> NDArray[np.int64]:
    """`[N_PLACES, longest + 1]`: the place so many ticks after each."""
    rows = [[advance(place, ticks) for ticks in range(longest + 1)] for place in range(N_PLACES)]
    return np.array(rows, np.int64)


def tick_of_bar(places: NDArray[np.integer]) -> NDArray[np.int64]:
    """`[...]` places to the tick of their bar, -1 where free."""
    three = places >= _FIRST[3]
    tick = places.astype(np.int64) - np.where(three, _FIRST[3], _FIRST[4])
    return np.where(places == FREE, -1, tick)
