"""VGM files as other programs write them: a short tune, with whatever is to be different."""

from __future__ import annotations

import struct

from nesvae_live.chip.vgm.registerlog import NTSC_CLOCK, Tags
from nesvae_live.chip.vgm.tags import write_tags

NOTES = (60, 64, 67, 72)
STEP = 11_025
"""Samples a note."""

TAGS = Tags("A tune", "曲", "A game", "", "NES", "", "Somebody", "誰か", "2024", "me", "a note")

START = ((0x15, 0x0F), (0x17, 0xC0), (0x00, 0xB8), (0x01, 0x08), (0x08, 0x83))


def write(register: int, value: int) -> bytes:
    return bytes((0xB4, register, value))


def wait(samples: int) -> bytes:
    return b"\x61" + struct.pack("<H", samples)


def block(kind: int, contents: bytes) -> bytes:
    return bytes((0x67, 0x66, kind)) + struct.pack("<I", len(contents)) + contents


def tune(
    clock: int = NTSC_CLOCK, *, before: bytes = b"", within: bytes = b"", linear: int = 0x83
) -> bytes:
    """A second of an arpeggio on P1, and on TR an octave lower: the commands."""
    data = before + b"".join(write(*pair) for pair in (*START, (0x08, linear)))
    for note in NOTES:
        period = round(clock / (16 * 440 * 2 ** ((note - 69) / 12)) - 1)
        for low, high in ((0x02, 0x03), (0x0A, 0x0B)):
            data += write(low, period & 255) + write(high, 0x08 | period >> 8)
        data += within + wait(STEP)
    return data


def vgm(
    commands: bytes,
    *,
    clock: int = NTSC_CLOCK,
    version: int = 0x161,
    header: int = 0xC0,
    fields: dict[int, int] | None = None,
    end: bytes = b"\x66",
    tags: Tags | None = None,
    loop_at: int | None = None,
    tail: bytes = b"",
) -> bytes:
    """A file of commands: `loop_at` is the byte of them at which it goes on; `fields` come last."""
    data = bytearray(header) + commands + end
    values = {0x08: version, 0x18: len(NOTES) * STEP, 0x34: header - 0x34}
    if header >= 0x88:
        values[0x84] = clock
    if tags is not None:
        values[0x14] = len(data) - 0x14
        data += write_tags(tags)
    if loop_at is not None:
        values |= {0x1C: header + loop_at - 0x1C, 0x20: len(NOTES) * STEP}
    values[0x04] = len(data) - 4
    data[:4] = b"Vgm "
    for at, value in (values | (fields or {})).items():
        data[at : at + 4] = struct.pack("<I", value & 0xFFFFFFFF)
    return bytes(data) + tail
