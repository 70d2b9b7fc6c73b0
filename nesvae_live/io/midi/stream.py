"""A stream of MIDI bytes to messages: running status, real-time bytes in between, and garbage.

MIDI systems hand over whole messages; some bridges hand over what came down the cable, several
messages at once or one cut in two. Sysex is dropped, and so is a message that is cut short.
"""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live.music.events import MidiBytes

SYSEX, SYSEX_END, REALTIME = 0xF0, 0xF7, 0xF8
CHANNEL_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
SYSTEM_LENGTHS = {0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1}
LENGTHS = {kind | channel: n for kind, n in CHANNEL_LENGTHS.items() for channel in range(16)}
LENGTHS |= SYSTEM_LENGTHS
"""How many bytes a message has, by its first; a status that isn't here means nothing."""

UNDEFINED = (0xF9, 0xFD)


class MidiStream:
    """Takes bytes as they come, in the thread that reads the port: some microseconds a message."""

    def __init__(self) -> None:
        self._partial: list[int] = []
        self._running = 0  # the status that data bytes belong to; 0: none
        self._in_sysex = False

    def feed(self, data: Sequence[int]) -> list[MidiBytes]:
        """The messages that these bytes complete, whatever the bytes are."""
        if not self._partial and not self._in_sysex and is_whole(data):
            self._running = data[0] if data[0] < SYSEX else self._running
            return [tuple(data)]
        messages: list[MidiBytes] = []
        for byte in data:
            if byte >= REALTIME:  # may come anywhere, even in a message
                messages += [] if byte in UNDEFINED else [(byte,)]
            elif byte >= 0x80:
                self._begin(byte, messages)
            elif not self._in_sysex:
                self._go_on(byte, messages)
        return messages

    def _begin(self, status: int, messages: list[MidiBytes]) -> None:
        self._in_sysex = status == SYSEX
        self._partial = [status] if status in LENGTHS else []
        self._running = status if status < SYSEX else 0
        if LENGTHS.get(status) == 1:
            messages.append((status,))
            self._partial = []

    def _go_on(self, byte: int, messages: list[MidiBytes]) -> None:
        if not self._partial:
            if not self._running:
                return  # data without a status
            self._partial = [self._running]
        self._partial.append(byte)
        if len(self._partial) == LENGTHS[self._partial[0]]:
            messages.append(tuple(self._partial))
            self._partial = []


def is_whole(data: Sequence[int]) -> bool:
    """Whether the bytes are one message, as nearly always; a sysex is none."""
    if not data or data[0] < 0x80:
        return False
    if data[0] >= REALTIME:
        return len(data) == 1 and data[0] not in UNDEFINED
    return LENGTHS.get(data[0]) == len(data) and max(data[1:], default=0) < 0x80
