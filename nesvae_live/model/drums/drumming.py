"""The drummer's arithmetic without torch or the GIL: which ticks are struck, and how."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.drums.cells import LINES, NO_STROKE, Cell
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.reading import (
    FILL_ROW,
    FILLED,
    FILLS,
    FIRST_LAG_ROW,
    LAGS,
    N_DENSE,
    PLAIN,
    TABLES,
    count_kinds,
    read_tick,
    table_rows,
)
from nesvae_live.music.metre.place import FREE

Bytes = NDArray[np.uint8]
F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

PLACE, STROKE = int(Cell.PLACE), int(Cell.STROKE)

FILL_GUIDANCE = 2.0
"""By how much a fill that is asked for differs from a plain bar, in what the network says of both."""

OTHERS_SPREAD = 2.0
"""The kind in place of one that is varied is drawn by the root of its chance."""


class DrumTables(NamedTuple):
    """The weights; `rows` has all tables, of which each begins at `firsts`; matrices are `[out, in]`."""

    rows: F32
    firsts: Ints
    read: F32
    read_bias: F32
    think: F32
    think_bias: F32
    stroke: F32
    stroke_bias: F32
    lag: F32
    lag_bias: F32
    used: F32
    used_bias: F32


def drum_tables(weights: Weights, config: DrumConfig) -> DrumTables:
    """The weights in the order in which the compiled function wants them."""
    found = {
        name: np.ascontiguousarray(
            weights[f"{name[:-5]}.bias" if name.endswith("_bias") else f"{name}.weight"], np.float32
        )
        for name in DrumTables._fields
        if name != "firsts"
    }
    firsts = np.cumsum((0, *table_rows(config.kinds)[:-1])).astype(np.int64)
    return DrumTables(firsts=firsts, **found)


@njit(cache=True, nogil=True, fastmath=True)
def _layer(w: F32, bias: F32, x: F32, out: F32) -> None:
    """`out = w @ x + bias`."""
    for i in range(w.shape[0]):
        total = bias[i]
        for j in range(w.shape[1]):
            total += w[i, j] * x[j]
        out[i] = total


@njit(cache=True, nogil=True)
def _weigh(
    rows: Ints,
    dense: F32,
    counts: F32,
    t: DrumTables,
    one: F32,
    hidden: F32,
    by: F32,
    used: F32,
    logits: F32,
) -> None:
    """The logits of a tick that was read; `one`, `hidden`, `by` and `used` are room to work in."""
    _layer(t.read, t.read_bias, dense, one)
    for k in range(TABLES):
        row = t.rows[t.firsts[k] + rows[k]]
        for j in range(len(one)):
            one[j] += row[j]
    for j in range(len(one)):
        one[j] = max(one[j], np.float32(0))
    _layer(t.think, t.think_bias, one, hidden)
    for j in range(len(hidden)):
        hidden[j] = max(hidden[j], np.float32(0))
    _layer(t.stroke, t.stroke_bias, hidden, logits)
    _layer(t.lag, t.lag_bias, hidden, by)
    _layer(t.used, t.used_bias, hidden, used)
    for k in range(len(counts)):
        logits[k + 1] += used[0] * counts[k]
    for k in range(LAGS):
        if rows[FIRST_LAG_ROW + k] <= len(counts):
            logits[rows[FIRST_LAG_ROW + k]] += by[k]


@njit(cache=True, nogil=True)
def _another(logits: F32, struck: int, draw: float) -> int:
    """Another kind than that which is struck, one that is likely there, by a draw in 0..1."""
    most, total = np.float32(-1e30), np.float32(0)
    for k in range(1, len(logits)):
        if k != struck:
            most = max(most, logits[k])
    for k in range(1, len(logits)):
        if k != struck:
            total += np.exp((logits[k] - most) / OTHERS_SPREAD)
    left = draw * total
    for k in range(1, len(logits)):
        if k != struck:
            left -= np.exp((logits[k] - most) / OTHERS_SPREAD)
            if left < 0.0:
                return k
    return struck


@njit(cache=True, nogil=True)
def play_ticks(
    cells: Bytes,
    start: int,
    begin: int,
    fills: Bytes,
    cell: int,
    draws: F32,
    calm: float,
    least: float,
    vary: float,
    varied: F32,
    t: DrumTables,
    heard: Bytes,
    extra: Bytes,
    logits: F32,
) -> None:
    """Choose the strokes of the ticks from `start` on, one after the other.

    Args:
        cells: `[n, CELLS]`; those from `start` on get their strokes.
        start: the first tick that is played.
        begin: the first tick that is known.
        fills: `[n - start]` whether each tick's bar is to end with a fill.
        cell: strokes may begin on every so many ticks of the bar.
        draws: `[n - start]` in 0..1.
        calm: nats by which a tick without a stroke is the likelier.
        least: what has a smaller chance is never played, what has a greater one than 1 less that always.
        vary: so many strokes are heard as another kind, the pattern that is remembered being as it was.
        varied: `[n - start]` in 0..1: which.
        t: the weights.
        heard: `[n - start]` gets the kinds that are heard.
        extra: `[n - start]` gets the kind that each tick would be struck with, if it were.
        logits: `[kinds + 1]` gets those of the last tick.
    """
    kinds = len(t.stroke_bias) - 1
    rows, dense = np.zeros(TABLES, np.int64), np.zeros(N_DENSE, np.float32)
    hidden, one = np.zeros(len(t.think), np.float32), np.zeros(len(t.read), np.float32)
    plain = np.zeros(kinds + 1, np.float32)
    counts, by, used = (
        np.zeros(kinds, np.float32),
        np.zeros(LAGS, np.float32),
        np.zeros(1, np.float32),
    )
    for i in range(start, len(cells)):
        read_tick(cells, i, begin, fills[i - start], kinds, rows, dense)
        count_kinds(cells, i, begin, counts)
        _weigh(rows, dense, counts, t, one, hidden, by, used, logits)
        if rows[FILL_ROW] == FILLED + FILLS:
            rows[FILL_ROW] = PLAIN + FILLS
            _weigh(rows, dense, counts, t, one, hidden, by, used, plain)
            for k in range(kinds + 1):
                logits[k] = plain[k] + FILL_GUIDANCE * (logits[k] - plain[k])
        best = 1
        for k in range(2, kinds + 1):
            if logits[k] > logits[best]:
                best = k
        extra[i - start] = best
        place = cells[i, PLACE]
        if cell > 1 and place != FREE and (place - LINES[place]) % cell != 0:
            cells[i, STROKE] = heard[i - start] = NO_STROKE
            continue
        strike = np.float32(0)  # all kinds' weights beside the likeliest kind's
        for k in range(1, kinds + 1):
            strike += np.exp(logits[k] - logits[best])
        chance = 1.0 / (1.0 + np.exp(logits[0] + calm - logits[best]) / strike)
        chance = 0.0 if chance < least else 1.0 if chance > 1.0 - least else chance
        draw = draws[i - start]
        cells[i, STROKE] = heard[i - start] = NO_STROKE
        if draw >= chance:
            continue
        total = np.float32(0)
        for k in range(1, kinds + 1):
            share = np.exp(logits[k] - logits[best])
            total += share if share >= least else np.float32(0)
        left = draw / chance * total
        cells[i, STROKE] = best
        for k in range(1, kinds + 1):
            share = np.exp(logits[k] - logits[best])
            left -= share if share >= least else np.float32(0)
            if left < 0.0:
                cells[i, STROKE] = k
                break
        struck = cells[i, STROKE]
        heard[i - start] = struck
        if varied[i - start] < vary:
            heard[i - start] = _another(logits, struck, varied[i - start] / vary)
