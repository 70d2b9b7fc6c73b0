"""A timebase master whose every frame has an exact bar, beat and tick, for tests.

`jack_transport`'s own computes beat 1 of the song anew from a new tempo, so that bars jump when the
tempo changes; here a change holds from the beat on which it is made, as a DAW's tempo map has it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import ceil
from typing import Any

BEATS_PER_BAR = 4
TICKS_PER_BEAT = 1920.0
ROUNDING = 1e-6
"""Ticks that floating point may be off."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `frame` on, on which `beat` falls, `tempo` beats a minute."""

    frame: int
    beat: float
    tempo: float


class Timebase:
    """A tempo map in frames of JACK's transport."""

    def __init__(self, tempo: float, sample_rate: int) -> None:
        self._rate = sample_rate
        self._map = [Stretch(0, 0.0, tempo)]

    def begin(self, tempo: float) -> None:
        """One tempo from frame 0 on."""
        self._map = [Stretch(0, 0.0, tempo)]

    def change_in_a_bar(self, tempo: float, after: int) -> float:
        """Another tempo from the middle of the first whole bar after a frame on; its beat."""
        bar = ceil(self.beat_at(after) / BEATS_PER_BAR)
        beat = (bar + 0.5) * BEATS_PER_BAR
        frame = self.frame_of(beat)
        kept = [stretch for stretch in self._map if stretch.frame < frame]
        self._map = [*kept, Stretch(frame, beat, tempo)]
        return beat

    def beat_at(self, frame: int) -> float:
        """The beat that falls on a frame."""
        stretch = self._at(frame)
        return stretch.beat + (frame - stretch.frame) * stretch.tempo / 60.0 / self._rate

    def frame_of(self, beat: float) -> int:
        """The frame on which a beat falls."""
        stretch = [s for s in self._map if s.beat <= beat][-1]
        return round(stretch.frame + (beat - stretch.beat) * 60.0 / stretch.tempo * self._rate)

    def fill(self, position: Any) -> None:
        """Write into a `jack_position_t` what its frame is. Runs in the server's cycle."""
        import jack

        frame = position.frame
        ticks = self.beat_at(frame) * TICKS_PER_BEAT + ROUNDING
        beats, tick = divmod(ticks, TICKS_PER_BEAT)
        bar, beat = divmod(int(beats), BEATS_PER_BAR)
        position.bar, position.beat, position.tick = bar + 1, beat + 1, int(tick)
        position.bar_start_tick = bar * BEATS_PER_BAR * TICKS_PER_BEAT
        position.beats_per_bar, position.beat_type = float(BEATS_PER_BAR), 4.0
        position.ticks_per_beat = TICKS_PER_BEAT
        position.beats_per_minute = self._at(frame).tempo
        position.valid = jack.POSITION_BBT

    def _at(self, frame: int) -> Stretch:
        index = bisect_right(self._map, frame, key=lambda stretch: stretch.frame)
        return self._map[max(index - 1, 0)]
