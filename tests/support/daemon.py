"""The instrument as a process of its own, as a performer starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nesvae_live.io.remote.client import ControlError, send_command
from nesvae_live.log.jam import Jam
from nesvae_live.take.folder import read_jam
from tests.support.orphans import ends_with_its_parent
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

START_SECONDS = 60.0
HAND_MADE = ("--patch", "P1=lead", "--patch", "P2=comp")
END_SECONDS = 90.0


def _as_a_performer_starts_it(*, own_group: bool) -> Callable[[], None]:
    """What is done in the new process: it hears Ctrl-C, and ends with the test."""
    tie = ends_with_its_parent()

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it
        if own_group:
            os.setpgid(0, 0)
        tie()

    return prepare


class Daemon:
    """`nesvae-live play` with the given options, a jams folder and a control socket of its own.

    `with` waits until it plays, and ends it if the test did not. `said` is its standard error,
    known once it has ended. Without `--panel-port` it has no panel, and without `--patch` or `--preset`
    hand-made patches, so that it starts sooner.
    With a group of its own it can be stopped as a shell's job.
    """

    def __init__(
        self, folder: Path, *options: str, command: str = "play", own_group: bool = False
    ) -> None:
        self.jams = folder / "jams"
        self.control = folder / "control" / "socket"
        self._errors = folder / "stderr.txt"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "nesvae_live", command),
                    *("--jams", str(self.jams), "--control", str(self.control)),
                    *(() if "--panel-port" in options else ("--no-panel",)),
                    *(() if {"--patch", "--preset"} & {*options} else HAND_MADE),
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                preexec_fn=_as_a_performer_starts_it(own_group=own_group),  # noqa: PLW1509
            )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self.plays():
                assert self.process.poll() is None, f"it ended: {self.said}"
                assert time.monotonic() < deadline, f"it did not start: {self.said}"
                time.sleep(0.02)
        except BaseException:  # it would join the servers of all tests that follow
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def plays(self) -> bool:
        """Whether it answers and the first bar has begun."""
        try:
            return bool(self.ctl(do="status")["beat"] > 0)
        except (ControlError, KeyError):
            return False

    def ctl(self, **command: Any) -> dict[str, Any]:
        """Send a command to its socket."""
        return dict(send_command(command, self.control))

    def end(self, how: int = signal.SIGTERM) -> int:
        """Signal it, wait until it has ended; its exit code."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode

    @property
    def said(self) -> str:
        return self._errors.read_text()

    @property
    def take(self) -> Path:
        """The take's folder."""
        (folder,) = self.jams.iterdir()
        return folder

    def jam(self) -> Jam:
        """The log."""
        return read_jam(self.take)


def plug(probe: JackProbe, daemon: Daemon, cc: int, knob: str) -> None:
    """Connect with the instrument; what is sent as ports are being connected gets lost."""
    probe.connect_midi_to("nesvae_live_in")

    def heard() -> bool:
        probe.send_midi((0xB0, cc, 1))
        return knob in daemon.ctl(do="status")["knobs"]

    assert wait_until(heard, every=0.05)
