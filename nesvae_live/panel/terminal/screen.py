"""The terminal: taken for the view and given back, and only while it is ours.

Keys come one by one and aren't echoed, Ctrl-C and Ctrl-Z still act, Ctrl-S doesn't hold anything up.
Whoever has the terminal's foreground owns it: a shell, once the instrument was stopped, has set its
modes itself, and only what we have drawn is taken away then.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import Any

if sys.platform != "win32":
    import termios

ENTER = b"\x1b[?1049h\x1b[?25l"
"""Another page for what is drawn (xterm's alternate screen), without the cursor."""

LEAVE = b"\x1b[0m\x1b[?25h\x1b[?1049l"
IFLAG, LFLAG, CC = 0, 3, 6
WRITE_SECONDS = 0.2


def can_be_taken(keys: int, picture: int) -> bool:
    """Whether two file descriptors are a terminal that keys come from and pictures go to."""
    return sys.platform != "win32" and os.isatty(keys) and os.isatty(picture)


class Screen:
    """A terminal, by the file descriptors that keys come from and pictures go to.

    `modes` are those to go back to; None: as they are now.
    """

    def __init__(self, keys: int, picture: int, modes: list[Any] | None = None) -> None:
        self.is_taken = False
        self.keys, self.picture = keys, picture
        self.modes: list[Any] = termios.tcgetattr(keys) if modes is None else modes

    @property
    def is_ours(self) -> bool:
        """Whether this process may use the terminal: its group is in the foreground."""
        try:
            return os.tcgetpgrp(self.keys) == os.getpgrp()
        except OSError:
            return False  # it was closed

    def take(self) -> None:
        """Take the terminal, if it is ours."""
        if self.is_taken or not self.is_ours:
            return
        modes = [*self.modes[:CC], list(self.modes[CC])]
        modes[IFLAG] &= ~termios.IXON
        modes[LFLAG] &= ~(termios.ICANON | termios.ECHO)
        modes[CC][termios.VMIN], modes[CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self.keys, termios.TCSANOW, modes)
        os.write(self.picture, ENTER)
        self.is_taken = True

    def print(self, text: str) -> None:
        """Say one line on the terminal's own page."""
        with contextlib.suppress(OSError):
            os.write(self.picture, f"nesvae-live: {text}\n".encode())

    def give_back(self, *, by_force: bool = False) -> None:
        """Give the terminal back: its page, its cursor, its modes; what was typed is dropped.

        By force: though somebody else has taken it.
        """
        if not (self.is_taken or by_force):
            return
        self.is_taken = False
        with contextlib.suppress(OSError, termios.error):
            _, writable, _ = select.select([], [self.picture], [], WRITE_SECONDS)
            if writable:
                os.write(self.picture, LEAVE)
            if self.is_ours:
                termios.tcflush(self.keys, termios.TCIFLUSH)
                termios.tcsetattr(self.keys, termios.TCSANOW, self.modes)
