"""JACK's transport, cycle by cycle: where it is, to a fraction of a frame, and what is new in it.

A timebase master says bar, beat and tick of a cycle's first frame, and a tick is a dozen frames. So
what is said is taken as bounds, and those of one cycle after another close in on the place. From
one cycle to the next the tempo may glide or change, so the bounds spread by what it changed. Where
what is said agrees with one tempo from frame 0 on, or with what that tempo was found to be like
before, the place is known from the first cycle on.

Where a bar begins is counted from bar to bar, by the metre of each: masters whose metre changes
say nonsense of the bar's first tick (Ardour counts all bars as if they were of the present metre).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from nesvae_live.io.jack.barring import Barring
from nesvae_live.io.jack.cycle import Cycle
from nesvae_live.io.jack.said import SLACK, Counting, Said
from nesvae_live.io.jack.ticking import Ticking

NEWS_FRAMES = 0.25
"""The transport is told anew if it is so many frames off what was told."""

NEWS_SECONDS = 0.2
"""And at least so often while it rolls: its silence means something."""

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

SETTLE_SECONDS = 0.1
"""So long after a start or a jump a place that was known before is believed against what is said.

Ardour says places two cycles ahead at first."""

MOST_AHEAD = 32
"""By so many cycles at most."""

BAR_GRID = 4 / 32
"""Where bars may begin, in quarter notes: in any metre, on such a line counted from frame 0."""

CLOSE = 1 / 16
"""Bounds that are no farther apart than so much of a tick are remembered as a place."""

MOST_KNOWN = 64
"""How many tempi and metres are remembered."""

TOLD = struct.Struct("<?ddd?ddd")
"""What a record of the transport holds: the fields of `TransportIn`, without its time."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told last, at a time in microseconds: paces in beats a second, a `bend` in those a second."""

    at: int
    beat: float
    pace: float
    bend: float
    meter: tuple[float, float]
    bar_start: float

    @property
    def place(self) -> float:
        """In the bar."""
        return self.beat - self.bar_start


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
        self._growth = self._bend = 0.0  # of that a frame: in the last cycle, while it glides
        self._bar: int | None = None  # its number
        self._bar_start = self._counted = (
            0.0  # the latter goes on, though the place in the bar moves
        )
        self._low = self._high = 0.0  # bounds of the place in the bar
        self._counting = Counting()
        self._ticking = Ticking(rate)
        self._barring = Barring()
        self._zero: float | None = (
            None  # the beat of the bar's beginning, by one tempo from frame 0 on
        )
        self._trusted = False  # whether the place was known before what is said now
        self._since = self._cycle = 0  # frames: since a start or a jump, of a cycle
        # By tempo and metre: on which frame, in which bar, at which place in it.
        self._lines: dict[tuple[float, tuple[float, float]], tuple[int, int, float]] = {}
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
            if jumped or began:
                self._since = 0
            self._cycle = cycle.frames
            goes = rolls and self._rolled and not jumped
            said = self._barring.take(said, self._pace * (frame - self._frame) if goes else None)
            self._listen(frame, said, anew=jumped or first, rolls=rolls)
            self._since += cycle.frames
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
        told = self._told
        broke = jumped or began or first
        broke |= not rolls and told is not None and abs(place - told.place) > SLIP
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

    def _listen(self, frame: int, said: Said, *, anew: bool, rolls: bool) -> None:
        """With a master: close in on the place that it says."""
        said_pace = said.tempo * said.quarters / 60.0 / self._rate
        pace = self._pace if self._ticking.doubted else said_pace
        tick = said.tick_quarters
        if said.late is None:
            low, high = self._counting.bounds(said)
            known = low - ROUNDING * tick, high + ROUNDING * tick
        else:
            known = (said.place + said.late * pace,) * 2
        if anew or self._bar is None or not self._go_on(frame, said, known, pace, rolls=rolls):
            pace = self._ticking.enter(said.bar, said_pace)
            self._growth = self._bend = 0.0
            self._bar_start = self._counted = said.bar_start * said.quarters
            self._enter(frame, said, known, pace)
        self._pace = pace
        self._bar, self._meter = said.bar, said.meter
        if rolls and self._since > SETTLE_SECONDS * self._rate:
            at = self._counted + sum(known) / 2
            if (line := self._ticking.take(frame, at, said_pace, tick, said.bar)) is not None:
                self._low = self._high = line.beat - self._counted
                self._pace, self._growth, self._bend, self._zero = line.pace, 0.0, line.bend, None
        else:
            self._ticking.begin()
        if self._ticking.doubted:
            return
        if not self._growth and self._high - self._low <= CLOSE * tick:
            self._lines.pop((pace, said.meter), None)
            self._lines[pace, said.meter] = frame, said.bar, (self._low + self._high) / 2
            if len(self._lines) > MOST_KNOWN:
                del self._lines[next(iter(self._lines))]

    def _enter(self, frame: int, said: Said, known: tuple[float, float], pace: float) -> None:
        """Begin anew at a place within bounds, or at one that a line makes."""
        self._low, self._high = known
        self._trusted, self._zero = False, None
        if said.late is not None:
            return
        middle = sum(known) / 2
        counted = (said.bar - 1) * said.beats_per_bar * said.quarters
        near = round((frame * pace - middle) / BAR_GRID) * BAR_GRID  # after bars of other metres
        zeros = counted, said.bar_start * said.quarters, near
        places: list[tuple[float, float | None]] = [(frame * pace - zero, zero) for zero in zeros]
        if (found := self._lines.get((pace, said.meter))) is not None:
            then, bar, place = found
            over = (said.bar - bar) * said.beats_per_bar * said.quarters
            places.append((place + (frame - then) * pace - over, None))
        slack = SLACK * said.tick_quarters
        for place, zero in places:
            self._counting.begin()
            if zero is None:
                holds = known[0] - slack <= place <= known[1] + slack
            else:
                holds = self._counting.holds(place, said)
            ahead = (middle - place) / pace if zero is not near else 0.0
            if holds or self._is_ahead(ahead, said.tick_quarters / pace):
                self._low = self._high = place
                self._trusted, self._zero = True, zero
                return

    def _is_ahead(self, frames: float, tick: float) -> bool:
        """Whether a master that has just started or jumped is ahead of a line as Ardour is, by cycles."""
        cycles = round(frames / self._cycle)
        if not 1 <= cycles <= MOST_AHEAD or self._since > SETTLE_SECONDS * self._rate:
            return False
        return abs(frames - cycles * self._cycle) <= tick

    def _go_on(
        self, frame: int, said: Said, known: tuple[float, float], pace: float, *, rolls: bool
    ) -> bool:
        """Go on to a frame, with a place in the bar within bounds; False if it doesn't go on there."""
        slow, fast = self._glide(pace, frame - self._frame)
        assert self._bar is not None  # it began
        over = (said.bar - self._bar) * self._meter[0] * 4.0 / self._meter[1]
        low, high = self._low + slow - over, self._high + fast - over
        off = known[0] - high if high < known[0] else min(known[1] - low, 0.0)
        excluded = abs(off) > said.tick_quarters
        if excluded and not rolls:
            return False
        self._bar_start += over
        self._counted += over
        if self._zero is not None:
            self._zero += over
        if not rolls:
            self._trusted = True
        if excluded and self._trusted and self._since < SETTLE_SECONDS * self._rate:
            self._low, self._high = low, high
            return True
        if self._growth:
            self._zero = None
        elif self._zero is not None and self._counting.holds(
            line := frame * pace - self._zero, said
        ):
            self._low = self._high = self._counting.held(line, known)
            return True
        if excluded:
            # What the master says is so, and if it's elsewhere in the bar than it was, the song goes
            # on all the same, and only its bar begins elsewhere.
            slipped = (sum(known) - low - high) / 2
            if abs(slipped) > SLIP:
                self._bar_start -= slipped
            self._enter(frame, said, known, pace)
        elif off:  # its arithmetic, or ours
            self._low = self._high = known[0] if off > 0 else known[1]
        else:
            self._low, self._high = max(low, known[0]), min(high, known[1])
        return True

    def _glide(self, pace: float, frames: int) -> tuple[float, float]:
        """Notice whether the tempo glides; the least and the most beats that went by in some frames.

        A tempo that changes at once may have done so anywhere. One that glides has gone by its mean,
        but for what the glide itself changed.
        """
        if not frames:
            self._growth = self._bend = 0.0
            return 0.0, 0.0
        before, change = self._growth, pace - self._pace
        self._growth = growth = 0.0 if abs(change) <= STEADY_TEMPO * pace else change / frames
        glides = growth * before > 0 and 1 / ALIKE < growth / before < ALIKE
        self._bend = growth if glides else 0.0
        if not glides:
            slow, fast = sorted((self._pace, pace))
            return slow * frames, fast * frames
        went, slack = (self._pace + pace) / 2 * frames, abs(growth - before) * frames**2
        return went - slack, went + slack
