"""What choosing is made of: sums of layers, scores, chances and draws, and how knobs lean them.

As in `choosing`, into which this is compiled, numba goes on with what it compiled before until that file changes.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.performer.choosingtables import ChoosingTables
from nesvae_live.model.performer.notes import STEPS

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

TOGETHER = 4
"""So many hidden numbers of a pair are worked out at once."""


@njit(cache=True, nogil=True, fastmath=True)
def layer(w: F32, bias: F32, x: F32, out: F32, least: float) -> None:
    """`out = w @ x + bias`, but at least `least`."""
    for i in range(w.shape[0]):
        total = bias[i]
        for j in range(w.shape[1]):
            total += w[i, j] * x[j]
        out[i] = max(total, np.float32(least))


@njit(cache=True, nogil=True, fastmath=True)
def score_pairs(pair: F32, wanted: F32, score: F32, pairs: F32, n: int, out: F32) -> None:
    """How much each of `n` earlier notes is wanted; of each `pairs` `[numbers, WINDOW]` are read."""
    rows = np.zeros((TOGETHER, pairs.shape[1]), np.float32)
    a, b, c, d = rows[0], rows[1], rows[2], rows[3]
    for j in range(n):
        out[j] = 0.0
    whole = len(wanted) - len(wanted) % TOGETHER
    for k in range(0, whole, TOGETHER):  # what is read of a pair is fetched once for four
        for j in range(n):
            a[j], b[j], c[j], d[j] = wanted[k], wanted[k + 1], wanted[k + 2], wanted[k + 3]
        for f in range(pair.shape[1]):
            by_a, by_b, by_c, by_d = pair[k, f], pair[k + 1, f], pair[k + 2, f], pair[k + 3, f]
            for j in range(n):
                read = pairs[f, j]
                a[j] += by_a * read
                b[j] += by_b * read
                c[j] += by_c * read
                d[j] += by_d * read
        for i in range(TOGETHER):
            for j in range(n):
                out[j] += score[0, k + i] * max(rows[i, j], np.float32(0))
    for k in range(whole, len(wanted)):
        for j in range(n):
            a[j] = wanted[k]
            for f in range(pair.shape[1]):
                a[j] += pair[k, f] * pairs[f, j]
            out[j] += score[0, k] * max(a[j], np.float32(0))


@njit(cache=True, nogil=True)
def soften(logits: F32, more: F32, n: int, temperature: float, out: F32) -> None:
    """The chances of `n` logits, with `more` added; 0 leaves them as the network learnt them."""
    by = np.float32(1.0 / temperature) if temperature > 0.0 else np.float32(1.0)
    most, total = np.float32(-1e30), np.float32(0)
    for k in range(n):
        most = max(most, logits[k] + more[k])
    for k in range(n):
        out[k] = np.exp((logits[k] + more[k] - most) * by)
        total += out[k]
    for k in range(n):
        out[k] /= total


@njit(cache=True, nogil=True)
def drawn(chances: F32, n: int, draw: float) -> int:
    """Which of `n` chances a `draw` in 0..1 falls upon; the likeliest where that is 1."""
    best, left = 0, draw
    for k in range(n):
        left -= chances[k]
        if left < 0.0:
            return k
        if chances[k] > chances[best]:
            best = k
    return best


@njit(cache=True, nogil=True)
def agreeing(known: Bytes, first: int, n: int, chances: F32, ticks: int) -> int:
    """Which of `n` rows of `known` from `first` on agrees most with all, by chance, in its `ticks`."""
    steps = min(max(ticks, 1), STEPS)
    share = np.zeros((steps, 16), np.float32)
    for j in range(n):
        for s in range(steps):
            share[s, known[first + j, s]] += chances[j]
    best, most = 0, np.float32(-1)
    for j in range(n):
        total = np.float32(0)
        for s in range(steps):
            total += share[s, known[first + j, s]]
        if total > most or (total == most and chances[j] > chances[best]):
            best, most = j, total
    return best


LEVEL_WIDTH = 1.2
"""By how many levels a note may miss that of its accent."""


SUREST = -7.0
"""However sure the network is that nothing new comes, a knob that asks for it finds a chance of 1 in 1,100."""


@njit(cache=True, nogil=True)
def fold(gate: float, new: float, again: float) -> float:
    """The chance of a new patch whose `gate` is its logit, where both sides weigh so much more."""
    gate = max(gate, SUREST)
    fresh, copied = 1.0 / (1.0 + np.exp(-gate)), 1.0 / (1.0 + np.exp(gate))
    total = fresh * new + copied * again
    return fresh * new / total if total > 0.0 else 1.0


@njit(cache=True, nogil=True)
def lean(logits: F32, n: int, by: F32) -> float:
    """How much more the chances of `n` logits weigh, each more by so many nats."""
    most, total, leant = np.float32(-1e30), np.float32(0), np.float32(0)
    for k in range(n):
        most = max(most, logits[k])
    for k in range(n):
        weight = np.exp(logits[k] - most)
        total += weight
        leant += weight * np.exp(by[k])
    return float(leant / total)


@njit(cache=True, nogil=True)
def lean_kit(
    shapes: F32, level: F32, level_of: F32, by_shape: F32, by_level: F32, kit: F32, by_kit: F32
) -> None:
    """The kit's logits, each shape at each level, and the nats for each; `shapes` are its chances."""
    levels, n = np.zeros(15, np.float32), len(by_level)
    for k in range(len(shapes)):
        soften(level, level_of[k], n, 1.0, levels)
        for j in range(n):
            kit[n * k + j] = np.log(shapes[k] * levels[j] + 1e-12)
            by_kit[n * k + j] = by_shape[k] + by_level[j]


