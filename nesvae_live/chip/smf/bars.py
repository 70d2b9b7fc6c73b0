"""A MIDI file's own bars: its notes in ticks, each with its place, by its time signatures.

A file says where its beats are, and whoever wrote notes by them wrote in musical time. Whoever played
freely into a recorder did not: there the beats mean nothing, and the metre has to be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from nesvae_live.chip.smf.notes import END_MARK, TIME_SIGNATURE
from nesvae_live.chip.smf.reading import MidiMusic, music_to_tuples
from nesvae_live.chip.smf.song import Song, read_song
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.metre.onsets import FRAMES_PER_STEP
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, place_of
from nesvae_live.music.metre.ticks import TickSong
from nesvae_live.music.phrase import STEPS_PER_SECOND

ON_BEATS = 0.8
"""The share of the notes that must begin on a sixteenth or a triplet of the file's own beats; by chance
it is a half."""
NEAR = 0.15
"""So near to a line, in ticks, is what was written and not played: 6 ms at 120 BPM."""

BEATS = {
    **dict.fromkeys((Fraction(4), Fraction(2), Fraction(1)), 4),
    **dict.fromkeys((Fraction(3), Fraction(3, 2), Fraction(6)), 3),
}
"""Quarters of a bar -> beats of the bar that the network knows: two or four short bars are one of its,
and a bar of 6/8 is as long as one of 3/4. Others are free."""

Line = tuple[int, int]
"""From this tick on, 12 a quarter, bars have so many beats; 0: there are none that are known."""


def midi_to_song(data: bytes, music: MidiMusic) -> TickSong | None:
    """A file's notes in ticks by its own beats, or None if they don't lie on them.

    Args:
        data: the file.
        music: the same file, read.

    Raises:
        ValueError: as `music_to_tuples`.
    """
    song = read_song(data)
    tuples = music_to_tuples(music)
    onsets = sorted({note.on for note in music.arrangement.notes})
    if song.ticks_per_beat is None or _share_on_lines(onsets) < ON_BEATS:
        return None
    begin = onsets[0]
    held = np.concatenate(([0], np.cumsum(tuples[:, 3])))
    first = round(begin * STEPS_PER_SECOND)
    ticks = first + held
    lines = _bar_lines(song, music)
    places = np.array([_place(lines, int(tick)) for tick in ticks[:-1]], np.int64)
    seconds = np.array([_played(music, begin + int(step) / STEPS_PER_SECOND) for step in held])
    frames = (seconds - seconds[0]) * STEPS_PER_SECOND * FRAMES_PER_STEP
    steps = max(round(float(seconds[-1] - seconds[0]) * STEPS_PER_SECOND), 1)
    return TickSong(tuples, places, frames[:-1], frames[:-1], steps)


def _played(music: MidiMusic, steady: float) -> float:
    """When what lies there at the steady tempo is played, in seconds."""
    return music.ticks.to_sample(music.ticks.from_steady(steady)) / VGM_RATE


def _share_on_lines(onsets: Sequence[float]) -> float:
    """The share of beginnings, in seconds at the steady tempo, that lie on a sixteenth or triplet."""
    if not onsets:
        return 0.0
    at = np.array(onsets) * STEPS_PER_SECOND
    off = np.minimum(*(np.abs(at - np.rint(at / line) * line) for line in (3, 4)))
    return float((off <= NEAR).mean())


def _bar_lines(song: Song, music: MidiMusic) -> list[Line]:
    """Where bars begin to have so many beats, by the file's time signatures: 4/4 where it has none."""
    found: dict[int, int] = {0: 4}
    metas = [m for track in song.tracks for m in track.metas if m.kind == TIME_SIGNATURE]
    for meta in sorted(metas, key=lambda m: m.tick):
        if len(meta.data) < 2 or tuple(meta.data[:2]) == END_MARK or meta.data[1] > 6:
            continue
        quarters = Fraction(4 * meta.data[0], 2 ** meta.data[1])
        tick = round(music.ticks.to_steady(meta.tick) * STEPS_PER_SECOND)
        found[tick] = BEATS.get(quarters, 0)
    lines = sorted(found.items())
    # An upbeat: the first stretch is shorter than its bar, which ends where the next one begins.
    if len(lines) > 1 and lines[1][0] < (lines[0][1] or 4) * TICKS_PER_BEAT:
        bar = (lines[1][1] or 4) * TICKS_PER_BEAT
        lines[0] = (lines[1][0] - bar, lines[1][1])
    return lines


def _place(lines: list[Line], tick: int) -> int:
    since, beats = next((line for line in reversed(lines) if line[0] <= tick), lines[0])
    return place_of(tick - since, beats) if beats else FREE
