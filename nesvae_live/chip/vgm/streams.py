"""Streams: samples from a data bank that a player writes to a register by itself, at a rate.

Commands 0x90 to 0x95. Of those to the NES APU, which go to the DMC's level, a log has the writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.vgm.registerlog import VGM_RATE

MOST_HZ = 10 * VGM_RATE
"""Faster streams run at this rate: of several writes in one sample only the last is heard."""

EVERY_STREAM = 0xFF
AS_IT_STANDS = 0xFFFFFFFF
"""In place of a start: where the stream is."""

POSITION_ONLY, BY_COUNT, BY_MILLISECONDS, TO_THE_END = range(4)
REVERSE, LOOPS = 0x10, 0x80
BLOCK_LOOPS = 0x01


@dataclass(slots=True)
class DataBank:
    """The recorded samples of one type, and the first byte and the length of each block."""

    data: bytearray = field(default_factory=bytearray)
    blocks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, block: bytes) -> None:
        """Put a block behind the others."""
        self.blocks.append((len(self.data), len(block)))
        self.data += block


@dataclass(slots=True)
class Stream:
    """One stream: its register (None: not one of ours), its data, and where it stands.

    `count` commands are played from byte `start` on; `done` of them are. Ticks of its rate are
    counted from sample `since` on, and `ticks` of them are over.
    """

    register: int | None = None
    bank: int = 0
    step: int = 1
    base: int = 0
    rate: int = 0
    start: int = 0
    count: int = 0
    done: int = 0
    loops: bool = False
    reverse: bool = False
    runs: bool = False
    since: int = 0
    ticks: int = 0

    def set_rate(self, rate: int, now: int) -> None:
        """From now on, so many commands a second."""
        self.rate = min(rate, MOST_HZ)
        self.since, self.ticks = now, 0

    def play(self, start: int, count: int, mode: int, now: int) -> None:
        """Start at a byte of the bank, with flags as in the format's length mode."""
        self.start, self.count, self.done = start + self.base, count, 0
        self.loops, self.reverse = bool(mode & LOOPS), bool(mode & REVERSE)
        self.runs = count > 0
        self.since, self.ticks = now, 0

    def advance(self, until: int, data: bytearray) -> npt.NDArray[np.int64]:
        """What it writes from where it stands to before `until`: int64 `[n, 2]`, (sample, value)."""
        nothing = np.empty((0, 2), np.int64)
        if not self.runs or self.rate == 0:
            return nothing
        over = -(-(until - self.since) * self.rate // VGM_RATE)
        n = over - self.ticks
        if not self.loops:
            n = min(n, self.count - self.done)
        if n <= 0:
            return nothing
        ticks = np.arange(self.ticks, self.ticks + n, dtype=np.int64)
        index = self.done + np.arange(n, dtype=np.int64)
        self.ticks += n
        self.done += n
        if self.loops:
            index %= self.count
            self.done %= self.count
        elif self.done >= self.count:
            self.runs = False
        samples = self.since + ticks * VGM_RATE // self.rate
        at = self.start + self.step * (self.count - 1 - index if self.reverse else index)
        there = at < len(data)
        samples, at = samples[there], at[there]
        values = np.frombuffer(data, np.uint8)[at].astype(np.int64)
        last = np.append(samples[1:] != samples[:-1], True)[: len(samples)]
        return np.column_stack((samples[last], values[last]))


class Streams:
    """All streams of a file, under their numbers."""

    def __init__(self, banks: dict[int, DataBank]) -> None:
        self._banks = banks
        self._streams: dict[int, Stream] = {}

    @property
    def plays(self) -> bool:
        """Whether one of ours runs."""
        return any(s.runs and s.register is not None for s in self._streams.values())

    def set_up(self, number: int, register: int | None) -> None:
        """Make a stream; None: it writes to another chip."""
        self._streams[number] = Stream(register)

    def set_data(self, number: int, bank: int, step: int, base: int) -> None:
        """Say from where a stream takes its samples."""
        if stream := self._streams.get(number):
            stream.bank, stream.step, stream.base = bank, max(step, 1), base

    def set_rate(self, number: int, rate: int, now: int) -> None:
        """Say how many samples a second it writes."""
        if stream := self._streams.get(number):
            stream.set_rate(rate, now)

    def start(self, number: int, start: int, mode: int, length: int, now: int) -> None:
        """Start a stream as command 0x93 says."""
        stream = self._streams.get(number)
        if stream is None:
            return
        if start == AS_IT_STANDS:
            start = stream.start + stream.done * stream.step - stream.base
        how = mode & 3
        if how == POSITION_ONLY:
            stream.start, stream.done = start + stream.base, 0
            return
        left = max(0, len(self._data(stream)) - start - stream.base)
        count = -(-left // stream.step)
        if how == BY_COUNT:
            count = min(length, count)
        elif how == BY_MILLISECONDS:
            count = min(length * stream.rate // 1000, count)
        stream.play(start, count, mode, now)

    def start_block(self, number: int, block: int, flags: int, now: int) -> None:
        """Start a stream with a block of its bank, as command 0x95 says."""
        stream = self._streams.get(number)
        bank = self._banks.get(stream.bank) if stream else None
        if stream and bank and block < len(bank.blocks):
            start, size = bank.blocks[block]
            mode = (LOOPS if flags & BLOCK_LOOPS else 0) | flags & REVERSE
            stream.play(start, max(0, -(-(size - stream.base) // stream.step)), mode, now)

    def stop(self, number: int) -> None:
        """Stop a stream, or every one."""
        for n, stream in self._streams.items():
            if number in {n, EVERY_STREAM}:
                stream.runs = False

    def advance(self, until: int) -> npt.NDArray[np.int64]:
        """What all of ours write from where they stand to before `until`: int64 `[n, 3]`, sorted."""
        found = [np.empty((0, 3), np.int64)]
        for stream in self._streams.values():
            if stream.register is not None and stream.runs:
                written = stream.advance(until, self._data(stream))
                addresses = np.full(len(written), 0x4000 + stream.register, np.int64)
                found.append(np.column_stack((written[:, 0], addresses, written[:, 1])))
        together = np.concatenate(found)
        return together[np.argsort(together[:, 0], kind="stable")]

    def _data(self, stream: Stream) -> bytearray:
        bank = self._banks.get(stream.bank)
        return bank.data if bank else bytearray()
