"""Clock sources: each keeps a tempo line up to date, on which the sequencer finds its beats."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nesvae_live.clock.follower import Follower, Motion, Status, Transport
from nesvae_live.clock.linkclocks import LINK_PORT
from nesvae_live.clock.timing import CLOCKS_PER_BEAT, EPSILON, ClockRef

WAITED_FOR = {
    "tap": "a start, or a tap on the one",
    "link": "a start, or somebody in a Link session",
}
"""What is waited for while clocks come without a start, by what is to be done then."""

LINES = 64
"""How many past tempi are kept: more than can be set within any lookahead."""


class InternalClock:
    """A steady tempo from the moment it is started."""

    source = "internal"
    runs = True
    epoch = 0
    entry = coming = held = 0.0
    motion = Motion.RUNNING
    warning = waiting = ""
    meter = None

    def __init__(self, tempo: float) -> None:
        self.ref = ClockRef(beat_seconds=60.0 / tempo)
        self._lines: tuple[ClockRef, ...] = (self.ref,)

    def start(self, at: float) -> None:
        """Beat 0 falls at `at` seconds."""
        self.ref = ClockRef(0.0, at, self.ref.beat_seconds)
        self._lines = (self.ref,)

    def set_tempo(self, tempo: float, beat: float) -> None:
        """Play at `tempo` beats a minute from `beat` on; earlier beats keep their times."""
        self.ref = ClockRef(beat, self.ref.time_of(beat), 60.0 / tempo)
        self._lines = (*self._lines[-LINES:], self.ref)

    def resume(self, beat: float, at: float) -> None:
        """Go on from a beat at `at` seconds: what lies between was not played, and nobody's."""
        self.ref = ClockRef(beat, at, self.ref.beat_seconds)
        self._lines = (self.ref,)

    def line(self, at: float) -> ClockRef:
        """The line valid at `at` seconds (a new tempo's begins at the horizon). Any thread."""
        lines = self._lines
        return next((line for line in reversed(lines) if at >= line.at), lines[0])

    def next_change(self, at: float) -> float:
        """When the tempo next changes after `at` seconds; infinity if no change is known."""
        return min((line.at for line in self._lines if line.at > at), default=math.inf)

    def receive(self, port: str, data: Sequence[int], at: float) -> bool:
        """Ignore every message: an internal clock follows no source."""
        del port, data, at
        return False

    def tick(self, now: float) -> None:
        """Do nothing: an internal clock can't be lost."""

    def set_one(self, at: float) -> None:
        """Refuse: bars are counted from the first beat.

        Raises:
            ValueError: always.
        """
        del at
        raise ValueError("the internal clock knows where its bars begin")


