"""The instrument on a terminal: a pseudo-terminal with an emulator (pyte) behind it that is read."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

from nesvae_live.io.remote.client import ControlError, send_command
from nesvae_live.log.jam import Jam
from nesvae_live.take.folder import read_jam
from tests.support.orphans import ends_with_its_parent
from tests.support.waiting import wait_until

COLUMNS, ROWS = 80, 24
START_SECONDS = 60.0
END_SECONDS = 60.0
ON, OFF = b"\x1b[?1049h", b"\x1b[?1049l"
HIDDEN, SHOWN = b"\x1b[?25l", b"\x1b[?25h"
QUIET = ("--audio", "none", "--midi-api", "none", "--no-panel", "--seed", "3")
AFTER = 'trap : INT QUIT HUP TERM; "$@"; echo "ended $?"; exec cat'
"""A shell that leaves the terminal's modes as they are, and then shows whatever was left typed."""


class Terminal:
    """A terminal of 80 columns, on which `nesvae-live play` runs, or an interactive shell.

    Args:
        folder: for jams and the control socket.
        options: of `play`.
        shell: an interactive bash, which `play` can be called in, instead.
        environment: on top of the test's own.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        shell: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.jams = folder / "jams"
        self.control = folder / "control" / "socket"
        places = ("--jams", str(self.jams), "--control", str(self.control))
        self.command = [sys.executable, "-m", "nesvae_live", "play", *places, *QUIET, *options]
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.sent = b""
        """All that was written to the terminal."""
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self._master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (ROWS, COLUMNS))
        self.before = termios.tcgetattr(self._slave)
        tie = ends_with_its_parent()

        def prepare() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for name in (signal.SIGINT, signal.SIGTSTP, signal.SIGQUIT):
                signal.signal(name, signal.SIG_DFL)
            tie()

        run = ["bash", "--norc", "--noprofile", "-i"] if shell else ["sh", "-c", AFTER, "sh"]
        plain = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        self._shell = subprocess.Popen(
            run if shell else [*run, *self.command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=plain | {"TERM": "xterm-256color", "PS1": "ready> "} | dict(environment or {}),
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._shell.kill()
        self._shell.wait()
        os.close(self._slave)
        self._reader.join(5.0)
        os.close(self._master)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def call(self) -> None:
        """Call `play` in the interactive shell."""
        self.press(shlex.join(self.command) + "\n")

    @property
    def text(self) -> str:
        """What stands on the screen."""
        with self._lock:
            return "\n".join(self.screen.display)

    def wait_for(self, text: str, timeout: float = START_SECONDS) -> None:
        assert wait_until(lambda: text in self.text, timeout), self.text

    def ctl(self, **command: Any) -> dict[str, Any]:
        """Send a command to the instrument's socket."""
        return dict(send_command(command, self.control))

    def jam(self) -> Jam:
        """The log."""
        (folder,) = self.jams.iterdir()
        return read_jam(folder)

    @property
    def plays(self) -> bool:
        """Whether it answers and the first bar has begun."""
        try:
            return bool(self.ctl(do="status")["beat"] > 0)
        except (ControlError, KeyError):
            return False

    def wait_for_view(self) -> None:
        """Wait until it plays and the view is there."""
        assert wait_until(lambda: self.plays and self.has_view, START_SECONDS, 0.05), self.text
        self.wait_for("density")

    @property
    def has_view(self) -> bool:
        """Whether the view has the terminal."""
        return self.sent.rfind(ON) > self.sent.rfind(OFF)

    @property
    def is_restored(self) -> bool:
        """Whether page, cursor and modes are as they were before."""
        is_left = self.sent.rfind(OFF) > self.sent.rfind(ON)
        is_shown = self.sent.rfind(SHOWN) > self.sent.rfind(HIDDEN)
        return is_left and is_shown and self.modes() == self.before

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    def processes(self) -> list[int]:
        """The numbers of all processes that run on the terminal, the shell's first."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if entry.name.isdecimal() and int(stat[3]) == self._shell.pid and stat[0] != "Z":
                found.append(int(entry.name))
        return sorted(found, key=lambda number: (number != self._shell.pid, number))

    def instrument(self) -> int:
        """The number of the instrument's process."""
        found = (n for n in self.processes() if n != self._shell.pid)
        return next(n for n in found if _runs(n, "\0play\0"))

    def view(self) -> int:
        """The number of the view's process: the instrument's child that is niced, and spawned."""
        parent = self.instrument()
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found = [int(child) for child in children if _runs(int(child), "spawn_main")]
        assert len(found) == 1, children
        return found[0]

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            with self._lock:
                self.sent += data
                self._stream.feed(data)


def _runs(process: int, words: str) -> bool:
    try:
        return words in Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return False
