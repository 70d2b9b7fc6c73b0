"""The performer's arithmetic without torch or the GIL: which patch each note is played with.

Numba keeps what it compiled of this file until the file changes; not when `pairs`, whose functions are compiled
into it, does. So who changes what is read of a note changes this file too, as for version 2 of the file of weights.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.performer.choosingtables import (
    UNMOVED,
    ChoosingTables,
    KitTables,
    Leaning,
    Notes,
    Workspace,
)
from nesvae_live.model.performer.notes import STEPS
from nesvae_live.model.performer.pairs import (
    N_NOTE,
    N_PAIR,
    NEVER,
    TICKS,
    VOICE,
    WINDOW,
    read_note,
    read_pairs,
)
from nesvae_live.model.performer.performerconfig import SIDES

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

DRAWS = 6
"""Numbers in 0..1 that a note's patch is drawn by."""


@njit(cache=True, nogil=True, fastmath=True)
def _layer(w: F32, bias: F32, x: F32, out: F32, least: float) -> None:
    """`out = w @ x + bias`, but at least `least`."""
    for i in range(w.shape[0]):
        total = bias[i]
        for j in range(w.shape[1]):
            total += w[i, j] * x[j]
        out[i] = max(total, np.float32(least))


@njit(cache=True, nogil=True, fastmath=True)
def _score(pair: F32, wanted: F32, score: F32, pairs: F32, n: int, out: F32) -> None:
    """How much each of `n` earlier notes is wanted, by side; `pairs` are `[N_PAIR, WINDOW]`."""
    row = np.zeros(pairs.shape[1], np.float32)
    for j in range(n):
        for side in range(SIDES):
            out[side, j] = 0.0
    for k in range(len(wanted)):
        for j in range(n):
            row[j] = wanted[k]
        for f in range(N_PAIR):
            by = pair[k, f]
            for j in range(n):
                row[j] += by * pairs[f, j]
        for side in range(SIDES):
            by = score[side, k]
            for j in range(n):
                out[side, j] += by * max(row[j], np.float32(0))


@njit(cache=True, nogil=True)
def _soften(logits: F32, more: F32, n: int, temperature: float, out: F32) -> None:
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
def _draw(chances: F32, n: int, draw: float) -> int:
    best, left = 0, draw
    for k in range(n):
        left -= chances[k]
        if left < 0.0:
            return k
        if chances[k] > chances[best]:
            best = k
    return best


@njit(cache=True, nogil=True)
def _agreeing(known: Bytes, first: int, n: int, chances: F32, ticks: int) -> int:
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


@njit(cache=True, nogil=True)
def _fold(gate: float, new: float, again: float) -> float:
    """The chance of a new patch whose `gate` is its logit, where both sides weigh so much more."""
    fresh, copied = 1.0 / (1.0 + np.exp(-gate)), 1.0 / (1.0 + np.exp(gate))
    total = fresh * new + copied * again
    return fresh * new / total if total > 0.0 else 1.0


@njit(cache=True, nogil=True)
def _lean(logits: F32, n: int, by: F32) -> float:
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
def _lean_kit(
    shapes: F32, level: F32, level_of: F32, by_shape: F32, by_level: F32, kit: F32, by_kit: F32
) -> None:
    """The kit's logits, each shape at each level, and the nats for each; `shapes` are its chances."""
    levels, n = np.zeros(15, np.float32), len(by_level)
    for k in range(len(shapes)):
        _soften(level, level_of[k], n, 1.0, levels)
        for j in range(n):
            kit[n * k + j] = np.log(shapes[k] * levels[j] + 1e-12)
            by_kit[n * k + j] = by_shape[k] + by_level[j]


@njit(cache=True, nogil=True)
def _at_most(shapes: F32, by_shape: F32, by_level: F32) -> float:
    """More than `_lean` says of the kit, whatever level each shape has; rounding is far less."""
    leant, loudest = 0.0, by_level.max()
    for k in range(len(shapes)):
        leant += shapes[k] * np.exp(by_shape[k])
    return float(np.exp(loudest) * (1.01 * leant + 1e-8))


