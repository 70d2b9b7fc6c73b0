"""Which places of the past a tuple may be like, for live use: `pointer.candidates` in integers.

For each earlier tuple there is a run: how many tuples up to it agree with those up to the last
one, 0 to 8. A tuple later each run is the one before it plus one, or 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.song.songconfig import AGES, BARS_BACK, LONGEST_MATCH

I64 = NDArray[np.int64]
SAME, RHYTHM, MOVED = 0, 1, 2
"""Rows of the runs: exactly, in the hold alone, moved by an interval."""


@njit(nogil=True, cache=True)
def update_runs(symbols: I64, n: int, runs: I64) -> None:
    """Go on by tuple `n - 1`: afterwards `runs` `[3, W]` are those of the first `n` tuples."""
    last = n - 1
    for s in range(last - 1, -1, -1):
        hold = symbols[s, 3] == symbols[last, 3]
        same, moved = hold, hold and s > 0
        for voice in range(3):
            a, b = symbols[s, voice], symbols[last, voice]
            same = same and a == b
            if moved:
                c, d = symbols[s - 1, voice], symbols[last - 1, voice]
                if a > 0 and c > 0:
                    moved = b > 0 and d > 0 and a - c == b - d
                else:
                    moved = (a > 0) == (b > 0) and (c > 0) == (d > 0)
        for kind in range(3):
            agrees = same if kind == 0 else hold if kind == 1 else moved
            before = runs[kind, s - 1] if s > 0 else 0
            runs[kind, s] = min(before + 1, LONGEST_MATCH) if agrees else 0
    for kind in range(3):
        runs[kind, last] = 0


@njit(nogil=True, cache=True)
def start_runs(symbols: I64, n: int, runs: I64) -> None:
    """The runs of the first `n` tuples from nothing."""
    runs[:, :] = 0
    for k in range(max(n - LONGEST_MATCH, 0) + 1, n + 1):
        update_runs(symbols, k, runs)


@njit(nogil=True, cache=True)
def wanted_at(due: I64, tick: int) -> int:
    """Which of the places of the past is due `[W]` at a tick; -1: none."""
    for s in range(due.shape[0]):
        if due[s] == tick:
            return s
    return -1


@njit(nogil=True, cache=True)
def find_candidates(
    symbols: I64,
    places: I64,
    ticks: I64,
    n: int,
    runs: I64,
    bar: int,
    n_symbols: I64,
    wanted: int,
    found: I64,
    values: I64,
) -> int:
    """Choose the places that tuple `n` may be like.

    Args:
        symbols: `[W, 4]`, the first `n` were played.
        places: `[W]`, of tuple `n` too.
        ticks: `[W]`, of tuple `n` too.
        n: how many were played.
        runs: `[3, W]`.
        bar: ticks of the bar that tuple `n` lies in, 0 if it is free.
        n_symbols: `[4]`.
        wanted: a place that is found in any case, -1 if there is none.
        found: `[K, 6]` is filled: which, the three lengths, the bars' and the age's bucket.
        values: `[K, 8]` is filled: the 4 symbols that stood there, and moved into this key, or -1.

    Returns:
        How many there are, at most K.
    """
    most = found.shape[0]
    counts = np.zeros(4 * LONGEST_MATCH + 4, np.int64)
    worth = np.empty(n, np.int64)
    for s in range(n):
        level = 0
        if s > 0:
            level = 2 * runs[0, s - 1] + runs[2, s - 1] + runs[1, s - 1]
        if bar > 0 and places[s] == places[n]:
            level += 2
        if s == wanted:
            level = len(counts) - 1
        worth[s] = level
        counts[level] += 1
    left, lowest, partly = most, counts.shape[0], 0
    while lowest > 0 and left > 0:
        lowest -= 1
        partly = min(counts[lowest], left)
        left -= partly
    k = 0
    for s in range(n - 1, -1, -1):
        if worth[s] < lowest or (worth[s] == lowest and partly == 0):
            continue
        if worth[s] == lowest:
            partly -= 1
        found[k, 0] = s
        for kind in range(3):
            found[k, 1 + kind] = runs[kind, s - 1] if s > 0 else 0
        found[k, 4] = 0
        if bar > 0 and places[s] == places[n]:
            found[k, 4] = min((ticks[n] - ticks[s]) // bar, BARS_BACK) + 1
        age, distance = 0, n - s
        while distance > 1:
            distance >>= 1
            age += 1
        found[k, 5] = min(age, AGES - 1)
        for slot in range(4):
            values[k, slot] = symbols[s, slot]
        for voice in range(3):
            then, was = symbols[s, voice], symbols[s - 1, voice] if s > 0 else 0
            now = symbols[n - 1, voice]
            moved = -1
            if then > 0 and was > 0 and now > 0:
                note = then + now - was
                if 0 < note < n_symbols[voice]:
                    moved = note
            elif then == 0 and (was > 0) == (now > 0):
                moved = 0
            values[k, 4 + voice] = moved
        values[k, 7] = symbols[s, 3]
        k += 1
        if k == most:
            break
    return k