class MidiClock:
    """The MIDI clock on one port, counted in beats of the jam; runs in the sequencer's thread.

    The jam's beat keeps the source's position within the bar and never goes back: when the source
    loops, rewinds or jumps ahead, the jam goes on in its next bar at that position. With `coasts`
    it goes on at the last tempo when the source is lost; `join`, of `CLOCK_JOIN`, says what to do
    when it rolls before anybody listens.
    """

    meter = None

    def __init__(
        self,
        port: str,
        beats_per_bar: float,
        tempo: float = 120.0,
        *,
        coasts: bool = False,
        join: str = "wait",
    ) -> None:
        self.port = port
        self.source = "link" if port == LINK_PORT else "midi"
        self.ref = ClockRef(beat_seconds=60.0 / tempo)
        self.runs = False
        self.epoch = 0
        self.entry = 0.0
        """The beat on which the music re-entered after the last break."""
        self.held = 0.0
        """The beat that had been reached at the last break."""
        self._bar = beats_per_bar
        self._join = join
        self._follower = Follower(60.0 / tempo, coasts=coasts, join=join)
        self._offset = 0.0

    @property
    def motion(self) -> Motion:
        """The state of the source's transport."""
        return self._follower.transport.motion

    @property
    def coming(self) -> float:
        """The beat on which the music enters if the source goes on now; once it runs, the entry."""
        place = self._follower.transport.beat
        return self.entry if self.runs else place + self._bars_on(place)

    @property
    def warning(self) -> str:
        """What is wrong with the incoming clock, in one line; empty if nothing is."""
        if self._follower.transport.doubled:
            return f"two clocks seem to arrive on {self.port!r}: disconnect one of them"
        if self.waiting and not self._follower.transport.heard:
            return (
                "the clock is running, but it sent no start: to join, use `nesvae-live ctl one` (the "
                "target `one`) on the first beat of a bar; --clock-join now joins by itself"
            )
        return ""

    @property
    def waiting(self) -> str:
        """What is waited for, in one line, while clocks come without a start; else empty."""
        transport = self._follower.transport
        if not (transport.waits and transport.motion is Motion.STOPPED):
            return ""
        what = WAITED_FOR.get(self._join, "a start")
        return f"clock at {transport.ref.tempo:.1f} BPM, waiting for {what}"

    def start(self, at: float) -> None:
        """Hold at beat 0 from `at` seconds on, until the source starts."""
        if not self.runs:
            self.ref = ClockRef(self.held, at, self.ref.beat_seconds)

    def receive(self, port: str, data: Sequence[int], at: float) -> bool:
        """Take a message; returns whether it was the clock's."""
        if port != self.port:
            return False
        was = self._follower.transport
        if not self._follower.receive(data, at):
            return False
        self._update(was, at, data[0], 1 if data[0] == Status.CLOCK else 0)
        return True

    def set_one(self, at: float) -> None:
        """The first beat of a bar is at `at` seconds, which is about now: join, or move the bar.

        Raises:
            ValueError: no clocks come in, or the source itself says where bars begin.
        """
        if self.port == LINK_PORT:
            raise ValueError("a Link session knows where its bars begin")
        was = self._follower.transport
        ahead = self._follower.set_one(at, round(self._bar * CLOCKS_PER_BEAT))
        if ahead is None:
            raise ValueError(f"no clock arrives on {self.port!r}")
        self._update(was, at, None, ahead)

    def take_link_bar(self, bar_at: float, now: float) -> None:
        """Join, if that is waited for: a Link session began a bar at `bar_at` seconds, not long ago."""
        was = self._follower.transport
        if self._join != "link" or was.heard or not self.waiting:
            return
        self._follower.set_one(bar_at, round(self._bar * CLOCKS_PER_BEAT))
        self._update(was, now, None, 0)  # it enters on the next clock, wherever in the bar that is

    def resume(self, beat: float, at: float) -> None:
        """Enter anew where the source will be at `at` seconds; `beat` had been reached."""
        self.held = max(beat, self.entry)
        self.entry = max(self.ref.beat_at(at), self.held)
        self.epoch += 1

    def tick(self, now: float) -> None:
        """Detect that clocks have stopped coming; called at each step, after `receive`."""
        was = self._follower.transport
        self._follower.tick(now)
        self._update(was, now, None, 0)

    def _update(self, was: Transport, now: float, status: int | None, ahead: int) -> None:
        """Follow a change from the source's former transport, by a message with a status.

        If the music enters, it does so `ahead` clocks before the next one.
        """
        transport, motion = self._follower.transport, was.motion
        broken = transport.epoch != was.epoch
        if broken and motion.rolls:
            reached = self.ref.beat_at(now)
            if status in (Status.STOP, Status.START, Status.SONG_POSITION):
                reached = min(
                    reached, was.beat + self._offset
                )  # the source stands on the next clock
            self.held = max(reached, self.entry)
        self.runs = transport.motion.rolls
        if self.runs and (broken or not motion.rolls):
            place = transport.beat - ahead / CLOCKS_PER_BEAT
            self._offset = self._bars_on(place)
            self.entry = place + self._offset
        line = transport.ref
        if self.runs:
            self.ref = ClockRef(line.beat + self._offset, line.at, line.beat_seconds)
        elif broken or self.ref.beat_seconds != line.beat_seconds:
            self.ref = ClockRef(self.held, now, line.beat_seconds)
        self.epoch += broken

    def _bars_on(self, place: float) -> float:
        """Beats of the whole bars that lie between the source's place and the jam's next such."""
        return math.ceil((self.held - place) / self._bar - EPSILON) * self._bar
