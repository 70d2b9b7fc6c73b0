"""Ctrl-Z: every note ends before the process is stopped, and with `fg` the music goes on from then."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.control.inputs import Pause

ANSWER_SECONDS = 0.5
"""How long the sequencer may take to end the notes."""

LEAVE_SECONDS = 0.15
"""What the ends of notes take to leave by the ports, and the sound to be over."""


class Pausing:
    """Stops the process and lets the music go on; for the main thread.

    Args:
        inbox: that of the session that plays.
        time: seconds.
        say: takes one line for a person.
    """

    def __init__(self, inbox: SimpleQueue[Any], time: Time, say: Callable[[str], None]) -> None:
        self._inbox = inbox
        self._time = time
        self._say = say
        self._lasted: float | None = None  # the last stop, in seconds, that wasn't told yet

    def stop(self) -> None:
        """End every note, be stopped, and go on when somebody lets us."""
        ended = threading.Event()
        self._inbox.put(Pause(paused=True, at=self._time.now(), reply=lambda _: ended.set()))
        ended.wait(ANSWER_SECONDS)
        threading.Event().wait(LEAVE_SECONDS)
        before, at = signal.signal(signal.SIGTSTP, signal.SIG_DFL), self._time.now()
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, before)
        now = self._time.now()
        self._inbox.put(Pause(paused=False, at=now))
        self._lasted = now - at

    def poll(self) -> None:
        """Tell how long a stop was; not in the handler of a signal, which may interrupt a telling."""
        lasted, self._lasted = self._lasted, None
        if lasted is not None:
            self._say(f"it was stopped for {lasted:.0f} s: the music goes on from here")

    @contextmanager
    def on_ctrl_z(self) -> Iterator[None]:
        """Meanwhile, do so when Ctrl-Z is pressed; only where there is such a thing."""
        if not hasattr(signal, "SIGTSTP") or threading.current_thread() is not (
            threading.main_thread()
        ):
            yield
            return
        before = signal.signal(signal.SIGTSTP, lambda *_: self.stop())
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, before)
