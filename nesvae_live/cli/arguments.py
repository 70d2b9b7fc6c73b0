"""What commands share in reading their arguments: numbers in a range, and parsers filled late.

A type raises `argparse.ArgumentTypeError`, which argparse turns into one line and exit status 2.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from nesvae_live.music.ranges import Range, nearest
from nesvae_live.music.swap import Swap

if TYPE_CHECKING:
    from nesvae_live.chip.console.nsf import Credits

SWAPS = tuple(str(swap) for swap in Swap)
COUNT = Range(1, 1_000_000)
FRAME_RATES = Range(1.0, 1000.0, "Hz")
"""How many bars to play, or which phrase of a file: more than anybody needs."""


NO_CHOICE = re.compile(
    r"argument (?P<what>.*): invalid choice: '(?P<word>.*)' \((maybe you meant.*|)choose from (?P<known>.*)\)"
)
CHOICE = re.compile(r"[^', ]+")
NEGATIVE = re.compile(r"-(\d+|\d*\.\d+)([A-Za-z]+)?")
"""A number below 0, with a unit or without."""

MISSING = "the following arguments are required:"
"""How argparse begins."""

PLACES = ("COMMAND", "VERB", "WHAT")
"""What needs no name in a message."""


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
        self._negative_number_matcher = NEGATIVE  # argparse's own takes -6dB for an option

    def fill(self) -> None:
        """Add the arguments, if that wasn't done yet."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, as argparse does, with the arguments there."""
        self.fill()
        given = None if args is None else list(args)
        found, unknown = super().parse_known_args(given, namespace)
        if unknown:
            known = [name for name in self._option_string_actions if name.startswith("--")]
            self.error(f"there is no {unknown[0]}{nearest(unknown[0].split('=')[0], known)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say in one line what is wrong, and leave."""
        if choice := NO_CHOICE.fullmatch(message):
            what, word, known = choice["what"], choice["word"], CHOICE.findall(choice["known"])
            named = "" if what in PLACES else f"{what}: "
            meant = nearest(word, known) or f": one of {', '.join(known)}"
            message = f"{named}there is no {word!r}{meant}"
        elif message == f"{MISSING} COMMAND":
            message = (
                "no command given: `nesvae-live play` plays, `nesvae-live demo` plays without any "
                "hardware, `nesvae-live doctor` checks this machine"
            )
        elif message.startswith(MISSING):
            message = f"it needs {message.removeprefix(MISSING).strip()}"
        self.exit(2, f"{self.prog}: {message} (see `{self.prog} --help`)\n")


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
