"""An Ableton Link session as a MIDI clock: what a master would have said, and exactly when.

So everything that follows a MIDI clock follows Link too: its phase, the log, a replay. Nothing here
knows Link or the time: what the session shows comes in.
"""

from __future__ import annotations

import math

from nesvae_live.clock.follower import Status
from nesvae_live.clock.leader import TimedBytes
from nesvae_live.clock.timing import CLOCKS_PER_BEAT

LINK_PORT = "Ableton Link"
"""The name that takes the place of a MIDI input's."""

JUMP_CLOCKS = 6
"""A session whose beat is this far from what was counted has jumped, as when two become one."""


class LinkClocks:
    """Counts a session's clocks. It starts on a bar line of the session, and after a jump again.

    Args:
        quantum: beats in a bar.
        start_stop: play when the session plays; else always.
    """

    def __init__(self, quantum: float, *, start_stop: bool = False) -> None:
        self._quantum = quantum
        self._start_stop = start_stop
        self._line: float | None = None  # the bar line that is waited for
        self._next: int | None = None  # the clock that comes next, since the session's beat 0

    def due(
        self, beat: float, at: float, beat_seconds: float, *, playing: bool
    ) -> list[TimedBytes]:
        """What a master has said up to now.

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
                just = beat - 1 / CLOCKS_PER_BEAT  # a look may come a little after the line
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
