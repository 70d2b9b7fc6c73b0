"""Music as an NSF or as a ROM, with bar lines, a loop and credits, and a line on how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.chip.console.frames import CONSOLE_HZ, FrameLog, log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS, NSF_HZ, Credits, Program, frames_to_nsf
from nesvae_live.chip.console.rom import Count, frames_to_rom
from nesvae_live.chip.convert import Source, to_log

SUFFIXES = (".nsf", ".nes")

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Edition:
    """How music goes onto the console.

    `bars` are the seconds at which bars begin (none: the ROM counts seconds); at the end it goes on
    from `loop`, in seconds, or falls silent (None). `about` is what the file says about itself.
    """

    about: Credits = NO_CREDITS
    bars: Sequence[float] = ()
    loop: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Made:
    """A file, and a line on what is in it."""

    data: bytes
    line: str


def to_cartridge(source: Source, suffix: str, edition: Edition) -> Made:
    """The file of a suffix (`SUFFIXES`) for a source.

    Raises:
        ValueError: it is longer than the file can hold, and the message says by how much; or the
            loop begins where the music has ended.
    """
    nsf = suffix == ".nsf"
    frames = log_to_frames(*to_log(source), NSF_HZ if nsf else CONSOLE_HZ)
    loop = None if edition.loop is None else round(edition.loop * frames.fps)
    if loop is not None and not 0 <= loop < frames.count:
        raise ValueError(
            f"it can't loop from {edition.loop:.1f} s: it lasts {frames.seconds:.1f} s"
        )
    if nsf:
        program = frames_to_nsf(frames, edition.about, loop)
    else:
        named, starts = (
            ("BAR", edition.bars) if edition.bars else ("SEC", range(int(frames.seconds)))
        )
        count = Count(named, [round(start * frames.fps) for start in starts])
        program = frames_to_rom(frames, edition.about, loop, count)
    return Made(program.data, _line(frames, program))


def _line(frames: FrameLog, program: Program) -> str:
    mean, worst = frames.moved_ms
    minutes = frames.seconds / 60
    left_out = f"; left out: {', '.join(frames.left_out)}" if frames.left_out else ""
    return (
        f"{minutes:.1f} minutes in {program.packed / KIBIBYTE:.1f} of {program.most // KIBIBYTE} KiB "
        f"(some {minutes * program.most / program.packed:.0f} minutes of it would fit); notes begin "
        f"{mean:.1f} ms off their time, at most {worst:.1f}, at {frames.fps:.2f} frames a second"
        f"{left_out}"
    )
