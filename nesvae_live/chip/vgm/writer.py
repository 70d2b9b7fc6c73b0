"""Writes VGM 1.61 files: waits, register writes, the DMC's memory, a loop and tags.

A score's file is nesmdb's, byte for byte: a header of 0xC0 bytes, commands 0x61 (wait) and 0xB4
(write) only, then 0x66, and neither tags nor a loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from nesvae_live.chip.vgm import header as h
from nesvae_live.chip.vgm.commands import (
    DATA_BLOCK,
    FRAME_WAITS,
    HALT,
    NES_RAM,
    NES_WRITE,
    SHORT_WAITS,
    WAIT,
)
from nesvae_live.chip.vgm.registerlog import MEMORY, NO_TAGS, NTSC_CLOCK, RegisterLog, Tags
from nesvae_live.chip.vgm.tags import write_tags

LONGEST_WAIT = 0xFFFF
BRIEF_WAITS = {n: bytes((command,)) for command, n in (FRAME_WAITS | SHORT_WAITS).items()}
"""Waits that one byte says."""


class _Writer:
    """The commands of a file."""

    def __init__(self, *, brief: bool) -> None:
        self.data = bytearray(h.SIZE)
        self.nsamps = 0
        self.loop: int | None = None
        self._loop_at = 0
        self._brief = brief

    def write(self, writes: Iterable[tuple[int, int]]) -> None:
        """Writes at once: to registers, and to memory in blocks of what lies side by side."""
        pending: list[tuple[int, int]] = []
        for address, value in writes:
            if address >= MEMORY:
                if pending and address != pending[-1][0] + 1:
                    self._block(pending)
                pending.append((address, value))
            else:
                self._block(pending)
                self.data += bytes((NES_WRITE, address - 0x4000, value))
        self._block(pending)

    def wait(self, samples: int) -> None:
        """Wait, also for no sample, as nesmdb does."""
        self.nsamps += samples
        if self._brief and (samples == 0 or samples in BRIEF_WAITS):
            self.data += BRIEF_WAITS.get(samples, b"")
            return
        while samples > LONGEST_WAIT:
            self.data += bytes((WAIT, 0xFF, 0xFF))
            samples -= LONGEST_WAIT
        self.data.append(WAIT)
        self.data += samples.to_bytes(2, "little")

    def mark_loop(self) -> None:
        """At its end it goes on from here."""
        self.loop, self._loop_at = self.nsamps, len(self.data)

    def close(self, clock: int, tags: Tags) -> bytes:
        """The whole file."""
        data = self.data
        data.append(HALT)
        fields = [
            (h.VERSION_AT, h.VERSION),
            (h.LENGTH_AT, self.nsamps),
            (h.DATA_AT, h.SIZE - h.DATA_AT),
            (h.CLOCK_AT, clock),
        ]
        if tags:
            fields.append((h.TAGS_AT, len(data) - h.TAGS_AT))
            data += write_tags(tags)
        if self.loop is not None:
            fields.append((h.LOOP_AT, self._loop_at - h.LOOP_AT))
            fields.append((h.LOOP_LENGTH_AT, self.nsamps - self.loop))
        fields.append((h.END_AT, len(data) - h.END_AT))
        data[:4] = h.MAGIC
        for at, value in fields:
            data[at : at + 4] = value.to_bytes(4, "little")
        return bytes(data)

    def _block(self, pending: list[tuple[int, int]]) -> None:
        if pending:
            size = (2 + len(pending)).to_bytes(4, "little")
            self.data += bytes((DATA_BLOCK, HALT, NES_RAM)) + size
            self.data += pending[0][0].to_bytes(2, "little") + bytes(v for _, v in pending)
            pending.clear()


def steps_to_vgm(steps: Iterable[tuple[Iterable[tuple[int, int]], int]]) -> bytes:
    """The file for steps of (writes, samples to wait after them)."""
    writer = _Writer(brief=False)
    for writes, wait in steps:
        writer.write(writes)
        writer.wait(wait)
    return writer.close(NTSC_CLOCK, NO_TAGS)


def writes_to_vgm(log: RegisterLog, *, brief: bool = False) -> bytes:
    """The file for writes at any samples, with one wait between two of them, and at the loop.

    `brief` writes the waits of frames and of up to 16 samples as one byte.

    Raises:
        ValueError: a write or the loop lies after the end.
    """
    writer = _Writer(brief=brief)
    loop = log.loop
    if loop is not None and not 0 <= loop < max(log.nsamps, 1):
        raise ValueError(f"it can't loop from sample {loop}: it ends at {log.nsamps}")
    for sample, together in groupby(log.writes.tolist(), key=lambda write: write[0]):
        if sample > log.nsamps:
            raise ValueError(f"a write at sample {sample} is after the end at {log.nsamps}")
        if loop is not None and writer.loop is None and sample >= loop:
            _wait_until(writer, loop)
            writer.mark_loop()
        _wait_until(writer, sample)
        writer.write((address, value) for _, address, value in together)
    if loop is not None and writer.loop is None:
        _wait_until(writer, loop)
        writer.mark_loop()
    writer.wait(log.nsamps - writer.nsamps)
    return writer.close(log.clock, log.tags)


def _wait_until(writer: _Writer, sample: int) -> None:
    if sample > writer.nsamps:
        writer.wait(sample - writer.nsamps)
