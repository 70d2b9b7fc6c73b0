"""A timebase master whose every frame has an exact bar, beat and tick, for tests.

`jack_transport`'s own computes beat 1 of the song anew from a new tempo, so that bars jump when the
tempo changes; here a change holds from the beat on which it is made, as a DAW's tempo map has it.
Beats are quarter notes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

TICKS_PER_BEAT = 1920.0
ROUNDING = 1e-6
"""Ticks that floating point may be off."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `frame` on, on which `beat` falls, `tempo` beats a minute, growing by `glide` a second."""

    frame: float
    beat: float
    tempo: float
    glide: float = 0.0

    def tempo_at(self, seconds: float) -> float:
        """The tempo so many seconds on."""
        return self.tempo + self.glide * seconds

    def beats(self, seconds: float) -> float:
        """How many beats go by in so many seconds."""
        return (self.tempo + self.glide * seconds / 2.0) * seconds / 60.0

    def seconds(self, beats: float) -> float:
        """How long so many beats last."""
        if not self.glide:
            return beats * 60.0 / self.tempo
        return (sqrt(self.tempo**2 + 120.0 * self.glide * beats) - self.tempo) / self.glide


@dataclass(frozen=True, slots=True)
class Bars:
    """From `beat` on, where bar `bar` (from 0) begins, bars of `numerator`/`denominator`."""

    beat: float
    bar: int
    numerator: int = 4
    denominator: int = 4

    @property
    def length(self) -> float:
        """Of a bar, in beats."""
        return self.numerator * 4.0 / self.denominator


class Timebase:
    """A map of tempi and metres in frames of JACK's transport.

    `honest`: it says on which tick of the song a bar begins. Otherwise it counts as Ardour does:
    as if all the bars before were of the present metre. `rounds`: it says the nearest tick, of
    `ticks` a beat, and not the one that has begun. `frozen`: it says tempo and metre of the song's
    beginning all through, and its ticks are those of quarter notes, as Ardour 7.3's.
    """

    def __init__(
        self,
        tempo: float,
        sample_rate: int,
        *,
        honest: bool = True,
        rounds: bool = False,
        ticks: float = TICKS_PER_BEAT,
        frozen: bool = False,
    ) -> None:
        self._rate = sample_rate
        self._honest = honest
        self._rounds = rounds
        self._ticks = ticks
        self._frozen = frozen
        self._map = [Stretch(0, 0.0, tempo)]
        self._bars = [Bars(0.0, 0)]

    def begin(self, tempo: float) -> None:
        """One tempo from frame 0 on, in 4/4."""
        self._map, self._bars = [Stretch(0, 0.0, tempo)], [Bars(0.0, 0)]

    def change_in_a_bar(self, tempo: float, after: int) -> float:
        """Another tempo from the middle of the first whole bar after a frame on; its beat."""
        line, bars = self._next_line(after)
        beat = line + bars.length / 2.0
        self._put(beat, tempo)
        return beat

    def glide_in_a_bar(self, tempo: float, seconds: float, after: int) -> tuple[float, float]:
        """Glide to another tempo, from the first bar line after a frame on; from which beat to which."""
        beat, _ = self._next_line(after)
        now = self.tempo_at(self.frame_of(beat))
        self._put(beat, now, (tempo - now) / seconds)
        reached = beat + self._map[-1].beats(seconds)
        self._put(reached, tempo)
        return beat, reached

    def meter_in_a_bar(self, numerator: int, denominator: int, after: int) -> float:
        """Another metre from the first bar line after a frame on; its beat."""
        beat, bars = self._next_line(after)
        number = bars.bar + round((beat - bars.beat) / bars.length)
        self._bars = [item for item in self._bars if item.beat < beat]
        self._bars.append(Bars(beat, number, numerator, denominator))
        return beat

    def bar_lines(self, first: float, last: float) -> Sequence[float]:
        """The beats from one to another on which bars begin."""
        found, beat = [], self._bars[0].beat
        while beat <= last:
            if beat >= first:
                found.append(beat)
            after = beat + self._bars_at(beat).length
            beat = next((item.beat for item in self._bars if beat < item.beat < after), after)
        return found

    def bar_before(self, beat: float) -> float:
        """The last beat, up to this one, on which a bar begins."""
        bars = self._bars_at(beat)
        return bars.beat + floor((beat - bars.beat) / bars.length + ROUNDING) * bars.length

    def beat_at(self, frame: float) -> float:
        """The beat that falls on a frame."""
        stretch = self._at(frame)
        return stretch.beat + stretch.beats((frame - stretch.frame) / self._rate)

    def frame_of(self, beat: float) -> int:
        """The frame on which a beat falls."""
        return round(self._exact_frame_of(beat))

    def tempo_at(self, frame: float) -> float:
        """The tempo on a frame, in beats a minute."""
        stretch = self._at(frame)
        return stretch.tempo_at((frame - stretch.frame) / self._rate)

    def fill(self, position: Any) -> None:
        """Write into a `jack_position_t` what its frame is. Runs in the server's cycle."""
        import jack

        frame = position.frame
        beat = self.beat_at(frame)
        bars = self._bars_at(beat)
        quarters = 4.0 / bars.denominator
        per_beat = self._ticks * (quarters if self._frozen else 1.0)
        ticks = (beat - bars.beat) / quarters * per_beat
        beats, tick = divmod(floor(ticks + (0.5 if self._rounds else ROUNDING)), per_beat)
        bar, count = divmod(int(beats), bars.numerator)
        position.bar, position.beat, position.tick = bars.bar + bar + 1, count + 1, int(tick)
        start = bars.beat / quarters + bar * bars.numerator
        if not self._honest:
            start = float((bars.bar + bar) * bars.numerator)
        position.bar_start_tick = start * self._ticks
        position.beats_per_bar = float(bars.numerator)
        position.beat_type = float(bars.denominator)
        position.ticks_per_beat = self._ticks
        position.beats_per_minute = self.tempo_at(frame) / quarters
        if self._frozen:
            first = self._bars[0]
            position.beats_per_bar = float(first.numerator)
            position.beat_type = float(first.denominator)
            position.beats_per_minute = self._map[0].tempo * first.denominator / 4.0
        position.valid = jack.POSITION_BBT

    def _put(self, beat: float, tempo: float, glide: float = 0.0) -> None:
        frame = self._exact_frame_of(beat)
        kept = [stretch for stretch in self._map if stretch.frame < frame]
        self._map = [*kept, Stretch(frame, beat, tempo, glide)]

    def _next_line(self, after: int) -> tuple[float, Bars]:
        """The first bar line after a frame, and the bars there."""
        beat = self.beat_at(after)
        bars = self._bars_at(beat)
        return bars.beat + ceil((beat - bars.beat) / bars.length) * bars.length, bars

    def _exact_frame_of(self, beat: float) -> float:
        stretch = [s for s in self._map if s.beat <= beat][-1]
        return stretch.frame + stretch.seconds(beat - stretch.beat) * self._rate

    def _at(self, frame: float) -> Stretch:
        index = bisect_right(self._map, frame, key=lambda stretch: stretch.frame)
        return self._map[max(index - 1, 0)]

    def _bars_at(self, beat: float) -> Bars:
        index = bisect_right(
            self._bars, beat + ROUNDING / TICKS_PER_BEAT, key=lambda item: item.beat
        )
        return self._bars[max(index - 1, 0)]
