"""An output that plays everything a little later, or earlier, than it is told."""

from __future__ import annotations

from nesvae_live.engine.protocols import Output
from nesvae_live.music.events import Event


class Shifted:
    """Stands before `output` and moves the time of its events by `seconds`, plus or minus.

    To play earlier, events must come that much earlier too: the lookahead has to grow with it.
    """

    def __init__(self, output: Output, seconds: float) -> None:
        self._output = output
        self._seconds = seconds

    def send(self, event: Event, at: float) -> None:
        """Pass `event` on for its moved time. Runs in the sequencer's thread."""
        self._output.send(event, at + self._seconds)

    def silence(self, *, panic: bool = False) -> None:
        """Pass it on. Runs in the sequencer's thread."""
        self._output.silence(panic=panic)
