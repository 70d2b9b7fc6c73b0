"""Follows an incoming MIDI clock: start, stop, song position and clocks, in whatever order.

The position is counted, never computed from the tempo; the tempo line under it comes from
`TempoLoop`. Two clocks merged on one port are detected. Nothing here reads a clock: time stamps are
arguments, taken first thing in the MIDI callback.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from statistics import fmean

from nesvae_live.clock.joining import Joining
from nesvae_live.clock.tempoloop import TempoLoop
from nesvae_live.clock.timing import CLOCKS_PER_BEAT, ClockRef, clocks_to_beats


class PairWatch:
    """Detects two clocks merged on one port: their intervals alternate between long and short.

    The stamps of a long JACK period alternate too, at some tempi. The rate must therefore also
    have doubled while it was being followed, or be faster than any music. Two clocks of different
    tempi do not alternate and are not detected, nor are two slow ones that were both there from
    the first clock on.
    """

    WINDOW = 24
    """How many intervals are examined at a time."""
    BURST = 0.002
    """Seconds. Shorter intervals may come from one audio period's burst."""
    TOO_FAST = 60 / 200 / CLOCKS_PER_BEAT
    """Seconds between clocks at 200 beats a minute."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=3 * self.WINDOW)
        self.doubled = False

    def add(self, interval: float) -> None:
        """Take the interval between two clocks, in seconds."""
        self._intervals.append(interval)
        heard = list(self._intervals)
        if len(heard) < self.WINDOW:
            return
        window = heard[-self.WINDOW :]
        mean, one, other = fmean(window), fmean(window[::2]), fmean(window[1::2])
        squares = fmean([(x - one) ** 2 for x in window[::2]])
        squares += fmean([(x - other) ** 2 for x in window[1::2]])
        chance = (squares / (self.WINDOW // 2)) ** 0.5
        if abs(one - other) < max(0.3 * mean, 6.0 * chance):
            self.doubled = False
            return
        full = len(heard) == 3 * self.WINDOW
        was = fmean(heard[: self.WINDOW])
        self.doubled = (
            self.doubled
            or (full and 0.4 * was < mean < 0.6 * was)
            or (mean < self.TOO_FAST and min(one, other) > self.BURST)
        )


CLOCKS_PER_UNIT = 6
"""A unit of song position is a sixteenth."""

LOST_AFTER = 0.25
"""Seconds without a clock after which a running source counts as lost."""

COAST_AFTER = 1.0
"""Seconds without a clock after which the follower coasts, if it is set to."""


class Status(IntEnum):
    """The messages of MIDI clock by their first byte; only song position has more of them."""

    SONG_POSITION = 0xF2
    CLOCK = 0xF8
    START = 0xFA
    CONTINUE = 0xFB
    STOP = 0xFC


class Motion(StrEnum):
    """The state of the source's transport.

    Armed: it has started, and the next clock falls on the position. Coasting: it has gone silent,
    and is assumed to go on at its last tempo.
    """

    STOPPED = "stopped"
    ARMED = "armed"
    RUNNING = "running"
    LOST = "lost"
    COASTING = "coasting"

    @property
    def rolls(self) -> bool:
        """Whether beats are passing."""
        return self in {Motion.RUNNING, Motion.COASTING}


@dataclass(frozen=True, slots=True)
class Transport:
    """The source's transport: its position, and the tempo line that it runs on.

    `clocks` is the position of the next clock, counted from 0. `epoch` grows at every break in
    the sequence (start, stop, continue, a new position, loss, return): notes end there and phrases
    are placed anew. `ref` is the tempo line on which beats fall; it is valid while running and
    coasting, and otherwise says where the next clock would fall if there were no break.
    `clocked`: clocks are arriving. `doubled`: two sources seem to be merged on the port. `waits`:
    clocks have come for seconds, and no start; `heard`: there was one ever, or a stop.
    """

    motion: Motion = Motion.STOPPED
    clocks: int = 0
    epoch: int = 0
    ref: ClockRef = field(default_factory=ClockRef)
    clocked: bool = False
    doubled: bool = False
    waits: bool = False
    heard: bool = False

    @property
    def beat(self) -> float:
        """The position of the next clock in beats."""
        return clocks_to_beats(self.clocks)


class Follower:
    """Follows the clock on one port: `ref` is its tempo line, `transport` says whether it runs.

    When the source is lost the position holds. With `coasts`, a second after the last clock it goes
    on along the tempo line until the source is back; the first clock that then comes counts as the
    one that is due at that time. `join`, of `CLOCK_JOIN`: what to do when it rolls already.
    """

    def __init__(
        self, beat_seconds: float = 0.5, *, coasts: bool = False, join: str = "wait"
    ) -> None:
        self._coasts = coasts
        self._joining = Joining(join)
        self._loop = TempoLoop(beat_seconds / CLOCKS_PER_BEAT)
        self._pairs = PairWatch()
        self._motion = Motion.STOPPED
        self._clocks = 0
        self._epoch = 0
        self._last: float | None = None
        self._clocked = False
        self.transport = Transport(ref=ClockRef(beat_seconds=beat_seconds))
        """Replaced as a whole, never changed in place."""

    @property
    def ref(self) -> ClockRef:
        """The tempo line of `transport`."""
        return self.transport.ref

    def receive(self, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message and its stamp in seconds; in the sequencer's thread.

        Returns:
            Whether it was one of MIDI clock's. Anything else, a truncated song position included,
            is ignored.
        """
        match tuple(data):
            case (Status.CLOCK,):
                self._receive_clock(at)
            case (Status.START,):
                self._say()
                self._clocks = 0
                self._break_to(Motion.ARMED)
            case (Status.CONTINUE,):
                self._say()
                if self._motion is not Motion.RUNNING:  # else it says nothing new
                    self._break_to(Motion.ARMED)
            case (Status.STOP,):
                self._say()
                if self._motion is not Motion.STOPPED:
                    self._break_to(Motion.STOPPED)
            case (Status.SONG_POSITION, low, high) if low < 128 and high < 128:
                clocks = (low + 128 * high) * CLOCKS_PER_UNIT
                silent = self._motion in {Motion.LOST, Motion.COASTING}
                if self._motion is Motion.RUNNING:
                    self._joining.say()
                if clocks != self._clocks or silent:
                    self._clocks = clocks
                    self._break_to(Motion.ARMED if silent else self._motion)
            case _:
                return False
        self._publish()
        return True

    def tick(self, now: float) -> None:
        """Detect that clocks have stopped coming; called at least every 20 ms, after `receive`."""
        silence = 0.0 if self._last is None else now - self._last
        if self._clocked and silence > LOST_AFTER:
            self._lose()
        elif self._coasts and self._motion is Motion.LOST and silence > COAST_AFTER:
            self._break_to(Motion.COASTING)
        elif self._motion is not Motion.COASTING:
            return
        if self._motion is Motion.COASTING:
            self._clocks += self._loop.coast(now)
        self._publish()

    def set_one(self, at: float, bar: int) -> int | None:
        """A bar begins at `at` seconds, to the nearest clock; join there, if clocks come alone.

        Args:
            at: about now.
            bar: clocks in a bar.

        Returns:
            By how many clocks the bar's beginning precedes the next clock; None: no clocks come.
        """
        if not self._clocked:
            return None
        place = self._joining.tap((self._loop.at - at) / self._loop.clock_seconds, bar)
        ahead = place if place <= bar // 2 else place - bar
        if not self._motion.rolls:
            self._clocks = place
            self._break_to(Motion.RUNNING)
        elif place != self._clocks % bar:
            self._clocks = place
            self._break_to(self._motion)
        self._publish()
        return ahead

    def _say(self) -> None:
        self._joining.say()
        self._joining.heard = True

    def _receive_clock(self, at: float) -> None:
        if self._last is not None and at - self._last > LOST_AFTER:
            self._lose()
        elif self._last is not None:
            self._pairs.add(at - self._last)
        self._last, self._clocked = at, True
        if self._motion is Motion.COASTING:
            # Take it for the clock that is due nearest to now: the music goes on without a break.
            self._clocks += round((at - self._loop.at) / self._loop.clock_seconds) - 1
            self._motion = Motion.RUNNING
        self._loop.track(at, anew=self._motion is Motion.ARMED)
        if self._motion is Motion.LOST:
            self._break_to(Motion.RUNNING)
        if self._joining.clock(at, stopped=self._motion is Motion.STOPPED):
            self._clocks = 0
            self._break_to(Motion.RUNNING)
        if self._motion is Motion.ARMED:
            self._motion = Motion.RUNNING
        if self._motion is Motion.RUNNING:
            self._clocks += 1

    def _lose(self) -> None:
        self._clocked = False
        self._joining.lose()
        self._loop.pause()
        self._pairs = PairWatch()
        if self._motion is Motion.RUNNING:
            self._break_to(Motion.LOST)

    def _break_to(self, motion: Motion) -> None:
        self._motion = motion
        self._epoch += 1

    def _publish(self) -> None:
        # `_clocks` counts the next clock; the line passes through the last one.
        beat = clocks_to_beats(self._clocks - 1)
        self.transport = Transport(
            self._motion,
            self._clocks,
            self._epoch,
            ClockRef(beat, self._loop.at, self._loop.clock_seconds * CLOCKS_PER_BEAT),
            self._clocked,
            self._pairs.doubled,
            self._joining.waits,
            self._joining.heard,
        )
