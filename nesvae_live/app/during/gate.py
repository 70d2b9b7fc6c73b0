"""An output that lets the music through or, while it is shut, something else in its place."""

from __future__ import annotations

import math

from nesvae_live.engine.live.protocols import Output
from nesvae_live.music.events import Event, NoteOff

BEFORE_SECONDS = 0.001
"""So long before its end what still sounds is ended."""


class Gate:
    """Stands before an output.

    Whoever shuts or opens it ends every note there, so that none of the other's hangs.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._is_shut = False
        self._end = math.inf

    def send(self, event: Event, at: float) -> None:
        """Pass the music's event on, unless it is shut. Runs in the sequencer's thread."""
        if self._is_shut:
            return
        if at < self._end:
            self._output.send(event, at)
        elif isinstance(event, NoteOff):
            self._output.send(event, self._end - BEFORE_SECONDS)

    def end_at(self, at: float) -> None:
        """Let no note begin from `at` seconds on, nor end later: other music begins there."""
        self._end = at

    def silence(self, *, panic: bool = False) -> None:
        """Pass it on. Runs in the sequencer's thread."""
        self._output.silence(panic=panic)

    def shut(self) -> None:
        """Keep the music out."""
        self._is_shut = True
        self._output.silence()

    def send_instead(self, event: Event, at: float) -> None:
        """Send what comes in the music's place."""
        if self._is_shut:
            self._output.send(event, at)

    def open(self) -> None:
        """Let the music through again."""
        self._output.silence()
        self._is_shut = False
