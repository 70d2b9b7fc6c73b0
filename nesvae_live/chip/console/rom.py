"""A .nes file that plays by itself: the packed writes in banks of 8 KiB, the player in the last.

The header is iNES's, the mapper MMC3 (number 4) with 8 KiB of CHR-ROM and no RAM, as on the TLROM
boards: https://www.nesdev.org/wiki/INES and https://www.nesdev.org/wiki/MMC3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nesvae_live.chip.console.frames import FrameLog, Turn, VoiceTurns
from nesvae_live.chip.console.nsf import Credits, Program, place
from nesvae_live.chip.console.screen import PALETTE, draw_screen, tiles
from nesvae_live.chip.console.streams import Window, turns_to_tokens

BANK = 8192
FEWEST_BANKS, MOST_BANKS = 4, 64
MOST_BYTES = (MOST_BANKS - 1) * BANK
MAPPER = 4
STARTS_AT, SCREEN_AT = 0x000, 0x100
"""Where the starts of the streams and the screen, with the palette behind it, lie in the player."""

WINDOW = Window(0xA000, BANK, 0)
PLAYER = Path(__file__).parent / "asm" / "nes.bin"
MOST_COUNTED = 9999


@dataclass(frozen=True, slots=True)
class Count:
    """What the ROM counts on its screen: its name, and the frame at which each number begins."""

    name: str
    frames: Sequence[int]


def frames_to_rom(frames: FrameLog, about: Credits, loop: int | None, count: Count) -> Program:
    """The ROM of frames at the console's own rate; at the end it goes on with frame `loop`.

    Raises:
        TooLongError: it takes more than 504 KiB.
    """
    voices = (*frames.voices, _digits(count, frames.count))
    streams = [turns_to_tokens(turns, frames.count, loop) for turns in voices]
    player = bytearray(PLAYER.read_bytes())
    data = place(streams, WINDOW, MOST_BYTES, player, STARTS_AT, frames)
    total = f"OF {len(count.frames)}" if count.frames else ""
    picture = draw_screen(about, count.name, total) + PALETTE
    player[SCREEN_AT : SCREEN_AT + len(picture)] = picture
    n_banks = FEWEST_BANKS
    while n_banks * BANK < len(data) + BANK:
        n_banks *= 2
    header = b"NES\x1a" + bytes((n_banks // 2, 1, MAPPER << 4, 0)) + bytes(8)
    program = data.ljust((n_banks - 1) * BANK, b"\xff") + bytes(player)
    return Program(header + program + tiles(), len(data), MOST_BYTES)


def _digits(count: Count, n_frames: int) -> VoiceTurns:
    """The number on the screen as turns of a fifth voice, whose registers are its digits."""
    shown = [0, 0, 0, 0]
    turns: VoiceTurns = []
    for number, frame in enumerate(count.frames, 1):
        digits = [ord(digit) for digit in f"{min(number, MOST_COUNTED):4}"]
        new = [None if now == old else now for now, old in zip(digits, shown, strict=True)]
        if turns and turns[-1][0] >= frame:
            continue
        if frame < n_frames:
            turns.append((frame, Turn((new[0], new[1], new[2], new[3]))))
            shown = digits
    return turns
