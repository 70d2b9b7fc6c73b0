"""Following MIDI clock: what start, stop, position and clocks say, in whatever order they come.

The position is counted, never computed from the tempo; the tempo line under it comes from
`TempoLoop`. Two clocks on one port are noticed. Nothing here knows the time: stamps are arguments,
taken first thing in the callback.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from statistics import fmean

from nesvae_live.clock.tempoloop import TempoLoop
from nesvae_live.clock.timing import CLOCKS_PER_BEAT, ClockRef, clocks_to_beats


class PairWatch:
    """Notices two clocks merged on one port: the intervals alternate, long and short.

    So do the stamps of a long JACK period at some tempi; therefore the rate must have doubled
    while it was heard, or be faster than music. Two clocks of different tempi do not alternate
    and are not seen, nor are two slow ones that were there from the first clock on.
    """

    WINDOW = 24
    """Intervals that are looked at."""
    BURST = 0.002
    """Seconds; shorter intervals may be a period's bunch."""
    TOO_FAST = 60 / 200 / CLOCKS_PER_BEAT
    """Seconds of a clock at 200 beats a minute."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=3 * self.WINDOW)
        self.doubled = False

    def hear(self, interval: float) -> None:
        """Take the seconds between two clocks."""
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
            or (full and 0.4 < mean / was < 0.6)
            or (mean < self.TOO_FAST and min(one, other) > self.BURST)
        )


CLOCKS_PER_UNIT = 6
"""A unit of song position is a sixteenth."""

LOST_AFTER = 0.25
"""Seconds without a clock after which a running source counts as lost."""

COAST_AFTER = 1.0
"""Seconds without a clock after which it is taken to go on, if that is wanted."""


class Status(IntEnum):
    """The messages of MIDI clock by their first byte; only song position has more of them."""

    SONG_POSITION = 0xF2
    CLOCK = 0xF8
    START = 0xFA
    CONTINUE = 0xFB
    STOP = 0xFC


class Motion(StrEnum):
    """What the source does.

    Armed: started, and the next clock falls on the position. Coasting: nothing is heard of it, and
    it is taken to go on at its last tempo.
    """

    STOPPED = "stopped"
    ARMED = "armed"
    RUNNING = "running"
    LOST = "lost"
    COASTING = "coasting"

    @property
    def rolls(self) -> bool:
        """Whether beats go by."""
        return self in {Motion.RUNNING, Motion.COASTING}


@dataclass(frozen=True, slots=True)
class Transport:
    """Where the source is.

    `clocks` is the position of the next clock, counted from 0; `epoch` grows whenever what comes
    does not follow from what was (start, stop, continue, a new position, loss, return): then
    notes end and phrases are placed anew. `ref` is the tempo line on which beats fall; it holds
    while running and coasting, and otherwise says where the next clock would fall if there were no
    break.
    `clocked`: clocks arrive. `doubled`: two sources seem to be merged on the port.
    """

    motion: Motion = Motion.STOPPED
    clocks: int = 0
    epoch: int = 0
    ref: ClockRef = field(default_factory=ClockRef)
    clocked: bool = False
    doubled: bool = False

    @property
    def beat(self) -> float:
        """The position of the next clock in beats."""
        return clocks_to_beats(self.clocks)


class Follower:
    """Follows one port. Its `ref` makes it a clock; `transport` says whether that clock runs.

    A source that is lost holds; with `coasts`, a second after its last clock it is taken to go on
    on its line, until it speaks again. A clock that then comes is the one that is due there.
    """

    def __init__(self, beat_seconds: float = 0.5, *, coasts: bool = False) -> None:
        self._coasts = coasts
        self._loop = TempoLoop(beat_seconds / CLOCKS_PER_BEAT)
        self._pairs = PairWatch()
        self._motion = Motion.STOPPED
        self._clocks = 0
        self._epoch = 0
        self._last: float | None = None
        self._clocked = False
        self.transport = Transport(ref=ClockRef(beat_seconds=beat_seconds))
        """Replaced, never changed."""

    @property
    def ref(self) -> ClockRef:
        """The tempo line of `transport`."""
        return self.transport.ref

    def hear(self, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message and its stamp in seconds; in the sequencer's thread.

        Returns:
            Whether it was the clock's. Whatever else comes, a cut song position among it, is
            ignored.
        """
        match tuple(data):
            case (Status.CLOCK,):
                self._hear_clock(at)
            case (Status.START,):
                self._clocks = 0
                self._break_to(Motion.ARMED)
            case (Status.CONTINUE,):
                if self._motion is not Motion.RUNNING:  # else it says nothing new
                    self._break_to(Motion.ARMED)
            case (Status.STOP,):
                if self._motion is not Motion.STOPPED:
                    self._break_to(Motion.STOPPED)
            case (Status.SONG_POSITION, low, high) if low < 128 and high < 128:
                clocks = (low + 128 * high) * CLOCKS_PER_UNIT
                silent = self._motion in {Motion.LOST, Motion.COASTING}
                if clocks != self._clocks or silent:
                    self._clocks = clocks
                    self._break_to(Motion.ARMED if silent else self._motion)
            case _:
                return False
        self._publish()
        return True

    def tick(self, now: float) -> None:
        """Notice that clocks stopped coming; call it at least every 20 ms, after `hear`."""
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

    def _hear_clock(self, at: float) -> None:
        if self._last is not None and at - self._last > LOST_AFTER:
            self._lose()
        elif self._last is not None:
            self._pairs.hear(at - self._last)
        self._last, self._clocked = at, True
        if self._motion is Motion.COASTING:
            # It is the one that is due nearest, so the music goes on without a break.
            self._clocks += round((at - self._loop.at) / self._loop.clock_seconds) - 1
            self._motion = Motion.RUNNING
        self._loop.hear(at, anew=self._motion is Motion.ARMED)
        if self._motion is Motion.LOST:
            self._break_to(Motion.RUNNING)
        if self._motion is Motion.ARMED:
            self._motion = Motion.RUNNING
        if self._motion is Motion.RUNNING:
            self._clocks += 1

    def _lose(self) -> None:
        self._clocked = False
        self._loop.pause()
        self._pairs = PairWatch()
        if self._motion is Motion.RUNNING:
            self._break_to(Motion.LOST)

    def _break_to(self, motion: Motion) -> None:
        self._motion = motion
        self._epoch += 1

    def _publish(self) -> None:
        # The clock heard last is the one before the next.
        beat = clocks_to_beats(self._clocks - 1)
        self.transport = Transport(
            self._motion,
            self._clocks,
            self._epoch,
            ClockRef(beat, self._loop.at, self._loop.clock_seconds * CLOCKS_PER_BEAT),
            self._clocked,
            self._pairs.doubled,
        )