@njit(cache=True, nogil=True)
def at_most(shapes: F32, by_shape: F32, by_level: F32) -> float:
    """More than `lean` says of the kit, whatever level each shape has; rounding is far less."""
    leant, loudest = 0.0, by_level.max()
    for k in range(len(shapes)):
        leant += shapes[k] * np.exp(by_shape[k])
    return float(np.exp(loudest) * (1.01 * leant + 1e-8))


@njit(cache=True, nogil=True)
def weigh_patches(
    hidden: F32,
    t: ChoosingTables,
    target: float,
    levelled: bool,
    none: F32,
    shape: F32,
    level: F32,
    shapes: F32,
    by_level: F32,
) -> None:
    """What speaks for each shape and level of a new patch, and the nats by which levels lean."""
    layer(t.to_shape, t.to_shape_bias, hidden, shape, -1e30)
    layer(t.to_level, t.to_level_bias, hidden, level, -1e30)
    soften(shape, none, len(shape), 1.0, shapes)
    for k in range(15):
        off = (k + 1 - target) / LEVEL_WIDTH
        by_level[k] = -0.5 * off * off if levelled else 0.0


@njit(cache=True, nogil=True)
def lean_pairs(
    side: int,
    patches: Ints,
    first: int,
    m: int,
    by_shape: F32,
    by_level: F32,
    by_duty: F32,
    by_pair: F32,
) -> None:
    """By how many nats each of `m` earlier notes leans, as its patch does."""
    for j in range(m):
        p = patches[first + j]
        by_pair[j] = by_shape[p[0]] + by_level[p[1] - 1] if side == 0 else by_duty[p[2]]


@njit(cache=True, nogil=True)
def choose_patch(
    hidden: F32,
    t: ChoosingTables,
    volumes: Bytes,
    draw: F32,
    temperature: float,
    ticks: int,
    none: F32,
    shape: F32,
    level: F32,
    shapes: F32,
    levels: F32,
    chances: F32,
) -> int:
    """A new patch, where nothing leans: its row of `volumes`."""
    n_shapes = len(shape)
    layer(t.to_shape, t.to_shape_bias, hidden, shape, -1e30)
    layer(t.to_level, t.to_level_bias, hidden, level, -1e30)
    soften(shape, none, n_shapes, temperature, shapes)
    if temperature > 0.0:
        s = drawn(shapes, n_shapes, draw[4])
        soften(level, t.level_of[s], 15, temperature, levels)
        return int(15 * s + drawn(levels, 15, draw[5]))
    for k in range(n_shapes):
        soften(level, t.level_of[k], 15, 0.0, levels)
        for j in range(15):
            chances[15 * k + j] = shapes[k] * levels[j]
    return int(agreeing(volumes, 0, 15 * n_shapes, chances, ticks))
