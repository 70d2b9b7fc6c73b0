"""The placing of phrases: on which beats their tuples fall, and what of them is due.

A place is a beat before swing, a beat is where it sounds.
"""

from __future__ import annotations

from dataclasses import replace

from nesvae_live.clock.timing import clocks_to_beats
from nesvae_live.engine.config import Performance
from nesvae_live.engine.protocols import Clock
from nesvae_live.engine.schedule import Moment, Schedule
from nesvae_live.music.drums import Drummer, Hit
from nesvae_live.music.grid import SWING, Mode
from nesvae_live.music.phrase import STEPS_PER_SECOND, Phrase


class Placing:
    """Puts phrases onto the schedule, and their drums beside it; in the sequencer's thread."""

    def __init__(self, performance: Performance, clock: Clock) -> None:
        self._meter = performance.meter
        self._grid = performance.grid
        self._even = replace(performance.grid, swing=SWING[0])
        self._clock = clock
        self.schedule = Schedule()
        self.drummer = Drummer(performance.seed, performance.meter.beats_per_bar)
        self.reached = 0.0
        """The beat up to which everything was taken to be sent."""

    def take_due(self, beat: float, noise: float | None) -> list[Moment | Hit]:
        """What is due up to and including `beat`, drums by the knob that turns them."""
        hits = self.drummer.pop_due(beat, noise)
        due: list[Moment | Hit] = [*self.schedule.pop_due(beat), *hits]
        self.reached = max(self.reached, beat)
        return due

    def put_down(
        self,
        phrase: Phrase,
        index: int,
        start: float,
        end: float | None = None,
        before: tuple[int, int, int] | None = None,
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Put phrase `index`, or its tail, down from place `start` on; what was there gives way.

        Args:
            phrase: what it is.
            index: which it is, for the draws of its drums.
            start: where its first tuple starts.
            end: where its last one ends; None: as the grid has it.
            before: the notes of the tuple before a tail.

        Returns:
            The places on which its tuples start and the last one ends, and their beats.
        """
        if end is None:
            length = self._grid.length(phrase.steps, start, self._clock.ref.tempo, self._meter)
            end = start + length
        holds = [held for *_, held in phrase.tuples]
        places = (*self._even.lay(holds, start, end - start, self._meter), end)
        beats = tuple(self.swung(place) for place in places)
        self.schedule.place(phrase.tuples, beats[:-1], beats[-1])
        self.drummer.place(phrase, index, beats[0], 0.0, beats=beats, before=before)
        return places, beats

    def swung(self, place: float) -> float:
        """The beat of a place."""
        return self._grid.swung(place, self._meter)

    @property
    def step_seconds(self) -> float:
        """How long a step of the corpus is here, for who plays along."""
        if self._grid.mode is Mode.NATIVE:
            return 1.0 / STEPS_PER_SECOND
        return clocks_to_beats(self._grid.clocks_per_step) * self._clock.ref.beat_seconds
