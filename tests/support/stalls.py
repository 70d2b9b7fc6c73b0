"""Whether the machine stood still while a test ran: a virtual one does, for tens of milliseconds.

A process that is real-time where the system grants that asks to be woken every millisecond or two,
and says when that came late. Nothing that tests do can hold it up; only the machine can.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

from tests.support.orphans import ends_with_its_parent
from tests.support.places import ROOT

NAP_SECONDS = 0.002
STALL_SECONDS = 0.01
"""Two periods of the tests' servers: what is due meanwhile can't be in time."""

PRIORITY = 90
"""Above everything that is tested."""


class StallWatch:
    """Watches until it is closed; `since` says how long the machine stood still."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stalls"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=ends_with_its_parent(),  # noqa: PLW1509
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        self._out.readline()  # it has begun
        os.set_blocking(self._out.fileno(), False)
        self._read = b""
        self._stalls: list[tuple[float, float]] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def since(self, start: float) -> float:
        """The longest stall that ended since then, in seconds; 0.0: none of `STALL_SECONDS`."""
        with contextlib.suppress(BlockingIOError):
            while came := os.read(self._out.fileno(), 1 << 16):
                self._read += came
        *lines, self._read = self._read.split(b"\n")
        for line in lines:
            end, length = map(float, line.split())
            self._stalls.append((end, length))
        return max((length for end, length in self._stalls if end >= start), default=0.0)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()


def watch() -> None:
    """What the process does: a line for each stall, with when it ended and its seconds."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("watching", flush=True)
    last = time.perf_counter()
    while True:
        time.sleep(NAP_SECONDS)
        now = time.perf_counter()
        if (stall := now - last - NAP_SECONDS) >= STALL_SECONDS:
            print(now, stall, flush=True)
        last = now


if __name__ == "__main__":
    watch()
