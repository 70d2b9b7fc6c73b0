"""Lines of text onto a terminal: those that have changed, and now and then all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

ALL_SECONDS = 1.0
"""From one whole picture to the next: what others have written over it is drawn again."""

HOME_AT = "\x1b[{};1H"
REST_OF_LINE, REST = "\x1b[K", "\x1b[J"


class Drawing:
    """What stands on a terminal, by the file descriptor that it is written to."""

    def __init__(self, picture: int) -> None:
        self._picture = picture
        self._ink = StringIO()
        self._console = Console(
            file=self._ink, force_terminal=True, highlight=False, markup=False, emoji=False
        )
        self._lines: list[Text] = []
        self._size = (0, 0)
        self._whole_at = float("-inf")

    def forget(self) -> None:
        """Draw everything the next time."""
        self._whole_at = float("-inf")

    def draw(self, lines: Sequence[Text], now: float) -> None:
        """Draw lines from the top to the bottom, as far as there is room; `now` is in seconds."""
        size = tuple(os.get_terminal_size(self._picture))
        is_whole = now - self._whole_at >= ALL_SECONDS or size != self._size
        columns, rows = size
        lines = lines[:rows]
        out = []
        for i, line in enumerate(lines):
            if is_whole or i >= len(self._lines) or line != self._lines[i]:
                out.append(HOME_AT.format(i + 1) + self._inked(line, columns) + REST_OF_LINE)
        if len(lines) < rows and (is_whole or len(lines) != len(self._lines)):
            out.append(HOME_AT.format(len(lines) + 1) + REST)
        if is_whole:
            self._whole_at = now
        self._lines, self._size = list(lines), (columns, rows)
        _write(self._picture, "".join(out).encode())

    def _inked(self, line: Text, columns: int) -> str:
        """A line with its colours, as a terminal takes it."""
        line = line.copy()
        line.truncate(columns - 1)  # the last column would make some terminals begin a new line
        self._console.width = columns
        self._console.print(line, end="", no_wrap=True, overflow="crop")
        inked = self._ink.getvalue()
        self._ink.seek(0)
        self._ink.truncate()
        return inked


def _write(where: int, what: bytes) -> None:
    while what:
        what = what[os.write(where, what) :]
