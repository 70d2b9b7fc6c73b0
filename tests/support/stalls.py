"""Whether the machine kept tests waiting: a virtual one stands still for tens of milliseconds, a busy
one lets nobody in.

Two processes ask to be woken every millisecond or two, and say when that came late. One is real-time
where the system grants that, with a thread on each core: nothing that tests do can hold it up, only the
machine can. The other one is as what is tested: it is late when there was no core for that either.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

from tests.support.orphans import ends_with_its_parent
from tests.support.places import ROOT

NAP_SECONDS = 0.002
STALL_SECONDS = 0.005
"""A period of the tests' servers: what is due meanwhile can't be in time."""

PRIORITY = 90
"""Above everything that is tested."""

REAL_TIME, ORDINARY = "real-time", "ordinary"


class StallWatch:
    """Watches until it is closed; `since` says for how long the machine let nobody in."""

    def __init__(self, kinds: tuple[str, ...] = (REAL_TIME, ORDINARY)) -> None:
        self._watches = [_Watch(kind) for kind in kinds]

    @property
    def pids(self) -> list[int]:
        return [watch.process.pid for watch in self._watches]

    def since(self, start: float) -> float:
        """The longest stall that ended since then, in seconds; 0.0: none of `STALL_SECONDS`."""
        return max(watch.since(start) for watch in self._watches)

    def close(self) -> None:
        for watch in self._watches:
            watch.close()


class _Watch:
    """One of the processes, and what it said."""

    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.stalls", kind],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=ends_with_its_parent(),  # noqa: PLW1509
        )
        assert self.process.stdout is not None
        self._out = self.process.stdout
        self._out.readline()  # it has begun
        os.set_blocking(self._out.fileno(), False)
        self._read = b""
        self._stalls: list[tuple[float, float]] = []

    def since(self, start: float) -> float:
        with contextlib.suppress(BlockingIOError):
            while came := os.read(self._out.fileno(), 1 << 16):
                self._read += came
        *lines, self._read = self._read.split(b"\n")
        for line in lines:
            end, length = map(float, line.split())
            self._stalls.append((end, length))
        return max((length for end, length in self._stalls if end >= start), default=0.0)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._out.close()


def watch(kind: str) -> None:
    """What a process does: a line for each stall, with when it ended and its seconds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    began = time.perf_counter()
    print("watching", flush=True)
    if kind == REAL_TIME and hasattr(os, "sched_getaffinity"):
        for core in os.sched_getaffinity(0):
            threading.Thread(target=_watch_core, args=(core, began)).start()
    else:
        _watch(began)


def _watch_core(core: int, began: float) -> None:
    """Watch one core, in a thread of its own, above all others on it."""
    os.sched_setaffinity(0, {core})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    _watch(began)


def _watch(last: float) -> None:
    while True:
        time.sleep(NAP_SECONDS)
        now = time.perf_counter()
        if (stall := now - last - NAP_SECONDS) >= STALL_SECONDS:
            os.write(1, f"{now} {stall}\n".encode())  # at once, from whichever thread
        last = now


if __name__ == "__main__":
    watch(sys.argv[1])
