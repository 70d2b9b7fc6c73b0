"""The tables of the format: how long each command is, and whose.

From VGM 1.71's specification, which also says how long commands are that are yet to be defined;
0x41 to 0x4E had one operand less before 1.60.
"""

from __future__ import annotations

WAIT, WAIT_60, WAIT_50, WAIT_AS, HALT = 0x61, 0x62, 0x63, 0x64, 0x66
DATA_BLOCK, RAM_COPY = 0x67, 0x68
STREAM_SETUP, STREAM_DATA, STREAM_RATE, STREAM_START, STREAM_STOP, STREAM_BLOCK = range(0x90, 0x96)
NES_WRITE = 0xB4

SHORT_WAITS = {0x70 + i: i + 1 for i in range(16)}
DAC_WAITS = {0x80 + i: i for i in range(16)}
"""YM2612: a write from the data bank, then a wait."""

FRAME_WAITS = {WAIT_60: 735, WAIT_50: 882}

RAM_COPY_BYTES = 12

_RANGES = (
    *((0x00, 0x00, 0), (0x30, 0x3F, 1), (0x40, 0x4E, 2), (0x4F, 0x50, 1), (0x51, 0x5F, 2)),
    *((0x61, 0x61, 2), (0x62, 0x63, 0), (0x64, 0x64, 3), (0x66, 0x66, 0), (0x70, 0x8F, 0)),
    *((0x90, 0x91, 4), (0x92, 0x92, 5), (0x93, 0x93, 10), (0x94, 0x94, 1), (0x95, 0x95, 4)),
    *((0xA0, 0xBF, 2), (0xC0, 0xDF, 3), (0xE0, 0xFF, 4)),
)
LENGTHS = {
    command: 1 + operands for first, last, operands in _RANGES for command in range(first, last + 1)
}
"""The bytes of a command, its own included; 0x67 and 0x68 say themselves. Others don't exist."""

RESERVED_BEFORE_160 = range(0x41, 0x4F)

CHIPS = {
    **dict.fromkeys((0x30, 0x3F, 0x4F, 0x50), "SN76489"),
    **dict.fromkeys((0x51, 0xA1), "YM2413"),
    **dict.fromkeys((0x52, 0x53, 0xA2, 0xA3, *DAC_WAITS), "YM2612"),
    **dict.fromkeys((0x54, 0xA4), "YM2151"),
    **dict.fromkeys((0x55, 0xA5), "YM2203"),
    **dict.fromkeys((0x56, 0x57, 0xA6, 0xA7), "YM2608"),
    **dict.fromkeys((0x58, 0x59, 0xA8, 0xA9), "YM2610"),
    **dict.fromkeys((0x5A, 0xAA), "YM3812"),
    **dict.fromkeys((0x5B, 0xAB), "YM3526"),
    **dict.fromkeys((0x5C, 0xAC), "Y8950"),
    **dict.fromkeys((0x5D, 0xAD), "YMZ280B"),
    **dict.fromkeys((0x5E, 0x5F, 0xAE, 0xAF), "YMF262"),
    0xA0: "AY8910",
    0xB0: "RF5C68",
    0xB1: "RF5C164",
    0xB2: "PWM",
    0xB3: "Game Boy",
    0xB5: "MultiPCM",
    0xB6: "uPD7759",
    0xB7: "OKIM6258",
    0xB8: "OKIM6295",
    0xB9: "HuC6280",
    0xBA: "K053260",
    0xBB: "Pokey",
    0xBC: "WonderSwan",
    0xBD: "SAA1099",
    0xBE: "ES5506",
    0xBF: "GA20",
    0xC0: "Sega PCM",
    0xC1: "RF5C68",
    0xC2: "RF5C164",
    0xC3: "MultiPCM",
    0xC4: "QSound",
    0xC5: "SCSP",
    0xC6: "WonderSwan",
    0xC7: "VSU",
    0xC8: "X1-010",
    0xD0: "YMF278B",
    0xD1: "YMF271",
    0xD2: "K051649",
    0xD3: "K054539",
    0xD4: "C140",
    0xD5: "ES5503",
    0xD6: "ES5506",
    0xE1: "C352",
}
"""The chip to which a command writes; what isn't here is nobody's yet."""

STREAM_CHIP = 0x14
"""The NES APU among the chips that a stream writes to: they are counted as in the header."""

# Types of data blocks.
BANKS = range(0x40)
"""Recorded streams, whose blocks are put behind one another in a bank for each type."""
PACKED_BANKS = range(0x40, 0x7F)
DPCM_BANK = 0x07
NES_RAM = 0xC2

SECOND = 0x80
"""Registers from here on are those of the second chip."""

FDS = range(0x20, 0x80)
"""The registers of the Famicom Disk System's sound."""

LAST_REGISTER = 0x17
