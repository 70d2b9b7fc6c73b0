"""An NSF: the player in a bank of its own, behind it the packed writes, in banks of 4 KiB.

The format is nesdev's: https://www.nesdev.org/wiki/NSF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nesvae_live.chip.console.frames import FrameLog
from nesvae_live.chip.console.streams import Tokens, Window, pack, turns_to_tokens

PLAY_MICROSECONDS = 16_639
"""What the speed field says: a console's frame, to the microsecond."""

NSF_HZ = 1e6 / PLAY_MICROSECONDS
"""How often a second an NSF's player is called: 60.0998 times."""

BANK = 4096
MOST_BANKS = 256
MOST_BYTES = (MOST_BANKS - 1) * BANK
LOAD, INIT, PLAY = 0x8000, 0x8000, 0x8003
STARTS_AT = 0x10
"""Where the starts of the streams stand in the player: low bytes, high bytes, banks."""

WINDOW = Window(0x9000, BANK, 1)
PLAYER = Path(__file__).parent / "asm" / "nsf.bin"

TEXT_BYTES = 32
MAGIC = b"NESM\x1a"


@dataclass(frozen=True, slots=True)
class Credits:
    """What a file says about itself."""

    title: str = ""
    artist: str = ""
    copyright: str = ""


NO_CREDITS = Credits()


@dataclass(frozen=True, slots=True)
class Program:
    """A file, and how many bytes its packed writes take of those that would fit."""

    data: bytes
    packed: int
    most: int


class TooLongError(ValueError):
    """It doesn't fit; the message says how much would."""


def frames_to_nsf(frames: FrameLog, credits_: Credits, loop: int | None) -> Program:
    """The NSF of frames at `NSF_HZ`; at the end it goes on with frame `loop` (None: is silent).

    Raises:
        TooLongError: it takes more than 1 MiB.
    """
    streams = [turns_to_tokens(turns, frames.count, loop) for turns in frames.voices]
    player = bytearray(PLAYER.read_bytes())
    data = place(streams, WINDOW, MOST_BYTES, player, STARTS_AT, frames)
    program = bytes(player).ljust(BANK, b"\0") + data
    n_banks = -(-len(program) // BANK)
    header = bytearray(0x80)
    header[:8] = MAGIC + bytes((1, 1, 1))
    for at, address in ((0x08, LOAD), (0x0A, INIT), (0x0C, PLAY), (0x6E, PLAY_MICROSECONDS)):
        header[at : at + 2] = address.to_bytes(2, "little")
    for at, text in ((0x0E, credits_.title), (0x2E, credits_.artist), (0x4E, credits_.copyright)):
        written = to_ascii(text)[: TEXT_BYTES - 1]
        header[at : at + len(written)] = written
    header[0x70:0x78] = bytes(bank if bank < n_banks else 0 for bank in range(8))
    return Program(bytes(header) + program, len(data), MOST_BYTES)


def place(
    streams: Sequence[Tokens],
    window: Window,
    most_bytes: int,
    player: bytearray,
    starts_at: int,
    frames: FrameLog,
) -> bytes:
    """Pack streams, and write into the player where they start; returns the packed bytes.

    Raises:
        TooLongError: they take more than `most_bytes`.
    """
    packed = pack(streams, window)
    if len(packed.data) > most_bytes:
        fit = frames.seconds / 60 * most_bytes / len(packed.data)
        raise TooLongError(
            f"{frames.seconds / 60:.1f} minutes take {len(packed.data)} bytes, and "
            f"{most_bytes} fit: about {fit:.1f} minutes of it; export fewer bars"
        )
    for i, start in enumerate(packed.starts):
        for j, byte in enumerate(window.place(start)):
            player[starts_at + j * len(streams) + i] = byte
    return packed.data


def to_ascii(text: str) -> bytes:
    """Text as a header takes it; what isn't ASCII becomes a question mark."""
    return text.encode("ascii", "replace")
