"""JACK servers with the dummy driver, for tests: one to share, and own ones."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.io.realtime import realtime_granted
from tests.support.orphans import ends_with_its_parent
from tests.support.waiting import WAIT_SECONDS, wait_until

PRIORITY = 20
LEAVE_SECONDS = 2.0
"""For the clients of the last test to be gone from a server that is shared."""

NAMES = 6
"""Of test servers; JACK has eight places for all servers of a user."""

own_server = pytest.mark.parametrize("jack_server", [()], indirect=True, ids=["own"])
"""Marks a test that ends its server, lets it hang or makes it wait: others have nothing of it.

And one that holds JACK's line of frames against the host's clock: where a server was held up, in a
test before, it swings about that for seconds.
"""

lax_server = pytest.mark.parametrize(
    "jack_server", [(48000, 256, False)], indirect=True, ids=["lax"]
)
"""Marks a test whose server, its own, waits for no client: who is late loses messages."""


def why_no_jack() -> str | None:
    """Why there can be no server here, or None."""
    missing = [name for name in ("jackd", "jack_wait", "jack_lsp") if shutil.which(name) is None]
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

    It waits for a client that is late, so that nobody loses the MIDI of a cycle, and is real-time
    where the system grants that; not `strict`, it does neither.
    """

    def __init__(self, sample_rate: int = 48000, period: int = 256, strict: bool = True) -> None:
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

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def clients(self) -> set[str]:
        """Who is there beside the server's own ports; asked by a program of its own."""
        command = ["jack_lsp", "-s", self.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return {port.split(":")[0] for port in done.stdout.splitlines()} - {"system"}


class JackServers:
    """The servers of a test process, one at a time: one that tests share, and tests' own."""

    def __init__(self) -> None:
        self._shared: JackServer | None = None

    def shared(self) -> JackServer:
        """The one that tests share: strict, 48 kHz, blocks of 256 frames, and nobody there yet."""
        if self._shared is not None and not wait_until(self._is_empty, LEAVE_SECONDS):
            self.stop()
        if self._shared is None:
            self._shared = JackServer()
        return self._shared

    def own(self, *arguments: Any) -> JackServer:
        """A new one for one test, which stops it; the shared one is gone until it is asked for."""
        self.stop()
        return JackServer(*arguments)

    def stop(self) -> None:
        """End the shared one."""
        if self._shared is not None:
            self._shared.stop()
        self._shared = None

    def _is_empty(self) -> bool:
        return self._shared is not None and not self._shared.clients()


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
