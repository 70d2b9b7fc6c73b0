"""JACK's transport, cycle by cycle: where it is, to a fraction of a frame, and what is new in it.

A timebase master says bar, beat and tick of a cycle's first frame, and a tick is a dozen frames. So
what is said is taken as bounds, and those of one cycle after another close in on the place. From
one cycle to the next the tempo may glide or change, so the bounds spread by what it changed.

Where a bar begins is counted from bar to bar, by the metre of each: masters whose metre changes
say nonsense of the bar's first tick (Ardour counts all bars as if they were of the present metre).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from nesvae_live.io.jack.cycle import Cycle

NEWS_FRAMES = 0.25
"""The transport is told anew if it is so many frames off what was told."""

NEWS_SECONDS = 0.2
"""And at least so often while it rolls, so that its silence means something."""

NEWS_TEMPO = 1e-5
"""And if its tempo differs by such a share from what was told."""

STEADY_TEMPO = 1e-9
"""As a share: a master whose tempo differs by less goes on at the same."""

ALIKE = 2.0
"""A tempo glides if it has changed in two cycles on end, and in neither so many times as much."""

ROUNDING = 1e-3
"""How far, in ticks, a master's own arithmetic may put a beat on the wrong side of a tick."""

SLIP = 0.01
"""In beats: a place that is farther off than this has moved, and is no inexactness."""

