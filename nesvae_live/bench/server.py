"""A JACK server of the bench's own, with the dummy driver, and a client that counts xruns."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.io.midi.jackwatch import hush_libjack

SAMPLE_RATE = 48_000
SERVER_PRIORITY = 20
"""The priority of a real-time server; its clients' threads have five less."""

START_SECONDS = 15.0
"""How long starting and ending a server may take."""


class BenchError(NesvaeError):
    """Something can't be measured here; one line says why."""


class XrunCounter:
    """Counts the cycles that were late, as the callback of a client that does nothing else.

    The server reports every client that is late in a cycle, so that more clients would make more
    xruns of the same one: reports within half a period, in seconds, count as one.
    """

    def __init__(self, period: float) -> None:
        self.xruns = 0
        self._period = period
        self._at = float("-inf")

    def __call__(self, _delayed_usecs: float) -> None:
        """Take a report. Runs in libjack's thread for notifications."""
        now = time.monotonic()
        if now - self._at >= self._period / 2:
            self._at = now
            self.xruns += 1


@contextmanager
def bench_server(
    name: str | None, period: int, *, realtime: bool
) -> Iterator[tuple[str, Any, XrunCounter]]:
    """Yield a running server's name, an empty client of it, and the counter of its xruns.

    `name` is a server that runs already; None starts one with `period` frames a block.
    """
    process = None
    if name is None:
        name = f"nesvae_bench_{os.getpid()}"
        process = _start_server(name, period, realtime=realtime)
    try:
        client = _open_client(name)
        counter = XrunCounter(client.blocksize / client.samplerate)
        client.set_xrun_callback(counter)
        client.activate()
        try:
            yield name, client, counter
        finally:
            client.deactivate()
            client.close()
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _start_server(name: str, period: int, *, realtime: bool) -> subprocess.Popen[bytes]:
    jackd, wait = shutil.which("jackd"), shutil.which("jack_wait")
    if jackd is None or wait is None:
        raise BenchError("jackd is not installed (on Debian: apt install jackd2)")
    priority = ["-R", "-P", str(SERVER_PRIORITY)] if realtime else ["-r"]
    command = [jackd, *priority, "-n", name, "-d", "dummy"]
    command += ["-r", str(SAMPLE_RATE), "-p", str(period)]
    process = subprocess.Popen(  # noqa: S603 - the user's own server
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last and process.poll() is None:
        done = subprocess.run(  # noqa: S603 - likewise
            [wait, "-s", name, "-c"], capture_output=True, check=False
        )
        if done.stdout.strip() == b"running":
            return process
        time.sleep(0.05)
    process.terminate()
    raise BenchError(f"no JACK server could be started: try {' '.join(command)}")


def _open_client(name: str) -> Any:
    os.environ["JACK_NO_START_SERVER"] = "1"
    try:
        import jack
    except (ImportError, OSError):
        raise BenchError("JACK-Client can't be used: pip install JACK-Client, and jackd2") from None
    hush_libjack()
    try:
        return jack.Client("nesvae_bench", no_start_server=True, servername=name)
    except jack.JackError:
        raise BenchError(f"the JACK server {name!r} does not answer") from None
