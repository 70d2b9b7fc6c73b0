"""Songs whose metre is known: played on a machine of 60.1 frames a second, cut to 24 steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 60.0988
SUB = 8  # looks at each frame


@dataclass(frozen=True)
class Song:
    """A score `[N, 4, 3]` and the truth: a row's frames, a bar's, and the first bar line's frame.

    `frames` is 0 for a song without a steady row.
    """

    score: NDArray[np.uint8]
    frames: float
    bar_frames: float
    downbeat_frame: float


def cut(frames: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Note and velocity `[F, 4, 2]` a frame to a score of 24 steps a second, as NES-MDB is cut."""
    fine = np.repeat(frames, SUB, axis=0)
    per_step = FRAMES_PER_SECOND / 24 * SUB
    steps = int(len(fine) / per_step)
    score = np.zeros((steps, 4, 3), np.uint8)
    for step in range(steps):
        part = fine[round(step * per_step) : round((step + 1) * per_step)]
        for voice in range(4):
            line = part[:, voice]
            sounding = line[line[:, 0] > 0]
            if len(sounding):
                score[step, voice, 0] = np.bincount(sounding[:, 0]).argmax()
                score[step, voice, 1] = np.bincount(sounding[:, 1]).argmax() if voice != 2 else 0
    return score


def steady(rng: np.random.Generator) -> Song:
    """A song with a row of 4 to 16 frames or a groove, in 4/4 or 3/4, perhaps with a pickup."""
    groove = rng.random() < 0.2
    base = int(rng.integers(4, 17))
    pattern = [base, base - 1] if groove and base > 4 else [base]
    row = float(np.mean(pattern))
    if row < 6:
        rows_per_beat = 6 if rng.random() < 0.15 else 4
    elif row < 10:
        rows_per_beat = 3 if rng.random() < 0.15 else 4
    else:
        rows_per_beat = 3 if rng.random() < 0.15 else 2
    beats = 3 if rng.random() < 0.2 else 4
    bar = rows_per_beat * beats
    bars = max(8, int(24 * FRAMES_PER_SECOND / (bar * row)))
    pickup = int(rng.integers(1, rows_per_beat + 1)) if rng.random() < 0.25 else 0
    notes = _bars(rng, rows_per_beat, beats, bars)
    if pickup:
        lead = np.zeros((pickup, 4), np.int64)
        lead[:, 0] = 60 + rng.integers(0, 12, pickup)
        notes = np.concatenate((lead, notes))
    starts = np.concatenate(
        ([0], np.cumsum([pattern[i % len(pattern)] for i in range(len(notes))]))
    )
    frames = _play(rng, notes, starts)
    lead_frames = 0
    if rng.random() < 0.15:  # a fanfare before it, of its own tempo
        fanfare = _fanfare(rng)
        lead_frames = len(fanfare)
        frames = np.concatenate((fanfare, frames))
    if rng.random() < 0.25:
        frames = _echo(rng, frames)
    return Song(cut(frames), row, bar * row, lead_frames + float(starts[pickup]))


def unsteady(rng: np.random.Generator) -> Song:
    """A song whose notes come at no steady pace: rubato, or at random."""
    notes = _bars(rng, 4, 4, 12)
    n = len(notes)
    if rng.random() < 0.5:
        pace = 7.3 * np.exp(np.cumsum(rng.normal(0, 0.07, n)) - np.linspace(0, 0.2, n))
        pace = np.clip(pace, 3, 16)
    else:
        pace = rng.uniform(3, 14, n)
    starts = np.concatenate(([0], np.cumsum(pace))).round().astype(np.int64)
    return Song(cut(_play(rng, notes, starts)), 0.0, 0.0, 0.0)


def _bars(rng: np.random.Generator, rows_per_beat: int, beats: int, bars: int) -> NDArray[np.int64]:
    """`[rows, 4]`: a note that begins, -1 where the voice goes on, 0 where it falls silent."""
    bar = rows_per_beat * beats
    key = int(rng.integers(0, 12))
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    progression = rng.choice([0, 3, 4, 5, 1], 4)
    progression[0] = 0
    motifs = [_motif(rng, rows_per_beat, beats) for _ in range(3)]
    order = rng.choice([0, 0, 1, 2], 4)
    bass = rng.integers(0, 3)
    drums = rng.random() < 0.7
    out = np.full((bars * bar, 4), -1, np.int64)
    for b in range(bars):
        chord = int(progression[b % 4])
        at = b * bar
        for r, degree in motifs[order[b % 4]]:
            d = chord + degree
            out[at + r, 0] = 60 + key + scale[d % 7] + 12 * (d // 7)
        for beat in range(beats):
            out[at + beat * rows_per_beat, 1] = 55 + key + scale[(chord + (0, 2, 4, 2)[beat]) % 7]
        root = 36 + key + scale[chord % 7]
        if bass == 0:
            out[at, 2] = root
            out[at + 2 * rows_per_beat, 2] = root + 7
        elif bass == 1:
            for beat in range(beats):
                out[at + beat * rows_per_beat, 2] = root
        else:
            for half in range(2 * beats):
                r = half * rows_per_beat // 2
                out[at + r, 2] = root + (12 if half % 2 else 0)
        if drums:
            for beat in range(beats):
                out[at + beat * rows_per_beat, 3] = 4 if beat % 2 == 0 else 12
            for r in range(0, bar, max(rows_per_beat // 2, 1)):
                if out[at + r, 3] < 0:
                    out[at + r, 3] = 16
    return out


def _motif(rng: np.random.Generator, rows_per_beat: int, beats: int) -> list[tuple[int, int]]:
    out, bar = [], rows_per_beat * beats
    for r in range(bar):
        chance = 0.85 if r % rows_per_beat == 0 else 0.4 if r % 2 else 0.5
        if rng.random() < chance:
            out.append((r, int(rng.integers(0, 8))))
    return out


def _play(
    rng: np.random.Generator, notes: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows to frames `[F, 4, 2]`: pulses and noise fade, so that a note struck again is heard."""
    frames = np.zeros((int(starts[-1]), 4, 2), np.int64)
    fade = rng.choice([0.0, 0.15, 0.4])
    rest = rng.choice([1.0, 0.7])
    for voice in range(4):
        begins = np.flatnonzero(notes[:, voice] > 0)
        ends = np.append(begins, len(notes))[1:]
        for a, b in zip(begins, ends, strict=True):
            first, last = int(starts[a]), int(starts[b])
            length = last - first
            if voice == 3:
                length = min(length, 6)
            elif voice != 2:
                length = max(2, int(length * rest))
            age = np.arange(length)
            frames[first : first + length, voice, 0] = notes[a, voice]
            level = 15 - (1.5 if voice == 3 else fade) * age
            frames[first : first + length, voice, 1] = np.clip(level, 1, 15)
    return frames


def _echo(rng: np.random.Generator, frames: NDArray[np.int64]) -> NDArray[np.int64]:
    delay = int(rng.integers(5, 20))
    out = frames.copy()
    out[:, 1] = 0
    out[delay:, 1] = frames[:-delay, 0]
    out[:, 1, 1] = np.minimum(out[:, 1, 1], 6)
    return out


def _fanfare(rng: np.random.Generator) -> NDArray[np.int64]:
    starts = np.concatenate(([0], np.cumsum(rng.integers(5, 30, 10))))
    notes = np.full((10, 4), -1, np.int64)
    notes[:, 0] = 60 + rng.integers(0, 12, 10)
    return _play(rng, notes, starts)
