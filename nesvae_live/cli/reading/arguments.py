"""What commands share in reading their arguments: numbers in a range, words, credits.

A type raises `argparse.ArgumentTypeError`, which argparse turns into one line and exit status 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesvae_live.music.ranges import Range
from nesvae_live.music.swap import Swap

if TYPE_CHECKING:
    from nesvae_live.chip.console.nsf import Credits

Group = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no public name for what it returns

SWAPS = tuple(str(swap) for swap in Swap)
COUNT = Range(1, 1_000_000)
"""How many bars to play, or which phrase of a file: more than anybody needs."""

FRAME_RATES = Range(1.0, 1000.0, "Hz")


def number(
    what: str, within: Range, *, whole: bool = False, word: str | None = None
) -> Callable[[str], Any]:
    """The type of a number within a range, both ends included.

    Args:
        what: what the message calls it, with its article: `a tempo`.
        within: the range.
        whole: only whole numbers, which become `int`; other numbers become `float`.
        word: what may stand in place of a number; it becomes None.
    """
    kind: type[int | float] = int if whole else float
    allowed = f"{'a whole number from ' if whole else ''}{within}{f', or {word}' if word else ''}"
    unit = within.unit.casefold()

    def convert(text: str) -> float | None:
        if text == word:
            return None
        bare = text.casefold().removesuffix(unit).strip() if unit else text
        try:
            value = kind(bare)
            fits = value in within
        except (ValueError, OverflowError):  # no number, or one too large for a float
            fits = False
        if not fits:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}: it must be {allowed}")
        return value

    return convert


def file_named(ending: str) -> Callable[[str], Path]:
    """The type of a file whose name must end so, in either case."""

    def convert(text: str) -> Path:
        if not text.casefold().endswith(ending):
            raise argparse.ArgumentTypeError(f"{text!r}: the file's name must end in {ending}")
        return Path(text)

    return convert


def span(within: Range) -> str:
    """A range as a command's usage shows it: `20..400`."""
    return f"{within.low:.15g}..{within.high:.15g}"


CREDITS = ("title", "artist", "copyright")


def add_credits(parser: argparse.ArgumentParser) -> None:
    """Add `--title`, `--artist` and `--copyright`."""
    for name in CREDITS:
        parser.add_argument(f"--{name}", default="", metavar="TEXT", help="in an nsf, nes or vgm")


def credits_of(arguments: argparse.Namespace) -> Credits:
    """What was given with them."""
    from nesvae_live.chip.console.nsf import Credits

    return Credits(*(getattr(arguments, name) for name in CREDITS))


def loop_bar(text: str) -> int | None:
    """A bar, counted from 1, or None for `off`."""
    if text == "off":
        return None
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a bar: write a number, counted from 1, or off"
    )
