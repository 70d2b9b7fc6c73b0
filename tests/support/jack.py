"""A JACK server with the dummy driver, for tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from nesvae_live.io.realtime import realtime_granted
from tests.support.orphans import ends_with_its_parent
from tests.support.waiting import WAIT_SECONDS, wait_until

PRIORITY = 20
NAMES = 6
"""Of test servers; JACK has eight places for all servers of a user."""

strict_server = pytest.mark.parametrize(
    "jack_server", [(48000, 256, True)], indirect=True, ids=["strict"]
)
"""Marks a test whose server waits for its clients."""


def why_no_jack() -> str | None:
    """Why there can be no server here, or None."""
    missing = [name for name in ("jackd", "jack_wait") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install jackd2"
    try:
        import jack  # noqa: F401
    except (ImportError, OSError) as error:
        return f"JACK-Client can't be used: {error}"
    return None


class JackServer:
    """A running `jackd -d dummy`, with the name that `name_for_this_process` gives.

    Names are used again, because JACK has eight places for servers, and one that was killed keeps
    its place until a server of the same name comes. After `kill`, close every client of this
    process before another is made: libjack frees the old ones then, and closing those crashes.

    A client that is late for a cycle loses the MIDI of that cycle. With `strict` the server waits for
    it, so that everybody hears the same, and is real-time where the system grants that.
    """

    def __init__(self, sample_rate: int = 48000, period: int = 256, strict: bool = False) -> None:
        self.name = name_for_this_process()
        self.sample_rate = sample_rate
        self.period = period
        options = ["-S"] if strict else []
        options += ["-R", "-P", str(PRIORITY)] if strict and realtime_granted() else ["-r"]
        command = ["jackd", *options, "-n", self.name, "-d", "dummy"]
        command += ["-r", str(sample_rate), "-p", str(period)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=ends_with_its_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        self._killed = False
        if not wait_until(lambda: self._process.poll() is not None or answers(self.name)):
            self.stop()
            raise RuntimeError(f"the JACK server {self.name} does not answer")
        if self._process.poll() is not None:
            raise RuntimeError(f"the JACK server {self.name} ended: try its command by hand")

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the server by a signal, and wait until it is gone."""
        self._killed = how == signal.SIGKILL
        self._process.send_signal(how)
        self._process.wait(timeout=WAIT_SECONDS)

    def pause(self) -> None:
        """Let the server hang."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server, wait until it is gone, and leave no trace of it."""
        if self._process.poll() is None:
            self.resume()
            try:
                self.kill(signal.SIGTERM)
            except subprocess.TimeoutExpired:  # it waits for a client that is gone
                self.kill()
        if self._killed:
            free_the_place_of(self.name)
        for left in Path("/dev/shm").glob(f"jack_*{self.name}_*"):
            left.unlink(missing_ok=True)


def answers(name: str) -> bool:
    """Whether a server answers; asked by a program of its own, as `JackServer.kill` wants it."""
    command = ["jack_wait", "-s", name, "-c"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.strip() == b"running"


@cache
def name_for_this_process() -> str:
    """The first of some names that no other test process holds; ours until the process ends."""
    import fcntl

    # JACK keeps its list of servers in memory of this place, whatever TMPDIR a process has.
    shared = Path("/dev/shm")
    folder = shared if shared.is_dir() else Path(tempfile.gettempdir())
    for number in range(NAMES):
        name = f"nesvae_rig_{number}"
        try:
            lock = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_WRONLY)
        except PermissionError:
            continue  # another user's
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        if answers(name):  # left over from a test process that was killed
            os.close(lock)
            continue
        return name
    raise RuntimeError(f"{NAMES} test processes run already, each with a JACK server of its own")


def free_the_place_of(name: str) -> None:
    """Start and end a server of a killed server's name: that gives back its place."""
    with subprocess.Popen(
        ["jackd", "-r", "-n", name, "-d", "dummy"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: process.poll() is not None or answers(name))
        process.terminate()
        process.wait(timeout=WAIT_SECONDS)
