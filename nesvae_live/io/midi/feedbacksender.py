"""Sends the controller what it is to show, from a thread of its own: nobody waits for a port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from nesvae_live.control.readings import Message


class FeedbackSender:
    """Hands messages on in their order; `transmit` sends one and never raises."""

    def __init__(self, transmit: Callable[[Message], None]) -> None:
        self._transmit = transmit
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="feedback", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def send(self, message: Message) -> None:
        """Take a message; from the sequencer's thread, at once."""
        self._messages.put(message)

    def stop(self) -> None:
        """Send what is left and end the thread; harmless when it isn't running."""
        self._messages.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while (message := self._messages.get()) is not None:
            self._transmit(message)
