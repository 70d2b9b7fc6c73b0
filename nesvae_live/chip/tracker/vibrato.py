"""Vibrato as a tracker's effect 4xy, and what a note stays off meanwhile: which, row by row, come nearest.

How deep each depth is, and that a wave goes on in its phase until 400 ends it, are facts that
FamiStudio's source (MIT) and bhop's, a player of FamiTracker's modules (MIT-0), agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

VIBRATO_DEPTHS = (1, 1.5, 2.5, 4, 5, 7, 10, 12, 14, 17, 22, 30, 44, 64, 96, 128)
"""By how much each depth of 4xy moves a period, each way; what is not a whole unit is cut off."""
PHASES = 64
"""How many steps a wave of 4xy has; the speed is how many a tick."""
SPEEDS = np.arange(1, 16)
"""The speeds of 4xy. 0 stands still."""

CENTS_PER_UNIT = 1200 / np.log(2)
"""Of a period of 1: one unit of a period of 400 is a 400th of it."""

MOST_OFF = 127
"""Units that Pxx can move a period, each way."""

LEAST_WORTH = 0.05
"""An effect that brings a row no nearer than this isn't worth being read."""

Units = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

Written = tuple[tuple[int, int, int], ...]
"""In which ticks of a note effects are written: (tick, parameter of 4xy, units that it is off)."""


def _waves() -> Whole:
    """By depth and phase, by how much a period is shorter: `[16, 64]`."""
    quarter = np.arange(16)
    rises = np.outer(VIBRATO_DEPTHS, np.sin(quarter * np.pi / 32)).astype(np.int64)
    half = np.concatenate((rises, rises[:, ::-1]), axis=1)
    return np.concatenate((half, -half), axis=1)


WAVES = _waves()

_PHASES = (np.arange(PHASES)[:, None] + SPEEDS)[..., None]
_PHASES = (_PHASES + SPEEDS[:, None] * np.arange(PHASES)) % PHASES
"""By the phase before, the speed and the tick, from 0 on, a wave's phase: `[64, 15, 64]`."""
_WAVES = WAVES[1:, _PHASES].astype(np.int16)
"""How much shorter a period is, by depth too, from 1 on (at 0 the wave stands): `[15, 64, 15, 64]`."""


def heard_as_off(share: Units) -> Units:
    """How far periods are heard to be off, by the share of them.

    A cent is heard, ten are not a hundred times as bad: a spectrum's bands beat with either.
    """
    return np.asarray(np.log1p((share * CENTS_PER_UNIT) ** 2))


def moved_by(written: Written, ticks: int) -> Units:
    """By how much effects move a note's period in each of so many ticks."""
    moved = np.zeros(ticks)
    phase = 0
    ends = [*(tick for tick, _, _ in written), ticks][1:]
    for (tick, parameter, off), end in zip(written, ends, strict=True):
        moved[tick:end] = off
        if parameter == 0:
            phase = 0
            continue
        phases = (phase + (parameter >> 4) * np.arange(1, end - tick + 1)) % PHASES
        moved[tick:end] -= WAVES[parameter & 15, phases]
        phase = int(phases[-1])
    return moved


def waves_of(heard: Units, straight: int, pieces: Sequence[int]) -> Written:
    """What is written for a note of period `straight` to have the periods that were heard `[ticks]`.

    `pieces` are the ticks in which something may be written, and the end. Which phase a wave is in at
    each of them depends on the speeds until then: so they are gone through from the last one, and
    for each phase what is best from there on is kept.
    """
    wanted = (straight - heard).astype(np.int16)
    if not pieces or not wanted[pieces[0] :].any():
        return ()
    deepest = 2 * int(np.abs(wanted[pieces[0] :]).max())
    waves = _WAVES[: int(np.searchsorted(VIBRATO_DEPTHS, deepest)) + 1]
    rest = np.zeros(PHASES)
    chosen: list[Whole] = []
    for at, end in reversed(list(pairwise(pieces))):
        of_piece, scale = wanted[at:end], (CENTS_PER_UNIT / heard[at]) ** 2
        off, errors = _nearest(waves[..., np.arange(end - at) % PHASES] - of_piece, scale)
        errors += rest[(np.arange(PHASES)[:, None] + SPEEDS * (end - at)) % PHASES]
        flat = np.moveaxis(errors, 1, 0).reshape(PHASES, -1)
        best = flat.argmin(1)
        depth, speed = np.divmod(best, len(SPEEDS))
        ends_in = (np.arange(PHASES) + SPEEDS[speed] * (end - at)) % PHASES
        parameters = SPEEDS[speed] << 4 | depth + 1
        choice = np.stack((parameters, off[depth, np.arange(PHASES), speed], ends_in), 1)
        still_off, still = _nearest(-of_piece, scale)  # 400: the wave begins anew
        after = flat[np.arange(PHASES), best] + LEAST_WORTH
        choice[still + rest[0] <= after] = 0, still_off, 0
        rest = np.minimum(after, still + rest[0])
        chosen.append(choice)
    written: list[tuple[int, int, int]] = []
    phase = 0
    for at, choice in zip(pieces, reversed(chosen), strict=False):
        parameter, off_by, phase = choice[phase].tolist()
        if (parameter, off_by) != (written[-1][1:] if written else (0, 0)):
            written.append((at, parameter, off_by))
    return tuple(written)


def _nearest(off: npt.NDArray[np.int16], scale: float) -> tuple[npt.NDArray[np.int16], Units]:
    """What to move a piece by that is off by so many units in each tick, and how far off it is then.

    `off` is `[..., ticks]`; both results lack the last axis.
    """
    by = np.clip((off.max(-1) + off.min(-1)) // 2, -MOST_OFF, MOST_OFF)
    squares = ((off - by[..., None]).astype(np.float32) ** 2).sum(-1)
    ticks = off.shape[-1]
    return by, np.log1p(squares * (scale / ticks)) * ticks
