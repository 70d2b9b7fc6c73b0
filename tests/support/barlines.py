"""Whether notes lie on the bar lines of the MIDI clock that the instrument follows.

Where a source's bars begin is what its song positions and counted clocks say, nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from nesvae_live.clock.follower import CLOCKS_PER_UNIT, Status
from nesvae_live.clock.timing import CLOCKS_PER_BEAT
from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Clocked, Heard, Sent
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import CHANNELS
from tests.support.jack import JackServer
from tests.support.probe import JackProbe

CLOCKS_PER_BAR = 96
BEATS_PER_BAR = 4.0
MARGIN_SECONDS = 0.002
"""Beside a period of the server: how far a note may lie from its bar line."""

NEAR_SECONDS = 0.25
"""A note that was heard so far from the time that the log has is not the same note."""

STOP_SECONDS = 0.02
"""Whether a note so near a stop was still sent, nobody can say."""

ABOUT_SECONDS = 0.05
"""So near a bar line a note is meant to be on it, most times."""

LOOK_SECONDS = 1.0
STALL_SECONDS = 0.005
"""On a busy machine the server stands still at times, and the source's clocks with it. A bar line
is looked at if the server lost less than this in the second before it."""


@dataclass(frozen=True, slots=True, order=True)
class Struck:
    """A note on a bar line: its frame, how many frames behind the source's line, the log's beat."""

    frame: int
    off: int
    beat: float


class Hearing:
    """What a probe heard of the source and of the instrument."""

    def __init__(self, probe: JackProbe) -> None:
        self.midi = probe.midi
        self.midi_at = probe.midi_at[: len(self.midi)]
        """When it came, in seconds."""
        self.sample_rate = probe.sample_rate

    @property
    def said(self) -> list[bytes]:
        """What the source said, in its order."""
        return [data for _, data in self.midi if data[0] >= 0xF0]

    @cached_property
    def clocks(self) -> list[tuple[int, int]]:
        """(frame, position in clocks) of the source's clocks, by what it said and counting."""
        clocks: list[tuple[int, int]] = []
        position, runs = 0, False
        for frame, data in self.midi:
            match data[0]:
                case Status.SONG_POSITION:
                    position = (data[1] + 128 * data[2]) * CLOCKS_PER_UNIT
                case Status.START:
                    position, runs = 0, True
                case Status.CONTINUE:
                    runs = True
                case Status.STOP:
                    runs = False
                case Status.CLOCK if runs:
                    clocks.append((frame, position))
                    position += 1
        return clocks

    @cached_property
    def bar_lines(self) -> list[int]:
        """The frames on which the source's bars begin."""
        return [frame for frame, position in self.clocks if position % CLOCKS_PER_BAR == 0]

    @cached_property
    def steady_bar_lines(self) -> list[int]:
        """Those of them before which the server kept its time."""
        return [frame for frame in self.bar_lines if self.stall(frame) < STALL_SECONDS]

    @property
    def told(self) -> int:
        """How many of those tell something: a note was heard about there, if not on the line."""
        about = ABOUT_SECONDS * self.sample_rate
        notes = [frame for frame, data in self.midi if data[0] & 0xF0 == 0x90 and data[2] > 0]
        return sum(
            bisect_left(notes, line - about) < bisect_right(notes, line + about)
            for line in self.steady_bar_lines
        )

    def stall(self, frame: int) -> float:
        """How many seconds the server lost in the last second up to a frame."""
        first = bisect_left(self._frames, frame - LOOK_SECONDS * self.sample_rate)
        last = bisect_right(self._frames, frame)
        behind = [
            at - when / self.sample_rate
            for when, at in zip(self._frames[first:last], self.midi_at[first:last], strict=True)
        ]
        return max(behind) - min(behind)

    @cached_property
    def _frames(self) -> list[int]:
        return [frame for frame, _ in self.midi]

    def notes(self, jam: Jam) -> list[tuple[float, int]]:
        """(beat that the log has, frame on which it was heard) of every note that sounded.

        Notes are found again by their time, because one that a stop took back is in the log and
        was never sent. One that should have been heard and was not fails here.
        """
        heard: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
        for (frame, data), at in zip(self.midi, self.midi_at, strict=True):
            if data[0] & 0xF0 == 0x90 and data[2] > 0:
                heard[data[0] & 0x0F, data[1]].append((at, frame))
        found = []
        for due, entry, event in _sounded(jam):
            same = heard[CHANNELS[event.voice], event.note]
            at, frame = min(same, key=lambda item: abs(item[0] - due), default=(inf, 0))
            assert abs(at - due) < NEAR_SECONDS, f"{entry} was not heard"
            found.append((entry.beat, frame))
        return found

    def struck(self, jam: Jam) -> list[Struck]:
        """The notes that the log has on bar lines, where those are steady."""
        steady, found = set(self.steady_bar_lines), set()
        for beat, frame in self.notes(jam):
            if abs(beat / BEATS_PER_BAR - round(beat / BEATS_PER_BAR)) < 1e-6:
                line = self._nearest_line(frame)
                if line in steady:
                    found.add(Struck(frame, frame - line, beat))
        return sorted(found)

    def _nearest_line(self, frame: int) -> int:
        lines = self.bar_lines
        near = bisect_left(lines, frame)
        around = lines[max(near - 1, 0) : near + 1]
        assert around, "the source has no bar line there"
        return min(around, key=lambda line: abs(frame - line))

    def phases(self, jam: Jam) -> list[tuple[float, float]]:
        """(seconds since the first clock, ms behind the place between clocks) of all notes.

        For a source that started from 0 once and was never stopped before the end.
        """
        frames = [frame for frame, _ in self.clocks]
        found = []
        for beat, frame in self.notes(jam):
            before, share = divmod(beat * CLOCKS_PER_BEAT, 1.0)
            if before + 1 < len(frames):
                first, second = frames[int(before) : int(before) + 2]
                place = first + share * (second - first)
                since = (frame - frames[0]) / self.sample_rate
                found.append((since, 1e3 * (frame - place) / self.sample_rate))
        return found


def heard_by(jam: Jam) -> list[bytes]:
    """What the instrument heard of the source, by its log."""
    inputs = [entry.input for entry in jam.entries if isinstance(entry, Heard)]
    return [bytes(i.data) for i in inputs if isinstance(i, MidiIn) and i.data[0] >= 0xF0]


def _sounded(jam: Jam) -> list[tuple[float, Sent, NoteOn]]:
    """(when it was due, entry, note) of the notes that no stop took back."""
    sounded: list[tuple[float, Sent, NoteOn]] = []
    for entry in jam.entries:
        if isinstance(entry, Clocked) and not entry.runs:
            last = entry.at + jam.opened.origin - STOP_SECONDS
            while sounded and sounded[-1][0] > last:
                sounded.pop()
        elif isinstance(entry, Sent) and isinstance(entry.event, NoteOn):
            sounded.append((entry.at + jam.opened.origin, entry, entry.event))
    return sounded


def check_bar_lines(struck: Sequence[Struck], server: JackServer, *, least: int) -> None:
    """At least so many notes lie on bar lines, each within a period and the margin of the source's."""
    most = server.period + MARGIN_SECONDS * server.sample_rate
    off = [item.off for item in struck]
    print(f"frames off the bar line: {off}, at most {most:.0f}")
    assert len(off) >= least, "too few notes to say anything"
    assert max(map(abs, off)) <= most
