"""Leads other devices: the MIDI clock messages that a master sends, and when, for a tempo line.

Messages come out in order, each with its time, up to a horizon ahead of now. Notes are handed out
in the same way, so the same kind of sender holds them until they are due.
"""

from __future__ import annotations

import math

from nesvae_live.clock.follower import CLOCKS_PER_UNIT, Status
from nesvae_live.clock.timing import CLOCKS_PER_BEAT, ClockRef, clocks_to_beats

TimedBytes = tuple[tuple[int, ...], float]
"""A message's bytes, and when it is to be sent in seconds."""

HEAD_START = 0.001
"""Start and continue are sent at least this many seconds before their first clock."""

LAST_UNIT = 0x3FFF
"""The last song position, which has 14 bits: 1024 bars of 4/4."""


class Leader:
    """Writes start, song position, continue, clocks and stop; sends nothing itself.

    While stopped it writes nothing. What it has handed out counts as sent: times never go back, and
    no clock is skipped or repeated, however the tempo line changes, since followers count them.
    """

    def __init__(self, beats_per_bar: float = 4.0) -> None:
        self.running = False
        self._next = 0
        self._join: int | None = None  # song position and continue are due before this clock
        # Past its last value song position starts over, on a bar line.
        bars = int(clocks_to_beats((LAST_UNIT + 1) * CLOCKS_PER_UNIT) / beats_per_bar)
        self._wrap = round(bars * beats_per_bar * CLOCKS_PER_BEAT / CLOCKS_PER_UNIT)
        self._earliest = -math.inf

    def start(self, ref: ClockRef, beat: float = 0.0) -> list[TimedBytes]:
        """Start at `beat`, which must lie far enough ahead for the messages that precede it.

        At beat 0 that is start; elsewhere it is song position and continue, and the first clock
        falls on the first sixteenth at or after `beat`. If the clock is running, it is stopped
        first, which makes this a jump.

        Raises:
            ValueError: a beat before 0, or beyond what song position can say.
        """
        unit = math.ceil(beat * CLOCKS_PER_BEAT / CLOCKS_PER_UNIT - 1e-6)
        if not 0 <= unit <= LAST_UNIT:
            raise ValueError(
                f"MIDI clock can't start at beat {beat:g}: song position goes from 0 to "
                f"{clocks_to_beats(LAST_UNIT * CLOCKS_PER_UNIT):g}"
            )
        first = ref.time_of(clocks_to_beats(unit * CLOCKS_PER_UNIT))
        at = max(first - HEAD_START, self._earliest)
        messages = self.stop(at)
        if unit == 0:
            messages.append(((Status.START,), at))
        else:
            messages += _go_on(unit, at)
        self.running = True
        self._next = unit * CLOCKS_PER_UNIT
        self._earliest = at + HEAD_START
        return messages

    def due(self, ref: ClockRef, until: float) -> list[TimedBytes]:
        """The clocks that fall up to and including `until` seconds and were not handed out yet."""
        messages: list[TimedBytes] = []
        while self.running:
            at = max(ref.time_of(clocks_to_beats(self._next)), self._earliest)
            if at > until:
                break
            if self._next == self._join:
                self._join = None
                early = max(at - HEAD_START, self._earliest)
                messages += _go_on(self._next // CLOCKS_PER_UNIT % self._wrap, early)
                at = max(at, early + HEAD_START)
            messages.append(((Status.CLOCK,), at))
            self._next += 1
            self._earliest = at
        return messages

    def join(self) -> None:
        """Send song position and continue before the next sixteenth, for who missed the start.

        Clocks go on undisturbed: to a device that already follows this is nothing new.
        """
        self._join = -(-self._next // CLOCKS_PER_UNIT) * CLOCKS_PER_UNIT if self.running else None

    def stop(self, at: float) -> list[TimedBytes]:
        """Stop at `at` seconds, or after the last clock handed out if that is later."""
        if not self.running:
            return []
        self.running, self._join = False, None
        self._earliest = max(at, self._earliest)
        return [((Status.STOP,), self._earliest)]


def _go_on(unit: int, at: float) -> list[TimedBytes]:
    position = (int(Status.SONG_POSITION), unit & 0x7F, unit >> 7)
    return [(position, at), ((int(Status.CONTINUE),), at)]
