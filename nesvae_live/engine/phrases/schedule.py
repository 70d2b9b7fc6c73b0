"""The schedule: on which beats tuples fall, which notes follow from them, and what is due when.

A place is a beat before swing; a beat is where it sounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from nesvae_live.clock.timing import EPSILON, Meter, clocks_to_beats
from nesvae_live.engine.band.moment import Moment
from nesvae_live.engine.band.written import Written
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.latent.performing import Stroke, Touch
from nesvae_live.music.drums import Drummer, Hit
from nesvae_live.music.events import NoteEvent, NoteOff, NoteOn
from nesvae_live.music.grid import SWING, Mode
from nesvae_live.music.patch import Patch
from nesvae_live.music.phrase import STEPS_PER_SECOND, Phrase
from nesvae_live.music.voices import SILENCE, VOICES, Voice


class Schedule:
    """Moments in order of beat, phrase after phrase without a gap."""

    def __init__(self) -> None:
        self._moments: deque[Moment] = deque()
        self.end = 0.0
        """The beat at which all that is placed has ended."""

    def place(
        self,
        tuples: Sequence[tuple[int, int, int, int]],
        beats: Sequence[float],
        end: float,
        touches: Sequence[Touch] = (),
    ) -> None:
        """Place tuples so that they start on `beats` and the last one ends on `end`.

        `touches` say how the notes are played that begin with them. What was placed for the first of
        these beats and later gives way. Of tuples that start on the same beat the last one plays.
        """
        while self._moments and self._moments[-1].beat >= beats[0] - EPSILON:
            self._moments.pop()
        begin: dict[int, tuple[Touch, ...]] = {}
        for touch in touches:
            begin[touch.number] = (*begin.get(touch.number, ()), touch)
        for i, ((p1, p2, tr, _), beat) in enumerate(zip(tuples, beats, strict=True)):
            played = begin.get(i, ())
            if self._moments and beat - self._moments[-1].beat < EPSILON:
                played = self._moments.pop().touches + played
            self._moments.append(Moment(beat, (p1, p2, tr), played))
        self.end = end

    def clear(self) -> None:
        """Remove all that is placed."""
        self._moments.clear()

    def pop_due(self, beat: float) -> Iterator[Moment]:
        """Take the moments up to and including `beat`, in order."""
        while self._moments and self._moments[0].beat <= beat:
            yield self._moments.popleft()


class Voicing:
    """The record of which notes sound. All notes go through it, so that each one is ended."""

    def __init__(self) -> None:
        self._sounding = {spec.voice: SILENCE for spec in VOICES}

    @property
    def sounding(self) -> dict[Voice, int]:
        """Voice -> note, for each voice that sounds."""
        return {voice: note for voice, note in self._sounding.items() if note != SILENCE}

    def change(self, notes: tuple[int, int, int], muted: Collection[Voice] = ()) -> list[NoteEvent]:
        """The events that lead from what sounds to `notes`, with the muted voices silent.

        A note that goes on is not struck again; notes end before others start.
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


class Placer:
    """Puts phrases onto the schedule, and their drums beside it; in the sequencer's thread."""

    def __init__(self, performance: PlayConfig, clock: Clock) -> None:
        self._performance = performance
        self._grid = performance.grid
        self._even = replace(performance.grid, swing=SWING.low)
        self._clock = clock
        self.schedule = Schedule()
        self.written = Written()
        self.drummer = Drummer(performance.seed)
        self.reached = 0.0
        """The beat up to which everything has been taken, to be sent."""

    def clear(self) -> None:
        """Remove all that is placed: the clock enters somewhere."""
        self.schedule.clear()
        self.written.clear()

    def take_due(self, beat: float, noise: float | None) -> tuple[list[Moment], list[Hit]]:
        """Take what is due up to and including `beat`; `noise` is the drums' knob (None: unset)."""
        hits = self.drummer.pop_due(beat, noise)
        self.reached = max(self.reached, beat)
        return [*self.schedule.pop_due(beat)], hits

    def put_down(
        self,
        phrase: Phrase,
        index: int,
        start: float,
        end: float | None = None,
        before: tuple[int, int, int] | None = None,
        touches: Sequence[Touch] = (),
        strokes: Sequence[Stroke] = (),
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Place phrase `index`, or its tail, from place `start` on; what was there gives way.

        Args:
            phrase: the phrase, or its tail.
            index: the phrase's number, for the draws of its drums.
            start: where its first tuple starts.
            end: where its last tuple ends; None: as the grid has it.
            before: the notes of the tuple before a tail; None for a whole phrase.
            touches: how its notes are played.
            strokes: its drums, if they are learnt.

        Returns:
            The places on which its tuples start and the last one ends, and the beats of these.
        """
        if end is None:
            length = self._grid.length(phrase.steps, start, self._clock.ref.tempo, self._meter)
            end = start + length
        holds = [held for *_, held in phrase.tuples]
        places = (*self._even.lay(holds, start, end - start, self._meter), end)
        beats = tuple(self.swung(place) for place in places)
        self.schedule.place(phrase.tuples, beats[:-1], beats[-1], touches)
        self.written.put(places, phrase.tuples)
        if self._performance.learnt_drums:
            self.drummer.lay([*self._hits(strokes, holds, places)], beats[0])
        else:
            self.drummer.place(
                phrase, index, beats[0], 0.0, beats=beats, before=before, meter=self._meter
            )
        return places, beats

    def _hits(
        self, strokes: Sequence[Stroke], holds: Sequence[int], places: Sequence[float]
    ) -> Iterator[Hit]:
        """Strokes at the beats on which they sound; a tuple of no length has none."""
        for stroke in strokes:
            start, end = places[stroke.number], places[stroke.number + 1]
            if end > start:
                place = start + stroke.tick * (end - start) / holds[stroke.number]
                patch = Patch(volume=stroke.volume, duty=stroke.duty)
                yield Hit(self.swung(place), stroke.note, stroke.rank, patch)

    @property
    def _meter(self) -> Meter:
        return self._clock.meter or self._performance.meter

    def swung(self, place: float) -> float:
        """The beat on which a place sounds."""
        return self._grid.swung(place, self._meter)

    def may_cut(self, place: float) -> bool:
        """Whether a tail may begin on a place."""
        return self._grid.may_begin(place, self._meter)

    @property
    def step_seconds(self) -> float:
        """How long one step of the corpus lasts here, in seconds, for somebody who plays along."""
        if self._grid.mode is Mode.NATIVE:
            return 1.0 / STEPS_PER_SECOND
        return clocks_to_beats(self._grid.clocks_per_step) * self._clock.ref.beat_seconds
