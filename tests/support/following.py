"""The instrument behind a MIDI clock, and `jack_midi_clock`, a clock that is not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nesvae_live.io.remote.client import ControlError
from tests.support.daemon import START_SECONDS, Daemon
from tests.support.waiting import wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "midi", "--patch", "off")
RESYNC_SECONDS = 0.5
"""From a song position to the clock that falls on it; the source's default is 2."""

needs_clock = pytest.mark.skipif(
    shutil.which("jack_midi_clock") is None and "jack" not in os.environ.get("NESVAE_REQUIRE", ""),
    reason="jack_midi_clock not found: install jack-midi-clock",
)


class Follower(Daemon):
    """The instrument; it has started when it answers, as its music waits for the clock."""

    def plays(self) -> bool:
        try:
            return bool(self.ctl(do="status")["clock"] in {"midi", "jack"})
        except (ControlError, KeyError):
            return False

    @property
    def motion(self) -> str:
        """What its source does."""
        return str(self.ctl(do="status")["motion"])


@contextmanager
def midi_clock(tempo: float | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The source; its tempo, or None for that of JACK's timebase."""
    command = ["jack_midi_clock", "-d", f"{RESYNC_SECONDS:g}"]
    command += [] if tempo is None else ["-b", f"{tempo:g}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def connect(source: str, target: str) -> None:
    """Connect two ports; a program that opens while servers come and go may not find its server."""
    command = ["jack_connect", source, target]

    def connected() -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert wait_until(connected, every=0.1), command
