"""The chord that keys on one channel hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nesvae_live.engine.band.chord import Chord
from nesvae_live.engine.band.keyboard import Keyboard
from nesvae_live.music.voices import Voice

UNEVEN = 0.08
"""Seconds within which fingers leave the keys of one chord."""
BETWEEN = 0.25
"""Seconds without a key that lie between two chords: for so long the first one stays."""


class Chords:
    """Takes what keyboards send; in the sequencer's thread.

    `changed` is called with each new chord, None for none, and when it changed.
    """

    def __init__(self, changed: Callable[[Chord | None, float], None]) -> None:
        self.channel: int | None = None
        """The MIDI channel of the chords, from 0; None: none is."""
        self._changed = changed
        self._keyboard = Keyboard()
        self._keyboard.play((Voice.P1,))
        self._since: float | None = None  # when keys were let go whose chord is still held

    def listen(self, channel: int | None, at: float) -> None:
        """Take the chords from another channel, or from none."""
        if channel != self.channel:
            self.channel = channel
            self.panic(at)

    def receive(self, port: str, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message stamped `at` seconds that is no control's; whether it is on the channel."""
        if self.channel is None or not data or data[0] & 0x0F != self.channel:
            return False
        keyboard = self._keyboard
        before = len(keyboard.down)
        if keyboard.receive(port, data, at, 0):
            if data[2] > 0 and data[0] & 0xF0 == 0x90:
                keyboard.tick(at)  # a key whose end was lost is of no chord that comes after
                self._tell(at)
            elif len(keyboard.down) < before:
                self._since = at
        return True

    def panic(self, at: float) -> None:
        """Every key is let go."""
        self._keyboard.clear()
        self._tell(at)

    def tick(self, now: float) -> None:
        """Notice that a chord was let go, at `now` seconds."""
        wait = UNEVEN if self._keyboard.down else BETWEEN
        if self._since is not None and now - self._since >= wait:
            self._tell(now)

    def _tell(self, at: float) -> None:
        self._since = None
        self._changed(Chord.of(self._keyboard.down), at)
