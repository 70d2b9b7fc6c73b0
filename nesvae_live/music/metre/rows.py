"""The rows of a song: how many frames one lasts, where they lie, and for how long that is so.

A tracker plays a row of its pattern every so many frames of 1/60 s: a whole number, or two or
three whole numbers by turns (a groove), or a whole number of frames of 1/50 s. Every pair of a
row's length and a phase is a hypothesis; each beginning of a note speaks for those on whose lines
it can have lain; the likeliest path through the seconds of the song is found by Viterbi's
algorithm, where a change costs as much as some notes can pay, and *no row* is a hypothesis too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.onsets import FRAMES_PER_STEP, Onsets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PHASE = 0.25
"""Phases are so many frames apart."""
BLOCK_STEPS = 24
"""Hypotheses change at seconds."""
SHORTEST, LONGEST = 3, 32
"""Frames of a row that are tried; beyond 16 a row is one that rests at every other line."""
OUTLIER = 0.12
"""The share of beginnings that lie anywhere."""
FREE_NATS = 0.12
"""What *no row* scores a unit of weight: a row has to explain more than this."""
CHANGE = 12.0
"""Nats that a change of the hypothesis costs."""
SLIP = 1.3
"""Rows go on across a change of the phase by so many frames."""
GROOVE, OTHER = 1.0, 3.0
"""Nats that a row of alternating frames, or of frames of 1/50 s, costs when it begins."""


@dataclass(frozen=True)
class RowStretch:
    """From step `start` to step `stop` rows last `frames` frames; 0 where there is no row.

    `pieces` are (from this step on, a row begins at this frame of the song): a log that skips a
    frame now and then shifts the phase by it, and the rows are counted on across that.
    """

    start: int
    stop: int
    frames: float
    pieces: tuple[tuple[int, float], ...]

    @property
    def phase(self) -> float:
        """Where a row begins, in frames from the song's first step, at the stretch's start."""
        return self.pieces[0][1]

    def phases(self, steps: NDArray[np.integer]) -> Floats:
        """`[n]` steps to the phase that holds at each."""
        starts = np.array([start for start, _ in self.pieces])
        phases = np.array([phase for _, phase in self.pieces])
        return phases[np.clip(np.searchsorted(starts, steps, side="right") - 1, 0, None)]

    def rows(self, steps: NDArray[np.integer], frames: Floats) -> Floats:
        """`[n]` times in frames, at `[n]` steps, in rows (not whole) from the first phase."""
        return np.asarray((frames - self.phases(steps)) / self.frames)


@dataclass(frozen=True)
class _Periods:
    """The lengths tried `[P]`, what each costs, and every phase's score by where a note lies.

    `kernel[p]` is `[bins, bins]`: of a note in bin i for phase j.
    """

    frames: Floats
    cost: Floats
    kernels: tuple[Floats, ...]


@cache
def _periods() -> _Periods:
    costs: dict[float, float] = {}
    for k in range(SHORTEST * 30, LONGEST * 30 + 1):
        frames, cost = k / 30, None
        if k % 30 == 0:
            cost = 0.0
        elif k % 15 == 0 and frames < LONGEST / 2:
            cost = GROOVE
        elif (k % 10 == 0 or k % 36 == 0) and frames < LONGEST / 2:
            cost = OTHER
        if cost is not None:
            costs[frames] = cost
    kernels = tuple(_kernel(period) for period in costs)
    return _Periods(np.array(list(costs)), np.array(list(costs.values())), kernels)


def _kernel(period: float) -> Floats:
    bins = _bins(period)
    offset = np.arange(bins) * period / bins
    away = np.minimum(offset, period - offset)
    density = np.clip((2.0 - away) / 1.0, 0.0, 1.0)  # flat to 1 frame, nothing from 2 on
    density = density / (density.mean() + 1e-12)
    score = np.log((1 - OUTLIER) * density + OUTLIER)
    index = (np.arange(bins)[None, :] - np.arange(bins)[:, None]) % bins
    out: Floats = score[index]
    return out


def _bins(period: float) -> int:
    return round(period / PHASE)


def find_rows(onsets: Onsets, steps: int) -> list[RowStretch]:
    """The likeliest rows, stretch by stretch.

    Args:
        onsets: of the song.
        steps: how long it is.

    Returns:
        Stretches that follow each other from step 0 to `steps`, also those without a row.
    """
    if steps == 0:
        return []
    blocks = -(-steps // BLOCK_STEPS)
    table = _periods()
    block = onsets.step // BLOCK_STEPS
    scores = []
    for period, kernel in zip(table.frames, table.kernels, strict=True):
        bins = len(kernel)
        at = np.floor((onsets.frames % period) / period * bins).astype(np.int64) % bins
        histogram = np.bincount(block * bins + at, onsets.weight, blocks * bins)
        scores.append(histogram.reshape(blocks, bins) @ kernel)
    heard = np.bincount(block, onsets.weight, blocks)[:, None]
    path = _likeliest(np.concatenate((*scores, FREE_NATS * heard), 1), table)
    period = np.concatenate(
        [np.repeat(np.arange(len(table.frames)), [len(k) for k in table.kernels]), [-1]]
    )
    first = np.cumsum([0, *(len(k) for k in table.kernels)])
    changed = path[1:] != path[:-1]
    cuts = np.concatenate(([0], np.flatnonzero(changed) + 1, [blocks]))
    out = []
    for start, stop in pairwise(cuts):
        state, which = path[start], period[path[start]]
        frames = float(table.frames[which]) if which >= 0 else 0.0
        phase = (state - first[which]) * frames / _bins(frames) if which >= 0 else 0.0
        steps_from = int(start) * BLOCK_STEPS
        steps_to = min(int(stop) * BLOCK_STEPS, steps)
        out.append(refine(RowStretch(steps_from, steps_to, frames, ((steps_from, phase),)), onsets))
    return _joined(out)


def _joined(stretches: list[RowStretch]) -> list[RowStretch]:
    """Stretches whose rows go on across the border, give or take a skipped frame, made one."""
    out: list[RowStretch] = []
    for stretch in stretches:
        if out and (one := _as_one(out[-1], stretch)) is not None:
            out[-1] = one
        else:
            out.append(stretch)
    return out


def _as_one(a: RowStretch, b: RowStretch) -> RowStretch | None:
    if not a.frames and not b.frames:
        return RowStretch(a.start, b.stop, 0.0, a.pieces)
    if not a.frames or not b.frames:
        return None
    coarse, fine = max(a.frames, b.frames), min(a.frames, b.frames)
    if abs(coarse / fine - round(coarse / fine)) > 1e-6 or round(coarse / fine) not in (1, 2, 3, 4):
        return None
    at, phase = b.pieces[0]
    end = a.pieces[-1][1]
    off = (phase - end + fine / 2) % fine - fine / 2
    if abs(off) > SLIP:
        return None
    return RowStretch(a.start, b.stop, fine, (*a.pieces, (at, end + off)))


def _likeliest(scores: Floats, table: _Periods) -> Ints:
    """Viterbi over `[blocks, hypotheses]`: to stay is free, to begin costs."""
    entry = np.concatenate(
        [np.full(len(k), c) for k, c in zip(table.kernels, table.cost, strict=True)] + [[0.0]]
    )
    value = scores[0] - entry
    came = np.zeros(scores.shape, np.int64)
    stay = np.arange(scores.shape[1])
    for t in range(1, len(scores)):
        best = int(value.argmax())
        change = value[best] - CHANGE - entry
        came[t] = np.where(change > value, best, stay)
        value = np.maximum(value, change) + scores[t]
    path = np.empty(len(scores), np.int64)
    path[-1] = value.argmax()
    for t in range(len(scores) - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


CORE, NEAR = 2.2, 1.3
"""Frames from a row's line within which its own notes lie; and from a line that is looked for."""
REST_SHARE = 0.015
FAST_SHARE = 0.035
"""A row is divided if so much of the weight lies on its inner lines, and hardly any elsewhere."""


