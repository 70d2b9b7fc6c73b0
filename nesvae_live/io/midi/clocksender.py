"""Sends MIDI clock: a thread that sends each clock message at its time, for others to follow.

A port that sees to a message's time itself gets it a while before.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.leader import Leader, TimedBytes
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef
from nesvae_live.io.realtime import ask_for_realtime

AHEAD_SECONDS = 0.004
"""How far ahead of their sending messages are computed: with what a port wants them early, less than
the notice that a change of tempo gives."""

LONGEST_STALL, LINE_SECONDS = 0.3, 0.2
"""Seconds without a step after which the line is no longer what it was, and how long the sequencer may take
to say the new one."""


class ClockSender:
    """Sends the internal clock to others.

    `transmit(message, at)` sends one message and runs in this thread, `early` seconds before `at`.
    An error in it ends the thread and is kept in `error`; the music goes on.
    """

    def __init__(
        self,
        clock: InternalClock,
        transmit: Callable[[Sequence[int], float], None],
        time: Time,
        beats_per_bar: float = 4.0,
        early: float = 0.0,
    ) -> None:
        self._clock = clock
        self._transmit = transmit
        self._time = time
        self._early = early
        self._leader = Leader(beats_per_bar)
        self._held: list[TimedBytes] = []
        self._stepped = math.inf
        self._stale: tuple[ClockRef, float] | None = None  # a line, and until when not to go by it
        self._stopping = threading.Event()
        self._joining = threading.Event()
        self._thread = threading.Thread(target=self._run, name="MIDI clock", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the thread; the clock runs already, its beat 0 a few milliseconds ahead."""
        self._held = self._leader.start(self._clock.ref)
        self._thread.start()

    def stop(self) -> None:
        """Send a stop message and end the thread; harmless when already stopped."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def join(self) -> None:
        """Send where the clock is, for a follower that missed the start. Any thread may call it."""
        self._joining.set()

    def step(self) -> float:
        """Send what is due; returns the seconds until there is something to do again."""
        now = self._time.now() + self._early
        if self._stalls(now):
            return AHEAD_SECONDS / 2
        if self._joining.is_set():
            self._joining.clear()
            self._leader.join()
        done, until = now, now + AHEAD_SECONDS
        while done < until:
            line, done = self._clock.line(done), min(until, self._clock.next_change(done))
            self._held += self._leader.due(line, done)
        while self._held and self._held[0][1] <= now:
            self._transmit(*self._held.pop(0))
        return self._held[0][1] - now if self._held else AHEAD_SECONDS / 2

    def _stalls(self, now: float) -> bool:
        """Whether to wait for the line on which the music goes on, after the process was stopped."""
        line = self._clock.ref
        if now - self._stepped > LONGEST_STALL:
            self._stale = line, now + LINE_SECONDS
        self._stepped = now
        if self._stale is not None and (line is not self._stale[0] or now >= self._stale[1]):
            self._stale = None
        return self._stale is not None

    def _run(self) -> None:
        """The loop of the thread: real-time, so it must neither log nor block."""
        ask_for_realtime()
        try:
            while not self._stopping.wait(min(self.step(), AHEAD_SECONDS / 2)):
                pass
            for message in self._leader.stop(self._time.now()):
                self._transmit(*message)
        except BaseException as error:  # noqa: BLE001 - kept for whoever watches the port
            self.error = error
