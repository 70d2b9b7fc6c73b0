"""Scores in musical time and back: tuples whose holds are ticks, each with its place in the bar.

Where the metre is sure, what begins near a row's line is put on it, and the rest on the nearest of
the beat's 12 ticks. Where it isn't, a tick is a step of the score and the place is *free*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.metre import Metre, Stretch, find_metre
from nesvae_live.music.metre.onsets import FRAMES_PER_STEP
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, advance, place_of
from nesvae_live.music.metre.rows import RowStretch
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SNAP = 1.7
"""What begins within so many frames of a row's line begins on it."""


@dataclass(frozen=True)
class TickSong:
    """A song in ticks.

    `tuples` `[n, 4]`: the three notes, and for how many ticks they hold (steps, where free).
    `places` `[n]` where in the bar each begins. `frames` `[n]` when each begins by the grid, and
    `heard` `[n]` by the score, in frames of 1/60.1 s. `steps` is how long the score is.
    """

    tuples: Ints
    places: Ints
    frames: Floats
    heard: Floats
    steps: int

    def moved(self) -> Floats:
        """`[n]`: by how many steps of the score the grid has moved each tuple."""
        return np.asarray((self.frames - self.heard) / FRAMES_PER_STEP)


def score_to_ticks(score: NDArray[np.uint8], stretches: list[Stretch] | None = None) -> TickSong:
    """Write a score in ticks.

    Args:
        score: uint8 `[N, 4, 3]`, an exprsco's note, velocity and timbre of each voice and step.
        stretches: its metre, if it is known already.
    """
    stretches = find_metre(score) if stretches is None else stretches
    notes = score[:, :N_VOICES, 0].astype(np.int64)
    tuples: list[tuple[int, ...]] = []
    places: list[int] = []
    frames: list[float] = []
    heard: list[float] = []
    for stretch in stretches:
        part = notes[stretch.start : stretch.stop]
        if not len(part):
            continue
        steps = _changes(part) + stretch.start
        times = FRAMES_PER_STEP * (steps + 0.5 * _rested(notes, steps))
        times[0], end = FRAMES_PER_STEP * stretch.start, FRAMES_PER_STEP * stretch.stop
        ticks = _ticks(stretch, np.append(steps, stretch.stop - 1), np.append(times, end))
        for i, step in enumerate(steps):
            tick, left = int(ticks[i]), int(ticks[i + 1] - ticks[i])
            row = tuple(int(note) for note in notes[step])
            first = True
            while left > 0:
                held = min(left, LONGEST_HOLD)
                tuples.append((*row, held))
                places.append(_place(stretch.metre, tick))
                frames.append(tick_to_frames(stretch, tick, int(step)))
                heard.append(float(times[i]) if first else frames[-1])
                tick, left, first = tick + held, left - held, False
    return TickSong(
        np.array(tuples, np.int64).reshape(-1, N_VOICES + 1),
        np.array(places, np.int64),
        np.array(frames),
        np.array(heard),
        len(score),
    )


def steps_to_ticks(stretches: list[Stretch], steps: Ints, rested: NDArray[np.bool_]) -> Ints:
    """`[n]`: on which tick of the song each of some beginnings lies, by the grid of `score_to_ticks`.

    Args:
        stretches: the song's metre.
        steps: `[n]` the steps of the score on which something begins, in order.
        rested: `[n]` whether it begins after a rest.
    """
    times = FRAMES_PER_STEP * (steps + 0.5 * rested)
    out, before = np.zeros(len(steps), np.int64), 0
    for stretch in stretches:
        if stretch.start == stretch.stop:
            continue
        ends = np.array([stretch.start, stretch.stop - 1])
        first, end = _ticks(
            stretch, ends, FRAMES_PER_STEP * np.array([stretch.start, stretch.stop])
        )
        mine = (steps >= stretch.start) & (steps < stretch.stop)
        ticks = np.clip(_ticks(stretch, steps[mine], times[mine]), first, max(end - 1, first))
        out[mine] = before + ticks - first
        before += int(end - first)
    return out


