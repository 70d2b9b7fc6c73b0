"""The lines of given voices along the beats, and what of them the decoder is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.given import OPEN, Given
from nesvae_live.music.phrase import N_VOICES, Ints
from nesvae_live.music.voices import SILENCE, Voice

TICKS_PER_BEAT = 12
"""Of a line that is told in ticks."""
SLACK = 1e-4
"""How far floating point may put a place off a note's beginning, in beats."""
NEVER = (-1, -1, -1)
"""No voice enters."""
Span = tuple[float, float]
"""The beats on which something begins and ends."""


class Line(Protocol):
    """What a given voice plays."""

    @property
    def known(self) -> bool:
        """Whether it is known for how long its notes stay."""
        ...

    @property
    def answer(self) -> Span | None:
        """The beats on which the decoder has the voice, to answer with; None: it is always given."""
        ...

    def notes_at(self, places: NDArray[np.float64]) -> Ints:
        """The notes that sound on places, which are beats before swing; 0 is silence."""
        ...


@dataclass(frozen=True, slots=True)
class Loop:
    """A line that comes again and again: every `beats` beats, once from beat `begin` on.

    `places` are beats after `begin`, the first of them 0, on which `notes` begin. Before beat `since` it
    isn't given yet.
    """

    known: ClassVar[bool] = True
    answer: ClassVar[Span | None] = None

    begin: float
    beats: float
    places: tuple[float, ...]
    notes: tuple[int, ...]
    since: float = -math.inf

    def notes_at(self, places: NDArray[np.float64]) -> Ints:
        """The notes that sound on places."""
        within = (places - self.begin + SLACK) % self.beats
        which = np.searchsorted(np.array(self.places), within, "right") - 1
        notes = np.array(self.notes, np.int64)[np.maximum(which, 0)]
        return np.where(places < self.since - SLACK, OPEN, notes)

    @classmethod
    def of_ticks(cls, line: Sequence[tuple[int, int]], since: float, bar: float) -> Loop:
        """Notes and for how many ticks each lasts, from beat `since` on; whole bars of `bar` beats."""
        places = np.cumsum([0, *(ticks for _, ticks in line)]) / TICKS_PER_BEAT
        beats = math.ceil((places[-1] - SLACK) / bar) * bar
        notes = tuple(note for note, _ in line)
        if places[-1] > beats - SLACK:
            places = places[:-1]
        else:
            notes = (*notes, SILENCE)
        return cls(since, beats, tuple(float(x) for x in places), notes, since)


@dataclass(frozen=True, slots=True)
class Struck:
    """A note of which nobody knows how long it stays, 0 for silence.

    If there is to be an `answer`, the note stays until that begins, and after it is silence.
    """

    note: int
    answer: Span | None = None

    @property
    def known(self) -> bool:
        """Whether it is known for how long it stays."""
        return self.answer is not None

    def notes_at(self, places: NDArray[np.float64]) -> Ints:
        """The note, everywhere but in the answer and after it."""
        notes = np.full(len(places), self.note, np.int64)
        if self.answer is not None:
            begin, end = self.answer
            notes[places >= begin - SLACK] = OPEN
            notes[places >= end - SLACK] = SILENCE
        return notes


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the voices that are given.

    `number` counts how often they were changed, `played` how often of these at once, by who plays.
    """

    lines: Mapping[Voice, Line] = field(default_factory=lambda: MappingProxyType({}))
    number: int = 0
    played: int = 0

    def changed(self, voice: Voice, line: Line | None) -> Lines:
        """The same, but that a voice has another line, or is given no more (None)."""
        lines = {other: kept for other, kept in self.lines.items() if other is not voice}
        if line is not None:
            lines[voice] = line
        return replace(self, lines=MappingProxyType(lines), number=self.number + 1)

    def struck(self, notes: Mapping[Voice, int | None], answer: Span | None = None) -> Lines:
        """The same, but that somebody plays these notes now, or leaves the voice (None).

        An `answer` to them is to come on its beats.
        """
        lines = self
        for voice, note in notes.items():
            lines = lines.changed(voice, None if note is None else Struck(note, answer))
        return replace(lines, played=self.played + 1)

    def enters(self, place: float, step: float) -> tuple[int, int, int]:
        """How many steps of `step` beats after a place each voice enters; -1: it doesn't from there on."""
        out = [-1] * N_VOICES
        for voice, line in self.lines.items():
            if line.answer is not None and line.answer[0] >= place - SLACK:
                out[voice] = math.ceil((line.answer[0] - place - SLACK) / step)
        p1, p2, tr = out
        return p1, p2, tr

    def given(self, place: float, step: float, steps: int, cell: int = 1) -> Given | None:
        """What is played from a place on, in `steps` steps of `step` beats; None: no voice is given.

        Notes begin on the lines that lie every `cell` steps, and stay as long again as is played, so
        that it is known how long the last ones do.
        """
        if not self.lines:
            return None
        if not any(line.known for line in self.lines.values()):
            steps = cell = 1  # nothing is known of what follows
        at = np.asarray(np.arange(2 * steps) // cell * cell * step + place, np.float64)
        notes = np.full((2 * steps, N_VOICES), OPEN, np.int64)
        known = np.zeros(N_VOICES, np.bool_)
        for voice, line in self.lines.items():
            notes[:, voice] = line.notes_at(at)
            known[voice] = line.known
        return Given(notes, known)


NONE_GIVEN = Lines()
"""The network writes every voice."""
