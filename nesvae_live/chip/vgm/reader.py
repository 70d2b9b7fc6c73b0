"""Reads a VGM file as players do: whoever wrote it, with whatever else it is for.

What plays elsewhere plays here too. What is left out, or wrong so that something may be missing,
becomes a line in the log's notices; an end mark, a total or an offset that is off does no harm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.vgm import commands as c
from nesvae_live.chip.vgm.header import CHIP_CLOCKS, Header, read_header
from nesvae_live.chip.vgm.packed import unpack
from nesvae_live.chip.vgm.registerlog import HIGHEST_ADDRESS, MEMORY, RegisterLog
from nesvae_live.chip.vgm.streams import DataBank, Streams
from nesvae_live.chip.vgm.tags import MAGIC as TAGS_MAGIC
from nesvae_live.chip.vgm.tags import read_tags

MOST_WRITES = 1 << 24
"""More than a file has: the busiest song of an hour has a tenth of it."""

ALL_OF_MEMORY = 1 << 24
"""What a copy of 0 bytes means."""

SECOND_CHIP, FDS_SOUND = "second NES APU", "Famicom Disk System"
STREAM_CHIPS = (*list(CHIP_CLOCKS.values())[: c.STREAM_CHIP], "", *CHIP_CLOCKS.values())
"""The chips to which a stream may write, as they are counted."""


def vgm_to_writes(data: bytes) -> RegisterLog:
    """Read a VGM file, compressed or not, of any version.

    Raises ValueError, in one line, if there is nothing to play for the NES in it.
    """
    data, fault = unpack(data)
    header = read_header(data)
    reader = _Reader(data, header)
    if fault:
        reader.notices.append(fault)
    return reader.read()


class _Reader:
    """Reads commands one after the other, and collects what the NES's are."""

    def __init__(self, data: bytes, header: Header) -> None:
        self._data = data
        self._header = header
        self._at = header.data_at
        tags = header.tags_at
        beyond = tags is not None and tags >= self._at and data[tags : tags + 4] == TAGS_MAGIC
        self._end = tags if beyond and tags is not None else len(data)
        self._now = 0
        self._loop: int | None = None
        self._found: list[tuple[int, int, int]] = []
        self._parts: list[npt.NDArray[np.int64]] = []
        self._n_writes = 0
        self._frames = dict(c.FRAME_WAITS)
        self._banks: dict[int, DataBank] = {}
        self._streams = Streams(self._banks)
        self._left_out: dict[str, None] = {}
        self.notices: list[str] = []
        self._acts: dict[int, Callable[[int], None]] = {
            c.NES_WRITE: self._write,
            c.WAIT: lambda at: self._wait(self._number(at + 1, 2)),
            c.WAIT_AS: self._set_wait,
            c.STREAM_SETUP: self._set_up_stream,
            c.STREAM_DATA: lambda at: self._streams.set_data(*self._bytes(at, 4)),
            c.STREAM_RATE: self._set_stream_rate,
            c.STREAM_START: self._start_stream,
            c.STREAM_STOP: lambda at: self._streams.stop(self._number(at + 1, 1)),
            c.STREAM_BLOCK: self._start_block,
        }

    def read(self) -> RegisterLog:
        """The log of the whole file."""
        whole = self._read_commands()
        self._keep()
        if not whole and not (self._n_writes or self._now):
            raise ValueError(f"VGM is truncated: it ends at byte {self._end} without its end mark")
        header = self._header
        if header.clock == 0 and not self._n_writes:
            others = list(dict.fromkeys((*header.others, *self._left_out)))
            raise ValueError(
                f"VGM has no NES APU{': it is for ' * bool(others)}{', '.join(others)}"
            )
        if header.clock == 0:
            self.notices.append("its header names no NES APU: played at the clock of NTSC")
        if self._left_out:
            self.notices.append(f"played without {', '.join(self._left_out)}, which it uses")
        tags, fault = read_tags(self._data, header.tags_at)
        if fault:
            self.notices.append(fault)
        if header.loop_at is not None and (self._loop is None or self._loop >= self._now):
            self.notices.append("its loop begins where nothing is played: left out")
            self._loop = None
        writes = np.concatenate([np.empty((0, 3), np.int64), *self._parts])
        return RegisterLog(
            self._now, writes, header.chip_clock(), self._loop, tags, tuple(self.notices)
        )

    def _read_commands(self) -> bool:
        """Read until the end mark; returns whether there was one."""
        older = self._header.version < 0x160
        data, end = self._data, self._end
        while self._at < end:
            at = self._at
            if self._loop is None and self._header.loop_at is not None:
                self._loop = self._now if at >= self._header.loop_at else None
            command = data[at]
            if command == c.NES_WRITE and at + 2 < end and data[at + 1] <= c.LAST_REGISTER:
                self._found.append((self._now, 0x4000 + data[at + 1], data[at + 2]))
                self._count(1)
                self._at = at + 3
                continue
            if command == c.HALT:
                return True
            length = self._length(command, at)
            if older and command in c.RESERVED_BEFORE_160:
                length -= 1
            if length == 0:
                self.notices.append(
                    f"it has the byte {command:#04x} at {at}, which isn't a command: read up to there"
                )
                return bool(self._n_writes or self._now)
            if at + length > self._end:
                break
            self._at = at + length
            self._act(command, at)
        self.notices.append("it ends without its end mark: cut off?")
        return False

    def _length(self, command: int, at: int) -> int:
        """How many bytes a command takes; 0 if there is none of its kind."""
        if command == c.DATA_BLOCK:
            return 7 + (self._number(at + 3, 4) & 0x7FFFFFFF)
        if command == c.RAM_COPY:
            return c.RAM_COPY_BYTES
        return c.LENGTHS.get(command, 0)

    def _act(self, command: int, at: int) -> None:
        if act := self._acts.get(command):
            act(at)
        elif command in self._frames:
            self._wait(self._frames[command])
        elif command in c.SHORT_WAITS:
            self._wait(c.SHORT_WAITS[command])
        elif command == c.DATA_BLOCK:
            self._take_block(at)
        elif command == c.RAM_COPY:
            self._copy(at)
        elif command in c.CHIPS:
            self._left_out[c.CHIPS[command]] = None
            self._wait(c.DAC_WAITS.get(command, 0))

    def _write(self, at: int) -> None:
        """A write to what is no register of ours."""
        register = self._number(at + 1, 1)
        if register >= c.SECOND:
            self._left_out[SECOND_CHIP] = None
        elif register in c.FDS:
            self._left_out[FDS_SOUND] = None

    def _wait(self, samples: int) -> None:
        until = self._now + samples
        if self._streams.plays:
            self._keep()
            written = self._streams.advance(until)
            self._parts.append(written)
            self._count(len(written))
        self._now = until

    def _set_wait(self, at: int) -> None:
        """What 0x62 or 0x63 stands for from now on."""
        self._frames[self._number(at + 1, 1)] = self._number(at + 2, 2)

    def _set_up_stream(self, at: int) -> None:
        number, chip, _, register = self._bytes(at, 4)
        ours = chip == c.STREAM_CHIP and register <= c.LAST_REGISTER
        self._streams.set_up(number, register if ours else None)
        if chip == c.STREAM_CHIP | c.SECOND:
            self._left_out[SECOND_CHIP] = None
        elif chip != c.STREAM_CHIP and chip & 0x7F < len(STREAM_CHIPS):
            self._left_out[STREAM_CHIPS[chip & 0x7F]] = None

    def _set_stream_rate(self, at: int) -> None:
        self._streams.set_rate(self._number(at + 1, 1), self._number(at + 2, 4), self._now)

    def _start_stream(self, at: int) -> None:
        number, mode = self._number(at + 1, 1), self._number(at + 6, 1)
        start, length = self._number(at + 2, 4), self._number(at + 7, 4)
        self._streams.start(number, start, mode, length, self._now)

    def _start_block(self, at: int) -> None:
        number, flags = self._number(at + 1, 1), self._number(at + 4, 1)
        self._streams.start_block(number, self._number(at + 2, 2), flags, self._now)

    def _take_block(self, at: int) -> None:
        kind = self._number(at + 2, 1)
        second = self._number(at + 3, 4) & 0x80000000
        block = self._data[at + 7 : self._at]
        if kind in c.BANKS:
            self._banks.setdefault(kind, DataBank()).add(block)
        elif kind in c.PACKED_BANKS and kind & 0x3F == c.DPCM_BANK:
            self._left_out["packed samples"] = None
        elif kind == c.NES_RAM and not second:
            self._fill(int.from_bytes(block[:2], "little"), block[2:])

    def _copy(self, at: int) -> None:
        """Copy from the DMC's bank into its memory."""
        if self._number(at + 2, 1) & 0x7F != c.DPCM_BANK or c.DPCM_BANK not in self._banks:
            return
        start, to, size = (self._number(at + n, 3) for n in (3, 6, 9))
        self._fill(to, self._banks[c.DPCM_BANK].data[start : start + (size or ALL_OF_MEMORY)])

    def _fill(self, address: int, block: bytes | bytearray) -> None:
        """Bytes into memory; what the DMC can't reach is left out."""
        skipped = max(0, MEMORY - address)
        block = block[skipped : HIGHEST_ADDRESS + 1 - address]
        n = len(block)
        if n == 0:
            return
        self._keep()
        self._count(n)
        addresses = address + skipped + np.arange(n, dtype=np.int64)
        values = np.frombuffer(block, np.uint8).astype(np.int64)
        self._parts.append(np.column_stack((np.full(n, self._now), addresses, values)))

    def _count(self, n: int) -> None:
        self._n_writes += n
        if self._n_writes > MOST_WRITES:
            raise ValueError(f"VGM writes more than {MOST_WRITES} times, which no music does")

    def _keep(self) -> None:
        """Put the writes that were found into the log's parts."""
        if self._found:
            self._parts.append(np.array(self._found, np.int64))
            self._found = []

    def _bytes(self, at: int, n: int) -> bytes:
        """The operands of a command."""
        return self._data[at + 1 : at + 1 + n]

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self._data[at : at + size], "little")
