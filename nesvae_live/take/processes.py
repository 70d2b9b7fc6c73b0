"""Two child processes beside the music, at a lower priority: one exports bars, one recovers takes.

`PartExport` makes files of the last bars on request; `Recovery` completes takes that a crash left
unfinished.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from nesvae_live.take.recover import cut_takes

Say = Callable[[str], None]


def yielding() -> list[str]:
    """The beginning of the command line of a process that lets the music go first."""
    return ["nice", "-n", "10"] if shutil.which("nice") else []


class Recovery:
    """Starts `jam recover` if a take in `jams` was cut off, and reports the result."""

    def __init__(self, jams: Path, say: Say) -> None:
        self._jams = jams
        self._say = say
        self._process: subprocess.Popen[str] | None = None
        self.begin("interrupted earlier, being completed now")

    def begin(self, what: str) -> None:
        """Complete takes that are not, if there are any, which `what` says; while it does so, no more."""
        self.poll()
        cut = [] if self._process is not None else cut_takes(self._jams)
        if not cut:
            return
        self._say(f"{what}: {', '.join(info.folder.name for info in cut)}")
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [
                *yielding(),
                sys.executable,
                "-m",
                "nesvae_live",
                "jam",
                "recover",
                "--jams",
                str(self._jams),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for the music, not for this
        )

    def poll(self) -> None:
        """Report the result when it is done."""
        if self._process is None or self._process.poll() is None:
            return
        said, _ = self._process.communicate()
        self._process = None
        for line in said.splitlines():
            self._say(line.removeprefix("nesvae-live: "))

    def close(self) -> None:
        """Report what is done; a recovery that isn't goes on by itself."""
        self.poll()
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
            self._process = None


PART_KINDS = "mid,wav"
"""What bars are exported to, as `--to` has it."""

WRITTEN_SECONDS = 1.0
"""Within this time what has sounded is in the take's files."""

END_SECONDS = 60.0
"""How long the end of the program waits for files that are being made."""


class PartExport:
    """Exports bars of the take in `folder` into that folder, with `jam export`."""

    def __init__(self, folder: Path, say: Say) -> None:
        self._folder = folder
        self._say = say
        self._asked: SimpleQueue[tuple[float, str]] = SimpleQueue()
        self._waiting: list[tuple[float, str]] = []
        self._running: dict[str, subprocess.Popen[str]] = {}

    def keep(self, bars: int, over: int) -> Mapping[str, Any]:
        """Ask for the last `bars` of `over` finished ones. In the sequencer's thread: one put."""
        if bars < 1:
            return {"ok": False, "error": f"{bars} bars: 1 or more"}
        if over < 1:
            return {"ok": False, "error": "no bar is complete yet"}
        first = max(1, over - bars + 1)
        self._asked.put((time.monotonic() + WRITTEN_SECONDS, f"{first}-{over}"))
        return {"ok": True, "first": first, "last": over, "folder": str(self._folder)}

    def poll(self) -> None:
        """Start what is due and report what has been made; for the main thread."""
        while True:
            try:
                self._waiting.append(self._asked.get_nowait())
            except Empty:
                break
        due = [bars for at, bars in self._waiting if at <= time.monotonic()]
        self._waiting = [(at, bars) for at, bars in self._waiting if bars not in due]
        for bars in dict.fromkeys(due):
            if bars not in self._running:
                self._running[bars] = self._start(bars)
        for bars, process in list(self._running.items()):
            if process.poll() is not None:
                self._tell(bars, process)

    def close(self) -> None:
        """Finish what was asked for; the take must be written by now."""
        self._waiting = [(0.0, bars) for _, bars in self._waiting]
        while not self._asked.empty():
            self._waiting.append((0.0, self._asked.get_nowait()[1]))
        self.poll()
        for bars, process in list(self._running.items()):
            try:
                process.wait(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            self._tell(bars, process)

    def _start(self, bars: str) -> subprocess.Popen[str]:
        folder = str(self._folder)
        return subprocess.Popen(  # noqa: S603 - ourselves
            [
                *yielding(),
                *(sys.executable, "-m", "nesvae_live", "jam", "export", folder),
                *("--bars", bars, "--to", PART_KINDS, "-o", folder),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C is for the music, not for this
        )

    def _tell(self, bars: str, process: subprocess.Popen[str]) -> None:
        said, _ = process.communicate()
        del self._running[bars]
        lines = said.splitlines()
        if process.returncode == 0 and lines:
            self._say(f"kept bars {bars}: {lines[-2] if len(lines) > 1 else lines[0]} and .wav")
        else:
            why = lines[-1].removeprefix("nesvae-live: ") if lines else "it was ended"
            self._say(f"bars {bars} were not kept: {why}")
