"""The performer's arithmetic without torch or the GIL: which patch each note is played with.

Numba keeps what it compiled of this file until the file changes; not when `pairs`, `likes` or `weighing`, whose
functions are compiled into it, do. So who changes what is read of a note changes this file too, as for version 3
of the file of weights.
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
from nesvae_live.model.performer.likes import (
    N_LIKE,
    following,
    read_heard,
    read_likes,
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
from nesvae_live.model.performer.performerfile import SIDES
from nesvae_live.model.performer.weighing import (
    agreeing,
    at_most,
    choose_patch,
    drawn,
    fold,
    layer,
    lean,
    lean_kit,
    lean_pairs,
    score_pairs,
    soften,
    weigh_patches,
)

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

DRAWS = 6
"""Numbers in 0..1 that a note's patch is drawn by."""


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
    until: Ints,
    guessed: bool,
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
    told_by, told = np.zeros(t.tell.shape[1], np.float32), np.zeros(len(t.tell), np.float32)
    after = following(before)
    pairs = np.zeros((N_PAIR + N_LIKE, WINDOW), np.float32)
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
        layer(t.read, t.read_bias, x, one, 0.0)
        layer(t.think, t.think_bias, one, hidden, 0.0)
        for side in range(SIDES):
            if side == 0:
                layer(t.gate, t.gate_bias, hidden, gate[:1], -1e30)
                if m > 0:
                    read_pairs(rows, codes, before, i, first, last, pairs)
                    layer(t.wanted, t.pair_bias, hidden, wanted, -1e30)
                    score_pairs(t.pair, wanted, t.score, pairs, m, scores[0])
            else:  # the duty is chosen knowing how loud the note begins
                louder = volume if taught[i] and not guessed else out_volume
                begins = np.int64(louder[i, 0])
                for k in range(len(hidden)):
                    told_by[k] = hidden[k]
                read_heard(begins, told_by[len(hidden) :])
                layer(t.tell, t.tell_bias, told_by, told, 0.0)
                layer(t.told_gate, t.told_gate_bias, told, gate[1:], -1e30)
                if m > 0:
                    read_likes(
                        *(rows, volume, duty, codes, after, until[i], i, first, last),
                        *(begins, pairs[N_PAIR:]),
                    )
                    layer(t.told_wanted, t.told_pair_bias, told, wanted, -1e30)
                    score_pairs(t.told_pair, wanted, t.told_score, pairs, m, scores[1])
            chance = 1.0 / (1.0 + np.exp(-gate[side])) if m > 0 else 1.0
            if on and side == 0:
                target = base[rows[i, VOICE]] + accent * strength[i]
                weigh_patches(hidden, t, target, levelled, none, shape, level, shapes, by_level)
            elif on:
                layer(t.to_duty, t.to_duty_bias, told, wide, -1e30)
            if on and m > 0:
                lean_pairs(side, patches, first, m, by_shape, by_level, by_duty, by_pair)
                again = lean(scores[side], m, by_pair)
                if side == 1:
                    chance = fold(gate[side], lean(wide, n_duties, by_duty), again)
                else:  # most notes take an earlier patch, whatever the 1,500 new ones weigh
                    chance = fold(gate[side], at_most(shapes, by_shape, by_level), again)
                    if draw[side] < chance:
                        lean_kit(shapes, level, t.level_of, by_shape, by_level, kit, by_kit)
                        chance = fold(gate[side], lean(kit, 15 * n_shapes, by_kit), again)
            elif on and side == 0:
                lean_kit(shapes, level, t.level_of, by_shape, by_level, kit, by_kit)
            fresh = draw[side] < chance if temperature > 0.0 else chance > 0.5
            if fresh and side == 1:
                layer(t.to_duty, t.to_duty_bias, told, wide, -1e30)
                soften(wide, by_duty if on else none, n_duties, temperature, chances)
                d = drawn(chances, n_duties, draw[3] if temperature > 0.0 else 1.0)
                out[i, 2] = d
                _copy(duties[d], out_duty[i])
            elif fresh:
                if on:
                    soften(kit, by_kit, 15 * n_shapes, temperature, chances)
                    s = drawn(chances, 15 * n_shapes, draw[4])
                else:
                    s = choose_patch(
                        *(hidden, t, volumes, draw, temperature, rows[i, TICKS]),
                        *(none, shape, level, shapes, levels, chances),
                    )
                out[i, 0], out[i, 1] = s // 15, 1 + s % 15
                _copy(volumes[s], out_volume[i])
            else:
                soften(scores[side], by_pair if on else none, m, temperature, chances)
                known, heard = (volume, out_volume) if side == 0 else (duty, out_duty)
                if temperature > 0.0:
                    source = first + drawn(chances, m, draw[2 + side])
                else:
                    source = first + agreeing(known, first, m, chances, rows[i, TICKS])
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
