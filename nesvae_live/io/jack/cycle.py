"""A JACK cycle's frames and times, and what a port of ours sends in it.

Times here are whole microseconds of the host's monotonic clock, as the log has them; frames are
JACK's. JACK's own line between the two is straight within a cycle and has no gap between one cycle
and the next, so each time has one frame, and a frame's time leads back to it.

Whoever starts a note ends it, so the port knows which notes sound. All of it runs in the server's
cycle, in the process that has the port.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

NOW = 0
"""In place of a time: as soon as can be."""

TOO_LATE = 250_000
"""A note that could not be struck within so many microseconds isn't struck any more."""

AGAIN = 2_000_000
"""The loss of messages is noticed within so many microseconds."""

DOUBTFUL = 5_000_000
"""The loss of a port is noticed within so many: what was sent meanwhile is in doubt."""

FRAMES_ROUND = 1 << 32
"""A server counts so many frames, and then from 0 again."""

LAST_WORDS = (2, 4)
"""In which cycles after the last one with notes their ends are said again, before a port goes."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """`frames` frames, of which the first is frame `first` and falls at `begins`.

    `ends` is when the next cycle begins.
    """

    first: int
    frames: int
    begins: int
    ends: int

    @classmethod
    def told(cls, first: int, frames: int, begins: int, ends: int, rate: int) -> Cycle:
        """A cycle as a server tells it, which was late if it lasts half as long as it must, or twice.

        Its line has leapt then, and the cycle is taken to last what it must.
        """
        lasts = max(1, round(1e6 * frames / rate))
        leapt = not lasts <= 2 * (ends - begins) <= 4 * lasts
        return cls(first, frames, begins, begins + lasts if leapt else ends)

    def offset_of(self, at: int) -> int:
        """The frame, counted from the cycle's first, that is nearest to a time."""
        return round((at - self.begins) * self.frames / (self.ends - self.begins))

    def offset_of_frame(self, frame: int) -> int:
        """How many frames after the cycle's first one of the server's is; their count may go round."""
        return (frame - self.first + FRAMES_ROUND // 2) % FRAMES_ROUND - FRAMES_ROUND // 2

    def time_of(self, offset: int) -> int:
        """When a frame of the cycle falls."""
        return self.begins + round(offset * (self.ends - self.begins) / self.frames)


class Kind(IntEnum):
    """What a record between the two processes is about."""

    MESSAGE = 0
    """A MIDI message, to be sent at a time, or received at it."""
    SILENCE = 1
    """Drop what is held, and end every note."""
    DOUBT = 2
    """A receiver is gone: remember what may sound there."""
    HEAL = 3
    """The receiver is back: end whatever may sound there."""
    END_AGAIN = 4
    """Messages may be lost: end again what ended lately."""
    PLAIN = 5
    """Messages of three bytes each, to be sent as they are, and as soon as can be."""
    SENT = 6
    """A message left; in place of a time, how late it was."""
    TRANSPORT = 7
    """Where JACK's transport is at a time: see `transport`."""
    LINE = 8
    """The line on which JACK's transport is led from now on: see `jacktransport`."""


HEAD = struct.Struct("<BBHq")
"""Of a record: the port's number, the kind, the length of what follows, a time."""

LONGEST = 1024
"""Bytes of the longest message that is passed on: all but sysex, which nobody here reads."""


def to_record(port: int, kind: Kind, at: int, data: bytes = b"") -> bytes:
    """One record; a message that is too long is passed on as an empty sysex."""
    if len(data) > LONGEST:
        data = b"\xf0\xf7"
    return HEAD.pack(port, kind, len(data), at) + data


def read_records(data: bytearray) -> Iterator[tuple[int, Kind, int, bytes]]:
    """Take the whole records off the beginning of `data`: (port, kind, time, bytes) of each."""
    begin = 0
    while len(data) - begin >= HEAD.size:
        port, kind, length, at = HEAD.unpack_from(data, begin)
        end = begin + HEAD.size + length
        if end > len(data):
            break
        yield port, Kind(kind), at, bytes(data[begin + HEAD.size : end])
        begin = end
    del data[:begin]


class Outbox:
    """What a port sends, each message at its frame.

    With `notes` the messages are those of voices: at most one note sounds on a channel, and every
    note is ended. `take` is given what comes from the other process, `due` yields what leaves in a
    cycle; one thread at a time. `frame_of` says on which frame a time is meant to be, where somebody
    knows that before its cycle has come: who follows the transport.
    """

    def __init__(
        self, *, notes: bool, frame_of: Callable[[int], int | None] = lambda _: None
    ) -> None:
        self._notes = notes
        self._frame_of = frame_of
        self._held: list[tuple[int, int, bytes, int | None]] = []  # a heap, in order of time
        self._order = 0
        self._now: list[bytes] = []  # leaves at the beginning of the next cycle
        self._sounding: dict[int, int] = {}  # channel -> note
        self._touched: dict[tuple[int, int], int] = {}  # when each note was last struck or ended
        self._doubtful: set[tuple[int, int]] = set()
        self._doubted = self._healed = False
        self._cycles = 0
        self._last_words: list[int] = []
        self.lateness: list[int] = []
        """How late each message left that had a time; whoever reads it clears it."""

    @property
    def finished(self) -> bool:
        """Whether `finish` was asked for, and all has been said."""
        return not self._last_words and not self._now and not self._held

    def take(self, kind: Kind, at: int, data: bytes, now: int) -> None:
        """Take a record; `now` is the time."""
        match kind:
            case Kind.MESSAGE:
                self._order += 1
                frame = None if at == NOW else self._frame_of(at)
                heapq.heappush(self._held, (at, self._order, data, frame))
            case Kind.SILENCE:
                self._held.clear()
                self._end_all(now)
            case Kind.PLAIN:
                self._now += [data[i : i + 3] for i in range(0, len(data), 3)]
            case Kind.END_AGAIN:
                self._end_silent(self._touched_since(now - AGAIN))
            case Kind.DOUBT:
                self._doubt(now)
            case Kind.HEAL if self._doubted:
                self._end_silent(self._doubtful)
                self._healed = True  # but others may come back later
                self._end_all(now)
            case _:
                pass

    def finish(self, now: int) -> None:
        """Have all said that is to be said before the port goes, in the next few cycles.

        The ends of all that ever sounded are said again and again: any cycle may have been lost.
        """
        if self._notes:
            self._held.clear()
            self._end_all(now)
            self._last_words = [self._cycles + after for after in LAST_WORDS]

    def due(self, cycle: Cycle) -> Iterator[tuple[int, bytes]]:
        """What leaves in a cycle: (frame counted from its first, message), in order."""
        self._cycles += 1
        if self._last_words and self._cycles > self._last_words[0]:
            self._last_words.pop(0)
            self._end_silent(set(self._touched))
        now, self._now = self._now, []
        yield from ((0, data) for data in now)
        last = 0
        while self._held:
            at, _, data, frame = self._held[0]
            offset = cycle.offset_of(at) if frame is None else cycle.offset_of_frame(frame)
            if offset >= cycle.frames:
                return
            heapq.heappop(self._held)
            late = max(cycle.begins - at, 0) if offset < 0 and at != NOW else 0
            offset = last = max(offset, last)
            for message in self._told(data, cycle.time_of(offset), late):
                yield offset, message
            self.lateness.append(late)

    def put_back(self, messages: list[bytes]) -> None:
        """Have messages that found no room leave at the beginning of the next cycle."""
        self._now = messages + self._now

    def _told(self, data: bytes, now: int, late: int) -> list[bytes]:
        """What a message comes to: its channel's note is ended before another is struck."""
        status, channel = data[0] & 0xF0, data[0] & 0x0F
        if not self._notes or status not in {0x80, 0x90}:
            return [data]
        note, sounding = data[1], self._sounding.get(channel)
        if status == 0x80:
            if sounding != note:
                return []  # it was ended by a silence, or never struck
            del self._sounding[channel]
            self._touched[channel, note] = now
            return [data]
        if late > TOO_LATE:
            return []
        before = []
        if sounding is not None:
            before.append(_end(channel, sounding))
            self._touched[channel, sounding] = now
        self._sounding[channel] = note
        self._touched[channel, note] = now
        return [*before, data]

    def _doubt(self, now: int) -> None:
        if self._healed:
            self._doubtful.clear()
        self._doubted, self._healed = True, False
        self._doubtful |= self._touched_since(now - DOUBTFUL) | set(self._sounding.items())

    def _end_all(self, now: int) -> None:
        while self._sounding:
            channel, note = self._sounding.popitem()
            self._touched[channel, note] = now
            self._now.append(_end(channel, note))

    def _touched_since(self, since: int) -> set[tuple[int, int]]:
        return {note for note, at in self._touched.items() if at >= since}

    def _end_silent(self, notes: set[tuple[int, int]]) -> None:
        """End once more those of the notes that don't sound as far as we know."""
        for channel, note in sorted(notes - set(self._sounding.items())):
            self._now.append(_end(channel, note))


def _end(channel: int, note: int) -> bytes:
    return bytes((0x80 | channel, note, 0))
