"""The metre of a song: beat, bar and downbeat on top of its rows, and how sure that is.

A bar is what music recurs after, what its bass and its long notes begin on, and what lasts about
two seconds. Each pair of rows a beat and beats a bar is scored by that at every phase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.onsets import FRAMES_PER_STEP, Onsets, find_onsets
from nesvae_live.music.metre.rows import RowStretch, find_rows, fit_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS_PER_BEAT = (1, 2, 3, 4, 6, 8, 12)
"""All divide a beat's 12 ticks but 8, whose rows lie on a tick or half way between two."""
BEATS_PER_BAR = (4, 3)
SHORTEST_BEAT, LONGEST_BEAT = 16.0, 64.0
"""Frames of a beat: 225 to 56 beats a minute."""
USUAL_BEAT, BEAT_SPREAD = 22.0, 0.34
"""Frames of the beat that is the likeliest beforehand, and how far others are, in log."""

SURE_FIT = 0.6
"""A stretch whose rows fit worse is free."""
SURE_STEPS, SURE_WEIGHT = 96, 12.0
"""So is one that is shorter than 4 s, or has less than a dozen beginnings in it."""

RECURS, ON_BEAT, ON_BAR, ON_CHANGE, AT_START = 6.0, 4.0, 1.0, 0.6, 0.9
"""What each kind of evidence weighs."""
RARER = {3: 0.5, 4: 0.0}
"""What a bar of so many beats costs."""
RARE_ROWS = {1: 0.6, 2: 0.1, 3: 0.5, 4: 0.0, 6: 0.6, 8: 0.5, 12: 1.5}
"""What so many rows a beat cost."""


@dataclass(frozen=True)
class Metre:
    """A stretch's metre.

    `rows_per_beat` and `beats_per_bar`; `downbeat` is the row, 0 to a bar's last, counted from the
    stretch's phase, on which bars begin; `confidence` 0 to 1 how well the rows fit.
    """

    rows_per_beat: int
    beats_per_bar: int
    downbeat: int
    confidence: float

    @property
    def rows_per_bar(self) -> int:
        """Rows of a bar."""
        return self.rows_per_beat * self.beats_per_bar


@dataclass(frozen=True)
class Stretch:
    """A part of a song: its rows, and its metre, or None where it is free."""

    rows: RowStretch
    metre: Metre | None

    @property
    def start(self) -> int:
        """Its first step."""
        return self.rows.start

    @property
    def stop(self) -> int:
        """The step after its last one."""
        return self.rows.stop


def find_metre(score: NDArray[np.uint8]) -> list[Stretch]:
    """Find the metre of each stretch of a song.

    Args:
        score: uint8 `[N, 4, 3]`, an exprsco's note, velocity and timbre of each voice and step.

    Returns:
        Stretches that follow each other from the first step to the last; neighbours that are both
        free are one.
    """
    onsets = find_onsets(score)
    out: list[Stretch] = []
    for rows in find_rows(onsets, len(score)):
        metre = stretch_metre(rows, onsets)
        if metre is None and out and out[-1].metre is None:
            before = out[-1].rows
            out[-1] = Stretch(RowStretch(before.start, rows.stop, 0.0, before.pieces), None)
        elif metre is None:
            out.append(Stretch(RowStretch(rows.start, rows.stop, 0.0, rows.pieces), None))
        else:
            out.append(Stretch(rows, metre))
    return out


def stretch_metre(rows: RowStretch, onsets: Onsets) -> Metre | None:
    """The metre of a stretch of rows, or None where it isn't sure."""
    inside = onsets.only((onsets.step >= rows.start) & (onsets.step < rows.stop))
    confidence = fit_of(rows, onsets)
    long_enough = rows.stop - rows.start >= SURE_STEPS and inside.weight.sum() >= SURE_WEIGHT
    if not rows.frames or not long_enough or confidence < SURE_FIT:
        return None
    found = _best(_Grid.of(rows, inside), rows.frames)
    return None if found is None else Metre(*found, confidence)


@dataclass(frozen=True)
class _Grid:
    """Beginnings by row: `notes` `[4, R]` which note of each voice (-1: none), `weight` `[R]`.

    `bass` `[R]` is 1 where the bass moves to another pitch class, `long` `[R]` the log of how many
    steps the longest note that begins there is held; `chroma` `[R + 1, 12]` how long each pitch class
    has sounded until there; `first` is the row of the first beginning.
    `origin` is the number of row 0.
    """

    notes: Ints
    weight: Floats
    bass: Floats
    long: Floats
    chroma: Floats
    first: int
    origin: int

    @classmethod
    def of(cls, rows: RowStretch, onsets: Onsets) -> _Grid:
        row = np.rint(rows.rows(onsets.step, onsets.frames)).astype(np.int64)
        origin = int(row.min())
        row = row - origin
        n = int(row.max()) + 1
        notes = np.full((4, n), -1, np.int64)
        notes[onsets.voice, row] = onsets.note
        weight = np.bincount(row, onsets.weight, n).astype(np.float64)
        long = np.zeros(n)
        np.maximum.at(long, row, np.log1p(onsets.held) * (onsets.weight > 0.2))
        bass = np.zeros(n)
        low = np.flatnonzero(onsets.voice == 2)
        classes = onsets.note[low] % 12
        moved = np.concatenate(([True], classes[1:] != classes[:-1])) if len(low) else classes > 0
        bass[row[low[moved]]] = 1.0
        return cls(notes, weight, bass, long, _chroma(rows, onsets, row, n), int(row.min()), origin)


