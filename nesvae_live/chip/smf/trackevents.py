"""The bytes of a track as messages, read as players read them: what isn't MIDI is passed over.

Running status goes on over meta events and system exclusive messages, against the letter of the
standard and as most players have it. Each kind of fault is counted.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

META, END_OF_TRACK = 0xFF, 0x2F
NOTE_OFF, NOTE_ON, PRESSURE = 0x80, 0x90, 0xA0
PROGRAM, BEND = 0xC0, 0xE0
SYSTEM = 0xF0
SYSEX = (0xF0, 0xF7)
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""System messages that have data bytes, which no file should have in it; the others have none."""

UNDEFINED = (0xF4, 0xF5, 0xF9, 0xFD)
HIGHEST = 127
LONGEST_NUMBER, MOST = 4, 2**28 - 1
"""The bytes of the longest number of the standard, and its highest value."""

LONGEST_PAUSE = 2**20
"""Ticks, half an hour or so: in a track that is damaged a longer pause is no pause."""

OVER = "data bytes above 127, read as 127"
NO_NOTE = "notes above 127, left out"
STRAY = "places with bytes that aren't a message, skipped"
TOO_LONG = "times or lengths of more than four bytes, of which the last four are read"
NOT_DEFINED = "undefined messages, skipped"
GARBLED = "tracks that are garbled from somewhere on, read up to there"
CUT = "tracks that end in the middle of a message, read up to there"

Faults = Counter[str]
"""What was passed over, and how many times."""


class ChannelMessage(NamedTuple):
    """A message on a channel, at a tick: its status byte, and its data (the second may be 0)."""

    tick: int
    status: int
    first: int
    second: int


class MetaEvent(NamedTuple):
    """A meta event, at a tick."""

    tick: int
    kind: int
    data: bytes


class TrackEvents(NamedTuple):
    """What a track has: its messages and meta events in order.

    `end` is its last tick; `stop` is the byte after what was read; `ended`: it says where it ends.
    """

    messages: list[ChannelMessage]
    metas: list[MetaEvent]
    end: int
    stop: int
    ended: bool


class CutError(Exception):
    """The bytes end in the middle of something."""


def read_track(data: bytes, start: int, end: int, faults: Faults) -> TrackEvents:
    """Read messages from byte `start` on, up to the end of the track or to byte `end`."""
    reader = _Reader(data, start, end, faults)
    try:
        while reader.at < end and not reader.ended:
            reader.read()
    except CutError:
        faults[CUT] += 1
        reader.at = end
    return TrackEvents(reader.messages, reader.metas, reader.tick, reader.at, reader.ended)


class _Reader:
    """Where one is in a track, and what it had so far."""

    def __init__(self, data: bytes, start: int, end: int, faults: Faults) -> None:
        self.messages: list[ChannelMessage] = []
        self.metas: list[MetaEvent] = []
        self.tick = 0
        self.at = start
        self.ended = False
        self._data = data
        self._end = end
        self._faults = faults
        self._running = 0
        self._is_damaged = False

    def read(self) -> None:
        """One event and the time before it."""
        pause = self._number()
        if pause > LONGEST_PAUSE and self._is_damaged:
            self._count(GARBLED)
            self.at, self.ended = self._end, True
            return
        self.tick += pause
        status = self._status()
        if status < SYSTEM:
            self._running = status
            self._message(status)
        elif status == META:
            kind = self._take(1)[0]
            content = self._take(self._number())
            if kind == END_OF_TRACK:
                self.ended = True
            else:
                self.metas.append(MetaEvent(self.tick, kind, content))
        elif status in SYSEX:
            self._take(self._number())
        else:
            self._count(NOT_DEFINED, status in UNDEFINED)
            self._take(SYSTEM_BYTES.get(status, 0))

    def _status(self) -> int:
        status = self._take(1)[0]
        if status > HIGHEST:
            return status
        if self._running:
            self.at -= 1
            return self._running
        self._count(STRAY)
        while status <= HIGHEST:
            status = self._take(1)[0]
        return status

    def _message(self, status: int) -> None:
        short = PROGRAM <= status < BEND
        first, second = (*self._take(1), 0) if short else self._take(2)
        kind = status & 0xF0
        if first > HIGHEST and kind <= PRESSURE:
            self._count(NO_NOTE, kind == NOTE_ON)
            return
        if first > HIGHEST or second > HIGHEST:
            self._count(OVER, (first > HIGHEST) + (second > HIGHEST))
            first, second = min(first, HIGHEST), min(second, HIGHEST)
        self.messages.append(ChannelMessage(self.tick, status, first, second))

    def _number(self) -> int:
        """A number of up to 28 bits, in bytes of 7, of which all but the last have the highest bit."""
        value = length = 0
        while True:
            byte = self._take(1)[0]
            value = (value << 7 | byte & HIGHEST) & MOST
            length += 1
            if byte <= HIGHEST:
                self._count(TOO_LONG, length > LONGEST_NUMBER)
                return value

    def _count(self, fault: str, times: int = 1) -> None:
        self._is_damaged |= times > 0
        self._faults[fault] += times

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : min(self.at + count, self._end)]
        if len(taken) < count:
            raise CutError
        self.at += count
        return taken
