"""An NSF that writes given registers frame by frame: for a player that is not ours to play.

It is no product of the project's own exporter, so that whatever the chip has can be written.
"""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live.chip.console.nsf import PLAY_MICROSECONDS

LOAD, PLAY, DATA, SAMPLES = 0x8000, 0x8010, 0x8030, 0xC000
MOST_DATA = SAMPLES - DATA

INIT_CODE = bytes.fromhex("a930 8500 a980 8501 60")
"""Point $00 at the data, which begin at $8030."""

PLAY_CODE = bytes.fromhex(
    "a000 b100 c9ff f00a aa c8 b100 9d0040 c8 d0f0 c8 98 18 6500 8500 9002 e601 60"
)
"""Write pairs of register and value up to $FF, and go on behind it the next time."""


def raw_nsf(frames: Sequence[Sequence[tuple[int, int]]], samples: bytes = b"") -> bytes:
    """The file for the writes (address, value) of each frame, and the DMC's samples at $C000."""
    data = bytearray()
    for writes in frames:
        assert len(writes) < 120
        for address, value in writes:
            data += bytes((address - 0x4000, value))
        data.append(0xFF)
    data += b"\xff" * 600  # frames of nothing
    assert len(data) <= MOST_DATA
    program = bytearray(SAMPLES - LOAD)
    program[: len(INIT_CODE)] = INIT_CODE
    program[PLAY - LOAD :][: len(PLAY_CODE)] = b""
    program[PLAY - LOAD : PLAY - LOAD + len(PLAY_CODE)] = PLAY_CODE
    program[DATA - LOAD : DATA - LOAD + len(data)] = data
    header = bytearray(0x80)
    header[:8] = b"NESM\x1a\x01\x01\x01"
    for at, number in ((0x08, LOAD), (0x0A, LOAD), (0x0C, PLAY), (0x6E, PLAY_MICROSECONDS)):
        header[at : at + 2] = number.to_bytes(2, "little")
    return bytes(header + program + samples)