def _chroma(rows: RowStretch, onsets: Onsets, row: Ints, n: int) -> Floats:
    """`[n + 1, 12]`: for how many rows each pitch class of the pitched voices sounded until there."""
    sounding = np.zeros((n + 1, 12))
    pitched = np.flatnonzero(onsets.voice < 3)
    classes = onsets.note[pitched] % 12
    length = np.maximum(onsets.held[pitched] * FRAMES_PER_STEP / rows.frames, 0.5)
    stop = np.minimum(row[pitched] + np.rint(np.maximum(length, 1)).astype(np.int64), n)
    np.add.at(sounding, (row[pitched], classes), 1.0)
    np.add.at(sounding, (stop, classes), -1.0)
    level = np.cumsum(sounding, 0)[:-1]
    return np.concatenate((np.zeros((1, 12)), np.cumsum(level, 0)))


def _changes(chroma: Floats, span: int) -> Floats:
    """`[R]`: how different the harmony of the `span` rows from here on is from that before, 0..1."""
    n = len(chroma) - 1
    at = np.arange(n)
    low, high = np.maximum(at - span, 0), np.minimum(at + span, n)
    before, after = chroma[at] - chroma[low], chroma[high] - chroma[at]
    size = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    alike = (before * after).sum(1) / np.maximum(size, 1e-9)
    whole = (at >= span) & (at <= n - span) & (size > 0)
    return np.where(whole, 1.0 - alike, 0.0)


def _best(grid: _Grid, frames: float) -> tuple[int, int, int] | None:
    """Rows a beat, beats a bar, and the downbeat's row, of the best score."""
    recurs = _recurrence(grid)
    usual = recurs[1:].mean() if len(recurs) > 1 else 0.0
    best, found = -np.inf, None
    for per_beat in ROWS_PER_BEAT:
        beat = per_beat * frames
        if not SHORTEST_BEAT <= beat <= LONGEST_BEAT:
            continue
        unusual = np.log(beat / USUAL_BEAT) / BEAT_SPREAD
        known = -0.5 * unusual**2 - RARE_ROWS[per_beat]
        for beats in BEATS_PER_BAR:
            bar = per_beat * beats
            lags = [bar * k for k in (1, 2, 4) if bar * k < len(recurs)]
            again = _again(recurs[lags]) - usual if lags else 0.0
            phase, strong = _downbeat(grid, per_beat, bar)
            score = known - RARER[beats] + RECURS * again + strong
            if score > best:
                best, found = score, (per_beat, beats, (phase + grid.origin) % bar)
    return found


def _again(recurs: Floats) -> float:
    """How much comes back after a bar: as a rule after two or four of them more than after one."""
    return float(recurs.max())


def _recurrence(grid: _Grid) -> Floats:
    """`[lags]`: the share of beginnings that are there again so many rows later, 0 to 1."""
    n = grid.notes.shape[1]
    out = np.zeros(min(n // 2, 224) + 1)
    struck = grid.notes >= 0
    for lag in range(1, len(out)):
        a, b = grid.notes[:, :-lag], grid.notes[:, lag:]
        here, there = struck[:, :-lag], struck[:, lag:]
        either = max(int((here | there).sum()), 1)
        both = here & there
        out[lag] = 0.5 * (int(both.sum()) + int((both & (a == b)).sum())) / either
    return out


def _downbeat(grid: _Grid, per_beat: int, bar: int) -> tuple[int, float]:
    """The phase of the bar that its accents speak for, and how strongly they do."""
    n = len(grid.weight)
    place = np.arange(n) % bar
    bars = np.maximum(np.bincount(place, minlength=bar), 1)

    def profile(values: Floats) -> Floats:
        mean = np.bincount(place, values, bar) / bars
        out: Floats = mean / max(float(mean.mean()), 1e-9)
        return out

    weight, bass, long = profile(grid.weight), profile(grid.bass), profile(grid.long)
    change = profile(_changes(grid.chroma, max(bar // 2, 1)))
    beats = bar // per_beat
    on_beat = np.array(
        [weight[(phase + per_beat * np.arange(beats)) % bar].mean() for phase in range(bar)]
    )
    on_beat = np.log(np.maximum(on_beat, 0.1))
    on_bar = np.log(0.3 + 0.3 * bass + 0.3 * long + 0.1 * weight)
    on_change = ON_CHANGE * (change - 1.0)
    start = np.zeros(bar)
    start[grid.first % bar] = AT_START
    score = ON_BEAT * on_beat + ON_BAR * on_bar + on_change + start
    phase = int(score.argmax())
    return phase, float(score[phase])