TOLD = struct.Struct("<?ddd?ddd")
"""What a record of the transport holds: the fields of `TransportIn`, without its time."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a timebase master says of a frame: beats here are as it counts them.

    `bar` is the bar's number, `bar_start` the beat on which it begins, `beat` the whole beats and
    `tick` the ticks since then; `beats_per_bar`, `beat_type` and `tempo` as in a score. `late` are
    the frames since that tick; None if that is not said, and it may be up to `spread` ticks.
    """

    bar: int
    bar_start: float
    beat: int
    tick: float
    ticks_per_beat: float
    beats_per_bar: float
    beat_type: float
    tempo: float
    late: float | None = None
    spread: float = 1.0

    def through_pipewire(self) -> Said:
        """What the master said, if this is what came of it on its way through PipeWire.

        There a place is a number of beats since the song's beginning. Of some ticks (four in ten) it
        is a hair too small, and who reads it has the tick before. Which of two ticks it was follows
        from that, or it may be either.
        """
        if self.late is not None:
            return self
        if self._tick_read(self.tick) != self.tick:
            return replace(self, tick=self.tick + 1)
        either = self._tick_read(self.tick + 1) == self.tick
        return replace(self, spread=2.0) if either else self

    def _tick_read(self, tick: float) -> int:
        """The tick that is read of a place that the master says as this tick of this beat."""
        bars = (self.bar - 1) * self.beats_per_bar
        rest = bars + self.beat + tick / self.ticks_per_beat - bars
        return int((rest - self.beat) * self.ticks_per_beat)


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told last, at a time in microseconds: paces in beats a second, a `bend` in those a second."""

    at: int
    beat: float
    pace: float
    bend: float
    meter: tuple[float, float]
    bar_start: float


class TransportReader:
    """Finds out what is new in each cycle; one thread, in the server's cycle.

    `tempo` (beats a minute) and `meter` are taken where no master says any.
    """

    def __init__(self, rate: int, tempo: float, meter: tuple[float, float]) -> None:
        self._rate = rate
        self._tempo = tempo
        self._own_meter = self._meter = meter
        self._frame = 0  # the last cycle's first
        self._next: int | None = None  # the frame on which the next cycle should begin
        self._rolled = False
        self._pace = 0.0  # beats a frame
        self._growth = self._bend = (
            0.0  # of that, in each frame: in the last cycle, while it glides
        )
        self._bar: int | None = None  # its number
        self._bar_start = 0.0
        self._low = self._high = 0.0  # bounds of the place in the bar
        self._told: _Told | None = None

    def read(self, cycle: Cycle, frame: int, said: Said | None, *, rolls: bool) -> bytes | None:
        """Take a cycle, whose first frame is the transport's `frame`; what is to be told of it."""
        jumped = self._next is not None and frame != self._next
        began = rolls and not self._rolled
        first = self._next is None
        stopped = self._rolled and not rolls
        if said is None:
            self._reckon(frame)
        else:
            self._listen(frame, said, anew=jumped or began or first or not rolls)
        self._frame, self._next = frame, frame + cycle.frames if rolls else frame
        self._rolled = rolls
        place = (self._low + self._high) / 2
        now = _Told(
            cycle.begins,
            self._bar_start + place,
            self._pace * self._rate,
            self._bend * self._rate**2,
            self._meter,
            self._bar_start,
        )
        broke = jumped or began or first
        if not (broke or stopped or self._is_news(now, rolls=rolls)):
            return None
        self._told = now
        return TOLD.pack(rolls, now.beat, place, 1.0 / now.pace, broke, now.bend, *now.meter)

    def _is_news(self, now: _Told, *, rolls: bool) -> bool:
        told = self._told
        if told is None or now.meter != told.meter:
            return True
        if not rolls:
            return False
        passed = (now.at - told.at) / 1e6
        beat = told.beat + passed * told.pace + told.bend * passed * passed / 2
        pace = told.pace + told.bend * passed
        return (
            abs(beat - now.beat) > NEWS_FRAMES * self._pace
            or abs(pace - now.pace) > NEWS_TEMPO * now.pace
            or passed > NEWS_SECONDS
            or told.bar_start != now.bar_start
        )

    def _reckon(self, frame: int) -> None:
        """Without a master: one tempo and one metre from frame 0 on."""
        self._pace = self._tempo / 60.0 / self._rate
        self._growth = self._bend = 0.0
        self._bar, self._meter = None, self._own_meter
        length = self._meter[0] * 4.0 / self._meter[1]
        bars, self._low = divmod(frame * self._pace, length)
        self._high = self._low
        self._bar_start = bars * length

    def _listen(self, frame: int, said: Said, *, anew: bool) -> None:
        """With a master: close in on the place that it says."""
        quarters = 4.0 / said.beat_type
        pace = said.tempo * quarters / 60.0 / self._rate
        low = (said.beat + said.tick / said.ticks_per_beat) * quarters
        width = quarters / said.ticks_per_beat * said.spread
        if said.late is not None:
            low, width = low + said.late * pace, 0.0
        low, width = low - ROUNDING * width, (1 + 2 * ROUNDING) * width
        known = low, low + width
        if anew or self._bar is None:
            self._growth = self._bend = 0.0
            self._bar_start = said.bar_start * quarters
            self._low, self._high = known
            # A song of one tempo, or one that stands on a tick: then that is the place.
            whole = frame * pace - self._bar_start
            if known[0] <= whole <= known[1]:
                self._low = self._high = whole
        else:
            self._go_on(known, said.bar - self._bar, pace, frame - self._frame)
        self._pace = pace
        self._bar, self._meter = said.bar, (said.beats_per_bar, said.beat_type)

    def _go_on(self, known: tuple[float, float], bars: int, pace: float, frames: int) -> None:
        """Go on for some frames, over so many bar lines, to a place in the bar within bounds."""
        slow, fast = self._glide(pace, frames)
        over = bars * self._meter[0] * 4.0 / self._meter[1]
        low, high = self._low + slow - over, self._high + fast - over
        self._bar_start += over
        if max(low, known[0]) <= min(high, known[1]):
            self._low, self._high = max(low, known[0]), min(high, known[1])
            return
        # Bounds that exclude each other: what the master says is so, and if it's elsewhere in the
        # bar than it was, the song goes on all the same, and only its bar begins elsewhere.
        slipped = (sum(known) - low - high) / 2
        if abs(slipped) > SLIP:
            self._bar_start -= slipped
        self._low, self._high = known

    def _glide(self, pace: float, frames: int) -> tuple[float, float]:
        """Notice whether the tempo glides; the least and the most beats that went by in some frames.

        A tempo that changes at once may have done so anywhere. One that glides has gone by its mean,
        but for what the glide itself changed.
        """
        before, change = self._growth, pace - self._pace
        self._growth = growth = 0.0 if abs(change) <= STEADY_TEMPO * pace else change / frames
        glides = growth * before > 0 and 1 / ALIKE < growth / before < ALIKE
        self._bend = growth if glides else 0.0
        if not glides:
            slow, fast = sorted((self._pace, pace))
            return slow * frames, fast * frames
        went, slack = (self._pace + pace) / 2 * frames, abs(growth - before) * frames**2
        return went - slack, went + slack
