"""What commands share in reading their arguments: numbers in a range, and parsers filled late.

A type raises `argparse.ArgumentTypeError`, which argparse turns into one line and exit status 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from nesvae_live.music.ranges import Range
from nesvae_live.music.swap import Swap

if TYPE_CHECKING:
    from nesvae_live.chip.console.nsf import Credits

SWAPS = tuple(str(swap) for swap in Swap)
COUNT = Range(1, 1_000_000)
"""How many bars to play, or which phrase of a file: more than anybody needs."""


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, which gets its arguments only when the command is given.

    So choices and ranges can be read from tables in modules that are slow to load, and no other
    command waits for them. `fill` adds the arguments.
    """

    def __init__(
        self, *, fill: Callable[[argparse.ArgumentParser], None] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._fill = fill

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, as argparse does, with the arguments there."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)
        return super().parse_known_args(args, namespace)


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
    allowed = f"{'a whole number, ' if whole else ''}{within}{f', or {word}' if word else ''}"

    def convert(text: str) -> float | None:
        if text == word:
            return None
        try:
            value = kind(text)
            fits = value in within
        except (ValueError, OverflowError):  # no number, or one too large for a float
            fits = False
        if not fits:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}: {allowed}")
        return value

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
    raise argparse.ArgumentTypeError(f"{text!r} is no bar: write one, counted from 1, or off")