def refine(stretch: RowStretch, onsets: Onsets) -> RowStretch:
    """The phase as the mean of what lies on the lines; rows that rest are halved or cut in three.

    The stretch has one piece.
    """
    if not stretch.frames:
        return stretch
    inside = (onsets.step >= stretch.start) & (onsets.step < stretch.stop)
    frames, weight = onsets.frames[inside], onsets.weight[inside]
    period, phase = stretch.frames, stretch.phase
    for _ in range(2):
        off = (frames - phase + period / 2) % period - period / 2
        near = np.abs(off) <= 1.5
        if weight[near].sum() > 0:
            phase += float(np.average(off[near], weights=weight[near]))
    while True:
        excess = {n: _inner(frames, weight, period / n, phase, n) for n in (2, 3, 4)}
        parts = max(excess, key=lambda n: excess[n])
        if excess[parts] <= 0:
            break
        period /= parts
    return RowStretch(stretch.start, stretch.stop, period, ((stretch.start, phase % period),))


def _inner(frames: Floats, weight: Floats, finer: float, phase: float, parts: int) -> float:
    """How much more than chance would lie on the lines that `parts` finer rows have inside one.

    Not above 0 if that is too little to divide the row.
    """
    if finer < SHORTEST + 0.9 or not _on_whole_frames(finer):
        return 0.0
    coarse = finer * parts
    from_row = np.abs((frames - phase + coarse / 2) % coarse - coarse / 2)
    inside = from_row > CORE
    from_line = np.abs((frames - phase + finer / 2) % finer - finer / 2)
    near = inside & (from_line <= NEAR)
    widths = (coarse - 2 * CORE, 2 * (parts - 1) * NEAR)
    if widths[0] - widths[1] < 1.5:  # too narrow to tell a line from strays: any counts
        return float(weight[inside].sum()) - FAST_SHARE * float(weight.sum())
    stray = float(weight[inside & ~near].sum())
    chance = stray * widths[1] / (widths[0] - widths[1])
    sure = 1.2 * chance + 1.5 * float(np.sqrt(chance + 1.0))
    return float(weight[near].sum()) - max(REST_SHARE * float(weight.sum()), sure)


def _on_whole_frames(period: float) -> bool:
    return any(abs(period * k - round(period * k)) < 1e-6 for k in (1, 2, 3))


def fit_of(stretch: RowStretch, onsets: Onsets) -> float:
    """How well the beginnings lie on the rows' lines, beyond what chance does: 1 perfectly, 0 not."""
    if not stretch.frames:
        return 0.0
    inside = (onsets.step >= stretch.start) & (onsets.step < stretch.stop)
    frames, weight = onsets.frames[inside], onsets.weight[inside]
    if weight.sum() <= 0:
        return 0.0
    row = stretch.rows(onsets.step[inside], frames)
    return max(
        _fit(row, weight, stretch.frames, k) for k in ((1, 2) if stretch.frames < 5 else (1,))
    )


def _fit(row: Floats, weight: Floats, frames: float, every: int) -> float:
    """The fit to every so many rows' lines, at the phase of the best."""
    period = frames * every
    within = min(FRAMES_PER_STEP / 2 + 0.35, 0.4 * period)
    chance = 2 * within / period
    hits = []
    for first in range(every):
        at = (row - first) / every
        hit = np.abs(at - np.rint(at)) * period <= within
        hits.append(float(weight[hit].sum() / weight.sum()))
    return float(np.clip((max(hits) - chance) / (1 - chance), 0.0, 1.0))
