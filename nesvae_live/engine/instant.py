"""The time of a step: it is looked up once, and stands still until the step is done.

So what a step does follows from one number, which the journal keeps: a jam can be played again.
"""

from __future__ import annotations

from nesvae_live.clock.hosttime import Time
from nesvae_live.log.entries import Journal, Stepped


class Instant:
    """A `Time` that stands still between `look`s; one thread's, the sequencer's."""

    def __init__(self, time: Time, journal: Journal) -> None:
        self._time = time
        self._journal = journal
        self._now = time.now()

    def now(self) -> float:
        """Seconds, at the last look."""
        return self._now

    def look(self) -> float:
        """Look at the time, and have it remembered; returns the seconds."""
        self._now = self._time.now()
        self._journal.put(Stepped(self._now))
        return self._now
