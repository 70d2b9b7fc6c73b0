"""VGM 1.61 files for the NES APU: register writes and waits, to bytes and back.

Time is in samples at 44.1 kHz. Writes are (address, value) with the console's addresses, $4000
to $4017. Files are written as nesmdb writes them, byte for byte: a header of 0xC0 bytes, commands
0x61 (wait) and 0xB4 (write) only, then 0x66, and neither tags nor loops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.registers import CPU_CLOCK, Write

VGM_RATE = 44_100
"""The sample rate in which every VGM file counts its waits."""

VERSION = 0x161
HEADER_SIZE = 0xC0
LONGEST_WAIT = 0xFFFF
CLOCKS = (CPU_CLOCK, CPU_CLOCK - 1)
"""The NTSC clocks that files state; PAL's would sound at another pitch."""

WAIT, WAIT_60, WAIT_50, HALT, DATA_BLOCK, NES_WRITE = 0x61, 0x62, 0x63, 0x66, 0x67, 0xB4
FIXED_WAITS = {WAIT_60: 735, WAIT_50: 882} | {0x70 + i: i + 1 for i in range(16)}

LEFT_OUT = (
    ("volume envelope", (0x4000, 0x4004, 0x400C), 0x10, 0x00),
    ("length counter", (0x4000, 0x4004, 0x400C), 0x20, 0x00),
    ("linear counter", (0x4008,), 0x80, 0x00),
    ("sweep", (0x4001, 0x4005), 0x80, 0x80),
    ("DMC", (0x4015,), 0x10, 0x10),
    ("DMC", (0x4011,), 0x00, 0x00),
)
"""What `Apu` lacks: (name, addresses, mask, bits); a write whose masked bits match uses it."""

# Offsets of the header's fields.
END_AT, VERSION_AT, LENGTH_AT, DATA_AT, CLOCK_AT = 0x04, 0x08, 0x18, 0x34, 0x84


@dataclass(frozen=True, slots=True)
class RegisterLog:
    """The contents of a VGM file: its length of `nsamps` samples at 44.1 kHz, and the writes.

    `writes` is int64 `[n, 3]`: (sample, address, value), sorted by sample.
    """

    nsamps: int
    writes: npt.NDArray[np.int64]


def steps_to_vgm(steps: Iterable[tuple[Iterable[Write], int]]) -> bytes:
    """The file for steps of (writes, samples to wait after them)."""
    data = bytearray(HEADER_SIZE)
    nsamps = 0
    for writes, wait in steps:
        for address, value in writes:
            data += bytes((NES_WRITE, address - 0x4000, value))
        nsamps += wait
        rest = wait
        while rest > LONGEST_WAIT:
            data += bytes((WAIT, 0xFF, 0xFF))
            rest -= LONGEST_WAIT
        data.append(WAIT)
        data += rest.to_bytes(2, "little")
    data.append(HALT)
    data[:4] = b"Vgm "
    for at, value in (
        (END_AT, len(data) - END_AT),
        (VERSION_AT, VERSION),
        (LENGTH_AT, nsamps),
        (DATA_AT, HEADER_SIZE - DATA_AT),
        (CLOCK_AT, CPU_CLOCK),
    ):
        data[at : at + 4] = value.to_bytes(4, "little")
    return bytes(data)


def writes_to_vgm(log: RegisterLog) -> bytes:
    """The file for writes at any samples, with one wait between two of them."""
    steps: list[tuple[list[Write], int]] = []
    now = 0
    writes: list[Write] = []
    for sample, address, value in log.writes.tolist():
        if sample > now:
            steps.append((writes, sample - now))
            now, writes = sample, []
        writes.append((address, value))
    steps.append((writes, log.nsamps - now))
    if log.nsamps < now:
        raise ValueError(f"a write at sample {now} is after the end at {log.nsamps}")
    return steps_to_vgm(steps)


def vgm_to_writes(data: bytes) -> RegisterLog:
    """Read a VGM file of one NTSC NES APU; its tags, loop and data blocks are skipped.

    Raises ValueError, in one line, for anything else: compressed, truncated, or another chip's.
    """
    position = _check_header(data)
    writes: list[tuple[int, int, int]] = []
    now = 0
    while True:
        command = _read(data, position, 1)
        if command == HALT:
            break
        if command == NES_WRITE:
            address = 0x4000 + _read(data, position + 1, 1)
            if address > 0x4017:
                raise ValueError(f"VGM writes to {address:#06x}, no register of the NES APU")
            writes.append((now, address, _read(data, position + 2, 1)))
            position += 3
        elif command == WAIT:
            now += _read(data, position + 1, 2)
            position += 3
        elif command in FIXED_WAITS:
            now += FIXED_WAITS[command]
            position += 1
        elif command == DATA_BLOCK:
            position += 7 + _read(data, position + 3, 4)
        else:
            raise ValueError(f"VGM has command {command:#04x} at byte {position}: not for the NES")
    stated = _read(data, LENGTH_AT, 4)
    if now != stated:
        raise ValueError(f"VGM lasts {now} samples, its header says {stated}")
    return RegisterLog(now, np.array(writes, dtype=np.int64).reshape(-1, 3))


def features_left_out(log: RegisterLog) -> list[str]:
    """The features in a file that `Apu` plays without; nesmdb's files use none of them."""
    found: dict[str, None] = {}
    address, value = log.writes[:, 1], log.writes[:, 2]
    for name, addresses, mask, bits in LEFT_OUT:
        if np.any(np.isin(address, addresses) & (value & mask == bits)):
            found[name] = None
    return list(found)


def _check_header(data: bytes) -> int:
    """Refuse what isn't a complete VGM of one NES APU; returns where its commands start."""
    if data[:2] == b"\x1f\x8b":
        raise ValueError("VGM is compressed (VGZ): gunzip it first")
    if data[:4] != b"Vgm ":
        raise ValueError(f"not a VGM file: it starts with {data[:4]!r}")
    if len(data) < CLOCK_AT + 4:
        raise ValueError(f"VGM is truncated: {len(data)} bytes don't hold its header")
    version = _read(data, VERSION_AT, 4)
    if version < VERSION:
        raise ValueError(f"VGM is version {version:#x}: the NES APU came with {VERSION:#x}")
    end = END_AT + _read(data, END_AT, 4)
    if end != len(data):
        what = "truncated" if end > len(data) else "followed by foreign data"
        raise ValueError(f"VGM is {what}: it has {len(data)} bytes, its header says {end}")
    clock = _read(data, CLOCK_AT, 4)
    if clock not in CLOCKS:
        why = "no NES APU" if clock == 0 else f"NES APU clock {clock:#x}, not one NTSC chip's"
        raise ValueError(f"VGM has {why}")
    return DATA_AT + _read(data, DATA_AT, 4)


def _read(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise ValueError(f"VGM is truncated: it ends at byte {len(data)} without its end mark")
    return int.from_bytes(data[at : at + size], "little")
