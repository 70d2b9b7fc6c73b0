"""What a person is told while it plays: on the terminal, and in the log."""

from __future__ import annotations

import sys

from nesvae_live.clock.hosttime import Time
from nesvae_live.log.entries import Journal, Noted


class Notices:
    """Says things, from any thread; the log, once there is one, has them with their time."""

    def __init__(self, time: Time) -> None:
        self.journal: Journal | None = None
        """The log, as soon as it is open."""
        self._time = time
        self._warned: set[str] = set()

    def say(self, text: str) -> None:
        """Say a thing."""
        print(f"nesvae-live: {text}", file=sys.stderr)
        if self.journal is not None:
            self.journal.put(Noted(self._time.now(), text))

    def warn(self, text: str) -> None:
        """Say a thing once."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(text)

    def forget(self) -> None:
        """Let what was warned of be said again."""
        self._warned.clear()
