"""What is to sound when: the tuples of placed phrases, and the notes that follow from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nesvae_live.clock.timing import EPSILON
from nesvae_live.music.events import NoteEvent, NoteOff, NoteOn
from nesvae_live.music.voices import SILENCE, VOICES, Voice


@dataclass(frozen=True, slots=True)
class Moment:
    """From `beat` on the voices hold `notes` (P1, P2, TR; 0 is silence)."""

    beat: float
    notes: tuple[int, int, int]


class Schedule:
    """Moments in order of beat, phrase after phrase without a gap."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque()
        self.end = 0.0
        """The beat at which all that is placed has ended."""

    def place(
        self, tuples: Sequence[tuple[int, int, int, int]], beats: Sequence[float], end: float
    ) -> None:
        """Let tuples start on `beats` and the last one end on `end`.

        What was placed for the first of these beats and later gives way.
        """
        while self._moments and self._moments[-1].beat >= beats[0] - EPSILON:
            self._moments.pop()
        for (p1, p2, tr, _), beat in zip(tuples, beats, strict=True):
            self._moments.append(Moment(beat, (p1, p2, tr)))
        self.end = end

    def clear(self) -> None:
        """Drop all that is placed."""
        self._moments.clear()

    def pop_due(self, beat: float) -> Iterator[Moment]:
        """Take the moments up to and including `beat`, in order."""
        while self._moments and self._moments[0].beat <= beat:
            yield self._moments.popleft()


class Voicing:
    """The book of what sounds. Whoever starts a note ends it: all notes go through here."""

    def __init__(self) -> None:
        self._sounding = {spec.voice: SILENCE for spec in VOICES}

    @property
    def sounding(self) -> dict[Voice, int]:
        """Voice -> note, for every voice that sounds."""
        return {voice: note for voice, note in self._sounding.items() if note != SILENCE}

    def change(self, notes: tuple[int, int, int], muted: Collection[Voice] = ()) -> list[NoteEvent]:
        """The events that lead from what sounds to `notes`, with the muted voices silent.

        A note that goes on is not struck again; the notes that end come before those that start.
        """
        offs: list[NoteEvent] = []
        ons: list[NoteEvent] = []
        for spec in VOICES:
            wanted = SILENCE if spec.voice in muted else notes[spec.voice]
            now = self._sounding[spec.voice]
            if wanted == now:
                continue
            if now != SILENCE:
                offs.append(NoteOff(spec.voice, now))
            if wanted != SILENCE:
                ons.append(NoteOn(spec.voice, wanted))
            self._sounding[spec.voice] = wanted
        return offs + ons

    def end(self, voices: Collection[Voice] = tuple(Voice)) -> list[NoteEvent]:
        """The events that end whatever sounds in `voices`."""
        offs: list[NoteEvent] = []
        for voice, note in self._sounding.items():
            if voice in voices and note != SILENCE:
                offs.append(NoteOff(voice, note))
                self._sounding[voice] = SILENCE
        return offs
