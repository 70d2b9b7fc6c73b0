"""A jam as its log tells it: which voice played what, and when."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

from nesvae_live.log.entries import (
    Barred,
    Clocked,
    Closed,
    Entry,
    Opened,
    Rendered,
    Sent,
    Silenced,
    Sounded,
)
from nesvae_live.music.events import Event, NoteOff, NoteOn, Shape
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it sounded: MIDI note and velocity, from beat `start` to beat `end`."""

    voice: Voice
    note: int
    velocity: int
    start: float
    end: float


@dataclass(frozen=True)
class Jam:
    """A log that was read; times are seconds from beat 0 on.

    `entries` is everything after `opened`, as it was written. `cut` says in one line what is
    missing or could not be read; None for a log that is whole. `first_bar` is the number of its
    first bar in the take, from 1.
    """

    opened: Opened
    entries: tuple[Entry, ...]
    cut: str | None = None
    first_bar: int = 1

    def beat_at(self, at: float) -> float:
        """The beat at `at` seconds; while the clock stood still, the beat that it held."""
        i = bisect_right(self._line_starts, at) - 1
        line = self.lines[max(i, 0)]
        return line.beat + (at - line.at) / line.beat_seconds if line.runs else line.beat

    def time_of(self, beat: float) -> float:
        """The seconds at which `beat` falls, or would fall."""
        running = [line for line in self.lines if line.runs]
        reached = [line for line in running if line.beat <= beat] or running[:1] or self.lines
        line = reached[-1]
        return line.at + (beat - line.beat) * line.beat_seconds

    @cached_property
    def lines(self) -> tuple[Clocked, ...]:
        """The tempo lines in order, at least one; each holds until the next begins."""
        lines = tuple(entry for entry in self.entries if isinstance(entry, Clocked))
        if lines and lines[0].at <= self.opened.at:
            return lines
        first = Clocked(self.opened.at, 0.0, 60.0 / self.opened.tempo, runs=True)
        return (first, *lines)

    @cached_property
    def _line_starts(self) -> tuple[float, ...]:
        return tuple(line.at for line in self.lines)

    @cached_property
    def sent(self) -> tuple[Sent | Clocked, ...]:
        """What was sent and sounded, and the breaks of the clock, which end every note.

        What was sent for a beat after a break, or after the end, never sounded.
        """
        end_beat = self.end_beat()
        kept: list[Sent | Clocked] = []
        for entry in self.entries:
            if isinstance(entry, Clocked) and not entry.runs:
                while kept and kept[-1].beat > entry.beat:
                    kept.pop()
                kept.append(entry)
            elif isinstance(entry, Sent) and entry.beat <= end_beat:
                kept.append(entry)
        return tuple(kept)

    @cached_property
    def sounded(self) -> tuple[tuple[int, Event | None], ...]:
        """What the chip took, in order: (sample, event); event None is where every voice ended."""
        event_of = {entry.n: entry.event for entry in self.entries if isinstance(entry, Sent)}
        took: list[tuple[int, Event | None]] = []
        for entry in self.entries:
            if isinstance(entry, Silenced):
                took.append((entry.sample, None))
            elif isinstance(entry, Sounded):
                numbers = range(entry.first, entry.first + entry.count)
                took += [(entry.sample, event_of[n]) for n in numbers if n in event_of]
        return tuple(took)

    def end_beat(self) -> float:
        """Where the jam ended, in beats; one that was not closed ends at its last entry."""
        last = 0.0
        for entry in self.entries:
            if isinstance(entry, Closed):
                return max(0.0, entry.beat)
            if isinstance(entry, Sent):
                last = max(last, entry.beat)
            elif not isinstance(entry, Sounded | Silenced | Rendered | Barred):
                last = max(last, self.beat_at(entry.at))
        return last

    def notes(self) -> list[Note]:
        """Every note in order of its start; a voice has one at a time, and each has an end."""
        sounding: dict[Voice, tuple[NoteOn, float]] = {}
        notes: list[Note] = []

        def end(voice: Voice, beat: float) -> None:
            on, start = sounding.pop(voice)
            if beat > start:
                notes.append(Note(voice, on.note, on.velocity, start, beat))

        for entry in sorted(self.sent, key=_order):
            beat = max(0.0, entry.beat)
            if isinstance(entry, Clocked):
                for voice in list(sounding):
                    end(voice, beat)
                continue
            event = entry.event
            if isinstance(event, Shape):
                continue
            now = sounding.get(event.voice)
            if now and (isinstance(event, NoteOn) or event.note == now[0].note):
                end(event.voice, beat)
            if not isinstance(event, NoteOff):
                sounding[event.voice] = (event, beat)
        end_beat = self.end_beat()
        for voice in list(sounding):
            end(voice, end_beat)
        notes.sort(key=lambda note: (note.start, note.voice))
        return notes

    def bars(self) -> int:
        """How many bars the jam fills, at least one.

        A last bar that had begun but in which nothing sounded does not count.
        """
        bar = self.opened.beats_per_bar
        last_note = max((note.end for note in self.notes()), default=0.0)
        # A millionth of a bar is rounding, not music.
        return max(1, ceil(last_note / bar - 1e-6), floor(self.end_beat() / bar + 1e-6))


def _order(entry: Sent | Clocked) -> tuple[float, bool]:
    """The order of entries: by beat, and on one beat ends before beginnings."""
    return entry.beat, isinstance(entry, Sent) and isinstance(entry.event, NoteOn)
