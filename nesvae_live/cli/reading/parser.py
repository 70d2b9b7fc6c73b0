"""A command's parser, which gets its arguments late, and says in plain English what is wrong."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from nesvae_live.music.ranges import nearest

NO_CHOICE = re.compile(
    r"argument (?P<what>.*): invalid choice: '(?P<word>.*)' \((maybe you meant.*|)choose from (?P<known>.*)\)"
)
ONE_OF = re.compile(r"one of the arguments (?P<known>.*) is required")
NO_VALUE = re.compile(r"argument (?P<what>.*): expected (one|at least one) argument")
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

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help, a version or an error; argparse itself is silent if that fails."""
        (file or sys.stderr).write(message)

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
        elif one_of := ONE_OF.fullmatch(message):
            message = f"it needs {' or '.join(one_of['known'].split())}"
        elif no_value := NO_VALUE.fullmatch(message):
            message = f"{no_value['what']} needs a value"
        self.exit(2, f"{self.prog}: {message} (see `{self.prog} --help`)\n")
