"""Which places of the past are like the one that the music has come to, by comparing integers.

For each earlier tuple there is a run: how many tuples up to it agree with those up to the last
one, up to a longest. A tuple later each run is the one before it plus one, or 0.

A run keeps its place in an array by how many tuples ago it began: there the next one is counted on. What is
compared lies the last tuple first, so that both are read in one direction.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
SAME, RHYTHM, MOVED = 0, 1, 2
"""Rows of marks and runs: exactly, in the hold alone, moved by an interval."""
WHERE = 3
"""The row of marks that says at which place of the bar a tuple begins."""
APART = 128
"""Added to intervals, so that they aren't taken for what says whether a voice is silent."""


@njit(nogil=True, cache=True)
def mark(symbols: I64, places: I64, n: int, marks: I32) -> None:
    """Tuple `n - 1` of `[W, 4]` was spelt: `marks` `[4, W]` has what it is compared by, tuple 0 at the end.

    Tuples agree whose marks are equal: the symbols; the hold; the hold and each voice's interval, or if it
    begins, ends or is silent. The first tuple of all has none of these.
    """
    s = n - 1
    same = moved = symbols[s, 3]
    for voice in range(3):
        now, before = symbols[s, voice], symbols[s - 1, voice] if s > 0 else 0
        same = 128 * same + now
        if now > 0 and before > 0:
            moved = 256 * moved + APART + now - before
        else:
            moved = 256 * moved + 2 * int(before > 0) + int(now > 0)
    at = marks.shape[1] - n
    marks[SAME, at], marks[RHYTHM, at] = same, symbols[s, 3]
    marks[MOVED, at] = moved if s > 0 else -1
    marks[WHERE, at] = places[s]


@njit(nogil=True, cache=True)
def update_runs(marks: I32, n: int, longest: int, runs: I32) -> None:
    """Go on by tuple `n - 1`: afterwards `runs` `[3, W + 1]` are those of the first `n` tuples.

    The run up to tuple s is at `n - 1 - s`; those of tuples that there aren't are 0.
    """
    for kind in range(3):
        theirs, run = marks[kind, marks.shape[1] - n :], runs[kind]
        mine = theirs[0]
        for ago in range(1, n):
            more = min(run[ago] + 1, longest)
            run[ago] = more if theirs[ago] == mine else 0


@njit(nogil=True, cache=True)
def start_runs(symbols: I64, places: I64, n: int, longest: int, marks: I32, runs: I32) -> None:
    """The marks and runs of the first `n` tuples, for N candidates with one past.

    Args:
        symbols: `[W, 4]`, the past.
        places: `[W]`, of the past.
        n: how many were played.
        longest: no run is longer.
        marks: `[N, 4, W]` is filled.
        runs: `[N, 3, W + 1]` is filled; it is 0.
    """
    for k in range(n):
        mark(symbols, places, k + 1, marks[0])
    for k in range(max(n - longest, 0) + 1, n + 1):
        update_runs(marks[0], k, longest, runs[0])
    for c in range(1, runs.shape[0]):
        marks[c] = marks[0]
        runs[c] = runs[0]


@njit(nogil=True, cache=True)
def most_alike(
    runs: I32, marks: I32, n: int, place: int, wanted: int, level: I32, found: I64
) -> int:
    """Choose the places that tuple `n` is most like, the last one first.

    Args:
        runs: `[3, W + 1]`.
        marks: `[4, W]`.
        n: how many were played.
        place: where in the bar tuple `n` begins, -1 if it lies in none.
        wanted: a place that is chosen in any case, -1 if there is none.
        level: `[W + 1]`, scratch: how much alike they are.
        found: `[K, >= 1]`, whose first column is filled.

    Returns:
        How many there are, at most K.
    """
    most = found.shape[0]
    same, rhythm, moved = runs[SAME], runs[RHYTHM], runs[MOVED]
    places = marks[WHERE, marks.shape[1] - n :]
    highest = 0
    for i in range(n):
        ago = i + 1
        level[ago] = 2 * same[ago] + moved[ago] + rhythm[ago] + (2 if places[i] == place else 0)
        highest = max(highest, level[ago])
    if wanted >= 0:
        highest += 1
        level[n - wanted] = highest
    lowest = 0  # the highest of which there are enough, in the end
    while lowest < highest:
        middle = (lowest + highest + 1) // 2
        if _count(level, n, middle) >= most:
            lowest = middle
        else:
            highest = middle - 1
    room = most - _count(level, n, lowest + 1)
    k = 0
    for ago in range(1, n + 1):
        if level[ago] < lowest or (level[ago] == lowest and room == 0):
            continue
        if level[ago] == lowest:
            room -= 1
        found[k, 0] = n - ago
        k += 1
        if k == most:
            break
    return k


@njit(nogil=True, cache=True)
def _count(level: I32, n: int, least: int) -> int:
    """How many of places 1 to `n` are so much alike at least."""
    count = 0
    for ago in range(1, n + 1):
        count += level[ago] >= least
    return count