def ticks_to_steps(song: TickSong) -> Ints:
    """`[N, 3]` notes a step of the score that a song in ticks came from, as near as it is kept."""
    begins = np.rint(song.frames / FRAMES_PER_STEP - 0.25).astype(np.int64)
    begins = np.clip(np.maximum.accumulate(begins), 0, song.steps)
    if len(begins):
        begins[0] = 0
    lengths = np.diff(np.append(begins, song.steps))
    return np.repeat(song.tuples[:, :N_VOICES], lengths, axis=0)


def places_after(first: int, held: NDArray[np.integer]) -> Ints:
    """`[n]`: the places of tuples of which the first has place `first` and each holds `held` ticks."""
    out = np.empty(len(held), np.int64)
    place = first
    for i, ticks in enumerate(held):
        out[i] = place
        place = advance(place, int(ticks))
    return out


def tick_to_frames(stretch: Stretch, tick: int, step: int) -> float:
    """When a tick, counted from the stretch's bar line, is, seen from a step near it."""
    metre, rows = stretch.metre, stretch.rows
    if metre is None:
        return FRAMES_PER_STEP * (stretch.start + tick)
    row = tick * metre.rows_per_beat / TICKS_PER_BEAT + metre.downbeat
    return float(rows.phases(np.array([step]))[0] + row * rows.frames)


def beat_lines(stretch: Stretch) -> tuple[Floats, NDArray[np.bool_]]:
    """`[n]` twice: in which frame each beat of a stretch begins, and whether a bar does.

    None where the stretch is free.
    """
    metre, rows = stretch.metre, stretch.rows
    if metre is None:
        return np.zeros(0), np.zeros(0, bool)
    first, last = FRAMES_PER_STEP * stretch.start, FRAMES_PER_STEP * stretch.stop
    beat = rows.frames * metre.rows_per_beat
    begin = tick_to_frames(stretch, 0, stretch.start)
    numbers = np.arange(math.floor((first - begin) / beat), math.ceil((last - begin) / beat) + 2)
    frames = []
    for number in numbers.tolist():
        near = round((begin + number * beat) / FRAMES_PER_STEP)
        step = min(max(near, stretch.start), stretch.stop - 1)
        frames.append(tick_to_frames(stretch, number * TICKS_PER_BEAT, step))
    times = np.array(frames)
    inside = (times >= first - FRAMES_PER_STEP / 2) & (times < last)
    return times[inside], numbers[inside] % metre.beats_per_bar == 0


def _place(metre: Metre | None, tick: int) -> int:
    return FREE if metre is None else place_of(tick, metre.beats_per_bar)


def _changes(notes: Ints) -> Ints:
    """The steps, from 0, at which any of `[N, 3]` notes changes, the first one among them."""
    changed = np.flatnonzero((notes[1:] != notes[:-1]).any(1)) + 1
    return np.concatenate(([0], changed)).astype(np.int64)


def _rested(notes: Ints, steps: Ints) -> NDArray[np.bool_]:
    """Whether all that begins at each step begins after a rest."""
    before = notes[np.maximum(steps - 1, 0)]
    now = notes[steps]
    begins = (now > 0) & (now != before)
    return np.asarray(begins.any(1) & ~(begins & (before > 0)).any(1))


def _ticks(stretch: Stretch, steps: Ints, frames: Floats) -> Ints:
    """Times to ticks from the stretch's bar line, none before the one before it."""
    metre = stretch.metre
    if metre is None:
        return np.rint(frames / FRAMES_PER_STEP - 0.25).astype(np.int64) - stretch.start
    per_row = TICKS_PER_BEAT / metre.rows_per_beat
    row = stretch.rows.rows(steps, frames)
    line = np.rint(row)
    near = np.abs(row - line) * stretch.rows.frames <= SNAP
    on_line = np.floor((line - metre.downbeat) * per_row + 0.25)
    between = np.rint((row - metre.downbeat) * per_row)
    ticks = np.where(near, on_line, between).astype(np.int64)
    return np.maximum.accumulate(ticks)


__all__ = [
    "RowStretch",
    "TickSong",
    "beat_lines",
    "places_after",
    "score_to_ticks",
    "tick_to_frames",
    "ticks_to_steps",
]
