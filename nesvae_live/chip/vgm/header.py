"""A VGM file's header: which fields there are, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.chip.vgm.registerlog import NTSC_CLOCK

MAGIC = b"Vgm "
VERSION = 0x161
"""The first version with the NES APU, and the one that nesmdb writes and knows."""

SIZE = 0xC0
"""The header's bytes in that version."""

OLDEST_SIZE = 0x40
"""What every header has; before 1.50 the commands follow there."""

DATA_OFFSET_SINCE = 0x150

# Offsets of the fields.
END_AT, VERSION_AT, TAGS_AT, LENGTH_AT, LOOP_AT, LOOP_LENGTH_AT = 0x04, 0x08, 0x14, 0x18, 0x1C, 0x20
RATE_AT, DATA_AT, CLOCK_AT = 0x24, 0x34, 0x84

TWO_CHIPS, WITH_FDS = 1 << 30, 1 << 31

CLOCKS = range(1_000_000, 4_000_001)
"""What a CPU's clock may be; the consoles that there were have 1.66 to 1.79 MHz."""

CHIP_CLOCKS = {
    0x0C: "SN76489",
    0x10: "YM2413",
    0x2C: "YM2612",
    0x30: "YM2151",
    0x38: "Sega PCM",
    0x40: "RF5C68",
    0x44: "YM2203",
    0x48: "YM2608",
    0x4C: "YM2610",
    0x50: "YM3812",
    0x54: "YM3526",
    0x58: "Y8950",
    0x5C: "YMF262",
    0x60: "YMF278B",
    0x64: "YMF271",
    0x68: "YMZ280B",
    0x6C: "RF5C164",
    0x70: "PWM",
    0x74: "AY8910",
    0x80: "Game Boy",
    0x88: "MultiPCM",
    0x8C: "uPD7759",
    0x90: "OKIM6258",
    0x98: "OKIM6295",
    0x9C: "K051649",
    0xA0: "K054539",
    0xA4: "HuC6280",
    0xA8: "C140",
    0xAC: "K053260",
    0xB0: "Pokey",
    0xB4: "QSound",
    0xB8: "SCSP",
    0xC0: "WonderSwan",
    0xC4: "VSU",
    0xC8: "SAA1099",
    0xCC: "ES5503",
    0xD0: "ES5506",
    0xD8: "X1-010",
    0xDC: "C352",
    0xE0: "GA20",
}
"""Where the other chips' clocks stand."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says: offsets are from the file's start, None where there is none.

    `clock` is 0 where no NES APU is named; `others` are the chips that are.
    """

    version: int
    data_at: int
    tags_at: int | None
    loop_at: int | None
    clock: int
    others: tuple[str, ...]

    def chip_clock(self) -> int:
        """The clock to play at: that which is stated, or NTSC's.

        Raises:
            ValueError: no console's CPU has it.
        """
        if self.clock == 0:
            return NTSC_CLOCK
        if self.clock not in CLOCKS:
            raise ValueError(f"VGM has an NES APU at {self.clock} Hz, which isn't a console's")
        return self.clock


def read_header(data: bytes) -> Header:
    """Read a header; what stands where the commands already are counts as 0.

    Raises:
        ValueError: it is none, or not whole.
    """
    if data[:4] != MAGIC:
        raise ValueError("not a VGM file: it doesn't begin with Vgm")
    if len(data) < OLDEST_SIZE:
        raise ValueError(f"VGM is truncated: {len(data)} bytes don't hold its header")
    version = _field(data, VERSION_AT, OLDEST_SIZE)
    data_at = OLDEST_SIZE
    offset = _field(data, DATA_AT, OLDEST_SIZE)
    if version >= DATA_OFFSET_SINCE and offset:
        data_at = DATA_AT + offset
    if data_at > len(data):
        raise ValueError(f"VGM is truncated: {len(data)} bytes don't hold its header")
    end = max(data_at, OLDEST_SIZE)
    tags, loop = _field(data, TAGS_AT, end), _field(data, LOOP_AT, end)
    return Header(
        version,
        data_at,
        TAGS_AT + tags if tags else None,
        LOOP_AT + loop if loop else None,
        _field(data, CLOCK_AT, end) & ~(TWO_CHIPS | WITH_FDS),
        tuple(name for at, name in CHIP_CLOCKS.items() if _field(data, at, end)),
    )


def _field(data: bytes, at: int, end: int) -> int:
    """The number at an offset; 0 if the header ends before."""
    return int.from_bytes(data[at : at + 4], "little") if at + 4 <= end else 0
