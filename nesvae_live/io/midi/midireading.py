"""Reads the inputs that must not be read in a callback: under JACK that runs in the server's cycle.

There it would wait for Python's lock, the server for it, and every other client for the server: a
turned knob would cost sound. So RtMidi keeps what comes, and this thread fetches it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from nesvae_live.io.midi.slot import Slot

READ_SECONDS = 0.002
"""How often the inputs are read: less than a period of JACK's."""


class Reading:
    """A thread that reads slots, from `start` to `stop`."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, if there is anything to read."""
        if self._slots:
            self._thread = threading.Thread(target=self._run, name="MIDI in", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; harmless when it has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        """Until stopped. Runs in a thread of its own."""
        while not self._stopping.wait(READ_SECONDS):
            for slot in self._slots:
                slot.read()
