"""The pointer for live use: which places of the past a tuple may be like, and what they say.

It is `pointer` without torch; which places they are says `alike`.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.alike import I32, most_alike
from nesvae_live.model.gru import F32
from nesvae_live.model.song.songconfig import AGES, BARS_BACK, LEAST

I64 = NDArray[np.int64]
B8 = NDArray[np.bool_]
WANTED = 20.0
"""What speaks for the tuple that is to come back now."""


@njit(nogil=True, cache=True)
def wanted_at(due: I64, tick: int) -> int:
    """Which of the first places of the past is due `[B]` at a tick; -1: none."""
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
    marks: I32,
    runs: I32,
    level: I32,
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
        marks: `[4, W]`, as of `mark`.
        runs: `[3, W + 1]`, as of `update_runs`.
        level: `[W + 1]`, scratch.
        bar: ticks of the bar that tuple `n` lies in, 0 if it is free.
        n_symbols: `[4]`.
        wanted: a place that is found in any case, -1 if there is none.
        found: `[K, 6]` is filled: which, the three lengths, the bars' and the age's bucket.
        values: `[8, K]` is filled: the 4 symbols that stood there, and moved into this key, or -1.

    Returns:
        How many there are, at most K.
    """
    n_found: int = most_alike(runs, marks, n, places[n] if bar > 0 else -1, wanted, level, found)
    for k in range(n_found):
        s = found[k, 0]
        for kind in range(3):
            found[k, 1 + kind] = runs[kind, n - s] if s > 0 else 0
        found[k, 4] = 0
        if bar > 0 and places[s] == places[n]:
            found[k, 4] = min((ticks[n] - ticks[s]) // bar, BARS_BACK) + 1
        age, distance = 0, n - s
        while distance > 1:
            distance >>= 1
            age += 1
        found[k, 5] = min(age, AGES - 1)
        for slot in range(4):
            values[slot, k] = symbols[s, slot]
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
            values[4 + voice, k] = moved
        values[7, k] = symbols[s, 3]
    return n_found


@njit(nogil=True, cache=True, fastmath=True)
def softmax(x: F32) -> None:
    """Logits `[N]` become probabilities."""
    highest = x[0]
    for i in range(1, x.shape[0]):
        highest = max(highest, x[i])
    total = np.float32(0)
    for i in range(x.shape[0]):
        x[i] = np.exp(x[i] - highest)
        total += x[i]
    for i in range(x.shape[0]):
        x[i] /= total


@njit(nogil=True, cache=True, fastmath=True)
def weigh(
    query: F32,
    past: F32,
    keys: F32,
    found: I64,
    n: int,
    same: F32,
    rhythm: F32,
    moved: F32,
    bars: F32,
    age: F32,
    aligned: np.float32,
    wanted: int,
    scores: F32,
) -> None:
    """What speaks for each of `n` candidates: `scores` `[2, K]`, from `query` `[2 keys]`.

    `past` `[P, keys]` is of the tuples before those that are spelt now, `keys` `[T, keys]` of these.
    `same`, `rhythm`, `moved`, `bars` and `age` are the pointer's tables; `aligned` is added where a
    candidate lies at the same place of the bar. Nothing speaks as loudly as being the one that is
    `wanted` back (-1: none is).
    """
    size, played = keys.shape[1], past.shape[0]
    scale = np.float32(1.0) / np.sqrt(np.float32(size))
    for way in range(2):
        for k in range(n):
            where, first = found[k, 0], way * size
            key = past[where] if where < played else keys[where - played]
            product = np.float32(0)
            for i in range(size):
                product += query[first + i] * key[i]
            total = product * scale + same[way, found[k, 1]]
            total += rhythm[way, found[k, 2]] + moved[way, found[k, 3]]
            total += bars[way, found[k, 4]] + age[way, found[k, 5]]
            if found[k, 4] > 0:
                total += aligned
            if where == wanted:
                total += np.float32(WANTED)
            scores[way, k] = total


@njit(nogil=True, cache=True, fastmath=True)
def fade(disagree: F32, slot: int, symbol: int, values: I64, n: int, scores: F32) -> None:
    """Candidates that disagree with a slot's symbol lose."""
    for way in range(2):
        loss, theirs = disagree[way, slot], values[4 * way + slot]
        for k in range(n):
            scores[way, k] -= loss if theirs[k] != symbol else np.float32(0)


@njit(nogil=True, cache=True, fastmath=True)
def quote(
    p: F32, gates: F32, slot: int, scores: F32, values: I64, n: int, fits: B8, weights: F32
) -> None:
    """Logits to log-probabilities with what the candidates say; `weights` `[2, K]` is scratch.

    What a candidate has that doesn't fit (`fits` `[K]`) falls to the network itself.
    """
    softmax(p)
    if n > 0:
        own = gates[3 * slot]
        for way in range(2):
            for k in range(n):
                weights[way, k] = scores[way, k]
            softmax(weights[way, :n])
            for k in range(n):
                if not fits[k]:
                    own += gates[3 * slot + 1 + way] * weights[way, k]
        for i in range(p.shape[0]):
            p[i] *= own
        for way in range(2):
            for k in range(n):
                symbol = values[4 * way + slot, k]
                if symbol >= 0 and fits[k]:
                    p[symbol] += gates[3 * slot + 1 + way] * weights[way, k]
    for i in range(p.shape[0]):
        p[i] = np.log(max(p[i], np.float32(LEAST)))


@njit(nogil=True, cache=True, fastmath=True)
def open_gates(
    best_same: F32,
    best_moved: F32,
    odds: np.float32,
    led: F32,
    wanted: int,
    found: I64,
    n: int,
    gates: F32,
) -> None:
    """How much each slot takes from the network, copies and shifts, from `gates` `[12]` logits."""
    same, moved = 0, 0
    for k in range(n):
        same, moved = max(same, found[k, 1]), max(moved, found[k, 3])
    for slot in range(4):
        copy_odds, shift_odds = odds, odds
        if wanted >= 0:  # what is due comes back as it was
            copy_odds, shift_odds = led[slot], min(odds, -abs(led[slot]))
        for way in range(3):
            at = 3 * slot + way
            gates[at] += best_same[same, at] + best_moved[moved, at]
            if way == 1:
                gates[at] += copy_odds
            elif way == 2:
                gates[at] += shift_odds
        softmax(gates[3 * slot : 3 * slot + 3])
