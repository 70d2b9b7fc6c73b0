"""Takes that were cut off are completed beside the music, by a process that yields to everybody."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from nesvae_live.take.recover import cut_takes

Say = Callable[[str], None]


def yielding() -> list[str]:
    """How a command line begins whose process lets the music go first."""
    return ["nice", "-n", "10"] if shutil.which("nice") else []


class Completing:
    """Starts `jam recover` if a take in `jams` was cut off, and says what came of it."""

    def __init__(self, jams: Path, say: Say) -> None:
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        cut = cut_takes(jams)
        if not cut:
            return
        names = ", ".join(info.folder.name for info in cut)
        say(f"cut off earlier, and being completed now: {names}")
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [
                *yielding(),
                sys.executable,
                "-m",
                "nesvae_live",
                "jam",
                "recover",
                "--jams",
                str(jams),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C ends the music, not this
        )

    def look(self) -> None:
        """Say what came of it, when it is done."""
        if self._process is None or self._process.poll() is None:
            return
        said, _ = self._process.communicate()
        self._process = None
        for line in said.splitlines():
            self._say(line.removeprefix("nesvae-live: "))

    def close(self) -> None:
        """Say what is known; what is not done goes on by itself."""
        self.look()
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
            self._process = None
