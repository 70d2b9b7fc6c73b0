"""An Ableton Link session as a MIDI clock: what a master would have sent, and exactly when.

Whatever follows a MIDI clock thus follows Link too: the phase, the log, a replay. Nothing here
knows Link or the time: what the session reports comes in as arguments.
"""

from __future__ import annotations

import math

from nesvae_live.clock.follower import Status
from nesvae_live.clock.leader import TimedBytes
from nesvae_live.clock.timing import CLOCKS_PER_BEAT

LINK_PORT = "Ableton Link"
"""The name that stands where a MIDI input's port is named."""

JUMP_CLOCKS = 6
"""A session whose beat is off by more clocks than this has jumped, as when two sessions merge."""


class LinkClocks:
    """Counts a session's clocks, starting on a bar line of the session, and again after a jump.

    Args:
        quantum: beats in a bar.
        start_stop: run only while the session plays; otherwise always.
    """

    def __init__(self, quantum: float, *, start_stop: bool = False) -> None:
        self._quantum = quantum
        self._start_stop = start_stop
        self._line: float | None = None  # the bar line on which it is to start
        self._next: int | None = None  # the next clock, counted from the session's beat 0

    def due(
        self, beat: float, at: float, beat_seconds: float, *, playing: bool
    ) -> list[TimedBytes]:
        """The messages that a master has sent up to now.

        Args:
            beat: the session's, `at` seconds.
            at: now.
            beat_seconds: how long a beat lasts.
            playing: whether the session plays.
        """
        messages: list[TimedBytes] = []
        clocks = beat * CLOCKS_PER_BEAT
        if self._next is not None:
            silent = self._start_stop and not playing
            if silent or abs(clocks - self._next + 1) > max(JUMP_CLOCKS, 0.3 * 24 / beat_seconds):
                messages.append(((int(Status.STOP),), at))
                self._next = self._line = None
        if self._next is None and (playing or not self._start_stop):
            if self._line is None or beat < self._line - self._quantum:
                just = beat - 1 / CLOCKS_PER_BEAT  # it may be asked a little after the line
                self._line = math.ceil(just / self._quantum) * self._quantum
            if beat >= self._line:
                first = round(self._line * CLOCKS_PER_BEAT)
                self._next, self._line = first, None
                messages.append(((int(Status.START),), at - (clocks - first) / 24 * beat_seconds))
        while self._next is not None and self._next <= clocks:
            stamp = at - (clocks - self._next) / CLOCKS_PER_BEAT * beat_seconds
            messages.append(((int(Status.CLOCK),), stamp))
            self._next += 1
        return messages