@njit(cache=True, nogil=True)
def _read_last(
    rows: Ints, before: Ints, patches: Ints, i: int, near: int, t: ChoosingTables, x: F32
) -> None:
    """Read the patches of note `i`'s voice's last note and of the other pulse's, from `near` on."""
    n_shapes, n_duties, at = len(t.to_shape), len(t.to_duty), N_NOTE
    for which in range(2):
        found = before[i] if which == 0 and before[i] >= near else NEVER
        if which == 1:
            for j in range(i - 1, near - 1, -1):
                if rows[j, VOICE] != rows[i, VOICE]:
                    found = j
                    break
        s = patches[found, 0] if found != NEVER else n_shapes
        loud = patches[found, 1] if found != NEVER else 0
        d = patches[found, 2] if found != NEVER else n_duties
        for table, row in ((t.shape_in, s), (t.level_in, loud), (t.duty_in, d)):
            for k in range(table.shape[1]):
                x[at] = table[row, k]
                at += 1


@njit(cache=True, nogil=True)
def _weigh_patches(
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
    _layer(t.to_shape, t.to_shape_bias, hidden, shape, -1e30)
    _layer(t.to_level, t.to_level_bias, hidden, level, -1e30)
    _soften(shape, none, len(shape), 1.0, shapes)
    for k in range(15):
        off = (k + 1 - target) / LEVEL_WIDTH
        by_level[k] = -0.5 * off * off if levelled else 0.0


@njit(cache=True, nogil=True)
def _lean_pairs(
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
def _choose_patch(
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
    _layer(t.to_shape, t.to_shape_bias, hidden, shape, -1e30)
    _layer(t.to_level, t.to_level_bias, hidden, level, -1e30)
    _soften(shape, none, n_shapes, temperature, shapes)
    if temperature > 0.0:
        s = _draw(shapes, n_shapes, draw[4])
        _soften(level, t.level_of[s], 15, temperature, levels)
        return int(15 * s + _draw(levels, 15, draw[5]))
    for k in range(n_shapes):
        _soften(level, t.level_of[k], 15, 0.0, levels)
        for j in range(15):
            chances[15 * k + j] = shapes[k] * levels[j]
    return int(_agreeing(volumes, 0, 15 * n_shapes, chances, ticks))


@njit(cache=True, nogil=True)
def _copy(row: Bytes, out: Bytes) -> None:
    for k in range(STEPS):
        out[k] = row[k]


@njit(cache=True, nogil=True)
def _choose(
    rows: Ints,
    before: Ints,
    patches: Ints,
    volume: Bytes,
    duty: Bytes,
    out: Ints,
    out_volume: Bytes,
    out_duty: Bytes,
    taught: NDArray[np.bool_],
    hold: int,
    start: int,
    weights: tuple[F32, ...],
    volumes: Bytes,
    duties: Bytes,
    draws: F32,
    temperature: float,
    gate: F32,
    scores: F32,
    on: bool,
    by_shape: F32,
    by_duty: F32,
    levelled: bool,
    accent: float,
    base: F32,
    strength: F32,
) -> None:
    t = ChoosingTables(*weights)
    n, n_shapes, n_duties = len(rows), len(t.to_shape), len(t.to_duty)
    codes = np.zeros(n, np.int64)
    for i in range(start):
        codes[i] = patches[i, 0] * 512 + patches[i, 1] * 32 + patches[i, 2]
    x, one = np.zeros(t.read.shape[1], np.float32), np.zeros(len(t.read), np.float32)
    hidden, wanted = np.zeros(len(t.think), np.float32), np.zeros(len(t.wanted), np.float32)
    pairs = np.zeros((N_PAIR, WINDOW), np.float32)
    chances, none = np.zeros(n_shapes * 15, np.float32), np.zeros(n_shapes + WINDOW, np.float32)
    shape, level = np.zeros(n_shapes, np.float32), np.zeros(15, np.float32)
    wide, levels = np.zeros(n_duties, np.float32), np.zeros(15, np.float32)
    shapes = np.zeros(n_shapes, np.float32)
    by_level, by_pair = np.zeros(15, np.float32), np.zeros(WINDOW, np.float32)
    by_kit, kit = np.zeros(n_shapes * 15, np.float32), np.zeros(n_shapes * 15, np.float32)
    for i in range(start, n):
        last = min(i, hold)
        first, near = max(0, last - WINDOW), max(0, i - WINDOW) if hold > 0 else i
        draw, m = draws[i - start], last - first
        read_note(rows, before, i, 0, x)
        _read_last(rows, before, patches, i, near, t, x)
        _layer(t.read, t.read_bias, x, one, 0.0)
        _layer(t.think, t.think_bias, one, hidden, 0.0)
        _layer(t.gate, t.gate_bias, hidden, gate, -1e30)
        if m > 0:
            read_pairs(rows, codes, before, i, first, last, pairs)
            _layer(t.wanted, t.pair_bias, hidden, wanted, -1e30)
            _score(t.pair, wanted, t.score, pairs, m, scores)
        for side in range(SIDES):
            chance = 1.0 / (1.0 + np.exp(-gate[side])) if m > 0 else 1.0
            if on and side == 0:
                target = base[rows[i, VOICE]] + accent * strength[i]
                _weigh_patches(hidden, t, target, levelled, none, shape, level, shapes, by_level)
            elif on:
                _layer(t.to_duty, t.to_duty_bias, hidden, wide, -1e30)
            if on and m > 0:
                _lean_pairs(side, patches, first, m, by_shape, by_level, by_duty, by_pair)
                again = _lean(scores[side], m, by_pair)
                if side == 1:
                    chance = _fold(gate[side], _lean(wide, n_duties, by_duty), again)
                else:  # most notes take an earlier patch, whatever the 1,500 new ones weigh
                    chance = _fold(gate[side], _at_most(shapes, by_shape, by_level), again)
                    if draw[side] < chance:
                        _lean_kit(shapes, level, t.level_of, by_shape, by_level, kit, by_kit)
                        chance = _fold(gate[side], _lean(kit, 15 * n_shapes, by_kit), again)
            elif on and side == 0:
                _lean_kit(shapes, level, t.level_of, by_shape, by_level, kit, by_kit)
            fresh = draw[side] < chance if temperature > 0.0 else chance > 0.5
            if fresh and side == 1:
                _layer(t.to_duty, t.to_duty_bias, hidden, wide, -1e30)
                _soften(wide, by_duty if on else none, n_duties, temperature, chances)
                d = _draw(chances, n_duties, draw[3] if temperature > 0.0 else 1.0)
                out[i, 2] = d
                _copy(duties[d], out_duty[i])
            elif fresh:
                if on:
                    _soften(kit, by_kit, 15 * n_shapes, temperature, chances)
                    s = _draw(chances, 15 * n_shapes, draw[4])
                else:
                    s = _choose_patch(
                        *(hidden, t, volumes, draw, temperature, rows[i, TICKS]),
                        *(none, shape, level, shapes, levels, chances),
                    )
                out[i, 0], out[i, 1] = s // 15, 1 + s % 15
                _copy(volumes[s], out_volume[i])
            else:
                _soften(scores[side], by_pair if on else none, m, temperature, chances)
                known, heard = (volume, out_volume) if side == 0 else (duty, out_duty)
                if temperature > 0.0:
                    source = first + _draw(chances, m, draw[2 + side])
                else:
                    source = first + _agreeing(known, first, m, chances, rows[i, TICKS])
                if side == 0:
                    out[i, 0], out[i, 1] = patches[source, 0], patches[source, 1]
                else:
                    out[i, 2] = patches[source, 2]
                _copy(known[source], heard[i])
        if not taught[i]:
            for k in range(3):
                patches[i, k] = out[i, k]
            _copy(out_volume[i], volume[i])
            _copy(out_duty[i], duty[i])
        codes[i] = patches[i, 0] * 512 + patches[i, 1] * 32 + patches[i, 2]


def choose(
    notes: Notes,
    start: int,
    t: ChoosingTables,
    kit: KitTables,
    draws: F32,
    temperature: float,
    space: Workspace | None = None,
    leaning: Leaning | None = None,
) -> None:
    """Choose how the notes from `start` on are played, one after the other.

    Args:
        notes: see there.
        start: the first note to be played.
        t: the weights.
        kit: the patches that there are.
        draws: `[n - start, DRAWS]` in 0..1.
        temperature: 0: what agrees best, in the mean, with all that is likely.
        space: gets what spoke for the last note's patch.
        leaning: what knobs ask for, with a temperature above 0 only.
    """
    space = space or Workspace.new()
    leaning = leaning or UNMOVED
    weights = tuple(t)  # the types of a named one's fields are worked out anew with every call
    _choose(*notes, start, weights, kit.volumes, kit.duties, draws, temperature, *space, *leaning)
