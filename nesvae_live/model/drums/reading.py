"""What the drummer reads of a tick: compiled, and the same in training and in the live process."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.drums.cells import (
    BARS,
    HISTORY,
    LENGTHS,
    LINES,
    NO_STROKE,
    UNKNOWN,
    Cell,
)
from nesvae_live.music.metre.place import FREE, N_PLACES

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

BAR_LAGS = (1, 2, 4, 8)
BEAT_LAGS = (12, 24)
LAGS = len(BAR_LAGS) + len(BEAT_LAGS)
"""Bars, and ticks, back at which a tick is looked for that may come again."""
LAG_BARS, LAG_TICKS = np.array(BAR_LAGS, np.int64), np.array(BEAT_LAGS, np.int64)

SINCE = 26
"""Ticks since the last stroke are told up to one less; the last row is: never."""
FILLS = 3
"""Whether a bar's second half is a fill: unknown, no, yes."""
NOT_SAID, PLAIN, FILLED = range(FILLS)

PLACE_ROW, SINCE_ROW, LAST_ROW, BEFORE_ROW, BAR_ROW, FILL_ROW, FIRST_LAG_ROW = range(7)
TABLES = FIRST_LAG_ROW + LAGS
"""Numbers that are each a row of a table of weights."""
PER_LAG = 8
N_DENSE = PER_LAG * LAGS + 13
"""Numbers that are read besides."""
NEVER = -1

SHORT, LONG = 12, 48
"""Ticks over which a lag is judged by how well it has held so far."""
PLACE, STROKE = int(Cell.PLACE), int(Cell.STROKE)
BEGINS, SOUNDS, BAR = int(Cell.BEGINS), int(Cell.SOUNDS), int(Cell.BAR)


def table_rows(kinds: int) -> tuple[int, ...]:
    """How many rows each table has, for a kit of so many kinds."""
    strokes = kinds + 2  # none, the kinds, unknown
    return (N_PLACES, SINCE, strokes, strokes, BARS + 1, 2 * FILLS, *((strokes,) * LAGS))


@njit(cache=True, nogil=True)
def lag_ticks(cells: Bytes, t: int, which: int) -> int:
    """The ticks of a lag at tick `t`; 0 where the metre is free."""
    bar = int(LENGTHS[cells[t, PLACE]])
    if which < len(LAG_BARS):
        return int(LAG_BARS[which]) * bar
    return int(LAG_TICKS[which - len(LAG_BARS)]) if bar > 0 else 0


@njit(cache=True, nogil=True)
def lag_source(cells: Bytes, t: int, begin: int, which: int) -> int:
    """The tick that a lag points to from `t`, or `NEVER`: before `begin`, or its stroke is unknown."""
    lag = int(lag_ticks(cells, t, which))
    at = t - lag
    if lag == 0 or at < begin or cells[at, STROKE] == UNKNOWN:
        return NEVER
    return at


@njit(cache=True, nogil=True)
def read_tick(
    cells: Bytes, t: int, begin: int, fill: int, kinds: int, rows: Ints, dense: F32
) -> None:
    """Read tick `t`, of which all but the stroke is known, and of the ticks before it from `begin` on.

    Args:
        cells: `[n, CELLS]`, of the tick and those before it.
        t: the tick.
        begin: the first tick that is known.
        fill: whether the second half of its bar is to be a fill (see `FILLS`).
        kinds: how many there are.
        rows: `[TABLES]` gets a row of each table.
        dense: `[N_DENSE]` gets the rest.
    """
    place = cells[t, PLACE]
    bar = LENGTHS[place]
    rows[PLACE_ROW] = place
    rows[BAR_ROW] = cells[t, BAR]
    late = 1 if bar > 0 and 2 * (place - LINES[place]) >= bar else 0
    rows[FILL_ROW] = fill + FILLS * late
    first = max(begin, t - HISTORY)
    last, before, at = -1, -1, -1
    for i in range(t - 1, first - 1, -1):
        stroke = cells[i, STROKE]
        if stroke == UNKNOWN:
            break
        if stroke != NO_STROKE:
            if last < 0:
                last, at = stroke, i
            else:
                before = stroke
                break
    rows[SINCE_ROW] = min(t - at, SINCE - 2) if last >= 0 else SINCE - 1
    rows[LAST_ROW] = last if last >= 0 else kinds + 1
    rows[BEFORE_ROW] = before if before >= 0 else kinds + 1
    begins, sounds = cells[t, BEGINS], cells[t, SOUNDS]
    f = 0
    for voice in range(3):
        dense[f] = begins >> voice & 1
        dense[f + 1] = sounds >> voice & 1
        dense[f + 2] = cells[t - 1, BEGINS] >> voice & 1 if t > first else 0
        f += 3
    dense[f] = begins != 0
    count = 0
    for i in range(max(first, t - LONG), t):
        count += cells[i, STROKE] not in (NO_STROKE, UNKNOWN)
    dense[f + 1] = count / 16.0
    dense[f + 2] = np.log2(t - first + 1.0) / 8.0
    dense[f + 3] = place == FREE
    f += 4
    for lag in range(LAGS):
        source = lag_source(cells, t, begin, lag)
        dense[f : f + PER_LAG] = 0.0
        if source == NEVER:
            rows[FIRST_LAG_ROW + lag] = kinds + 1
            f += PER_LAG
            continue
        rows[FIRST_LAG_ROW + lag] = cells[source, STROKE]
        short = whole = said = 0
        same = of = 0
        for back in range(1, LONG + 1):
            i, j = t - back, source - back
            if j < begin:
                break
            a, b = cells[i, STROKE], cells[j, STROKE]
            if UNKNOWN in (a, b):
                break
            if a != NO_STROKE or b != NO_STROKE:
                said += 1
                whole += a == b
                if back <= SHORT:
                    short += 1 if a == b else -1
            if cells[i, BEGINS] != 0 or cells[j, BEGINS] != 0:
                of += 1
                same += cells[i, BEGINS] == cells[j, BEGINS]
        dense[f] = 1.0
        dense[f + 1] = whole / said if said > 0 else 0.5
        dense[f + 2] = min(said, 16) / 16.0
        dense[f + 3] = min(max(short, -4), 4) / 4.0
        dense[f + 4] = same / of if of > 0 else 0.5
        dense[f + 5] = cells[source, BEGINS] == begins
        dense[f + 6] = (
            cells[source - 1, STROKE] not in (NO_STROKE, UNKNOWN) if source > begin else 0
        )
        after = cells[source + 1, STROKE] if source + 1 < t else NO_STROKE
        dense[f + 7] = after not in (NO_STROKE, UNKNOWN)
        f += PER_LAG


@njit(cache=True, nogil=True)
def count_kinds(cells: Bytes, t: int, begin: int, counts: F32) -> None:
    """`[kinds]`: how often each kind was struck before `t`, as far back as is looked."""
    counts[:] = 0.0
    for i in range(max(begin, t - HISTORY), t):
        stroke = cells[i, STROKE]
        if stroke not in (NO_STROKE, UNKNOWN):
            counts[stroke - 1] += 1.0
    for k in range(len(counts)):
        counts[k] = np.log2(counts[k] + 1.0)
