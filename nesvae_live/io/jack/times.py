"""What JACK-Client leaves out of libjack: the times of a cycle, on the host's monotonic clock."""

from __future__ import annotations

import ctypes
import time
from collections import deque
from typing import Any

from nesvae_live.io.jack.cycle import FRAMES_ROUND, Cycle

SAME_CLOCK = 1000
"""JACK's clock is the host's if they are no more than so many microseconds apart."""


CORRECTED = 1 / 64
"""How much of what a cycle is off the steady line is made good in each."""

MOST_CORRECTED = 0.25
"""And how many frames at most."""

LEFT_SECONDS = 0.05
"""A line that is so far behind begins anew."""

AHEAD_SECONDS = 0.005
"""And one that is so far ahead, as what is decided by it comes so much later."""

WATCHED_SECONDS = 0.5
"""Of the cycles of so many seconds the one that woke up soonest says where the line is."""


class SteadyLine:
    """A line from frames to times that no late cycle bends; for one thread.

    Nobody wakes up too soon, so the line goes by who woke up least late. The server's own line goes
    to and fro by a millisecond on a busy machine and under PipeWire, and after a cycle of jackd's
    that was 100 ms late it falls behind by as much, then runs ahead by a fifth of it for seconds:
    notes that are decided 30 ms ahead by such a line come too late.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._watched = round(WATCHED_SECONDS * rate)
        self._at = 0.0  # seconds, of the cycle's first frame
        self._first: int | None = None
        self._passed = 0  # frames since the first cycle
        self._woke: deque[tuple[int, float]] = deque()  # frames passed, seconds after them; rising

    def steady(self, cycle: Cycle, woke: int, *, anew: bool = False) -> Cycle:
        """The cycle, with the times that the line gives it; `woke` is when it ran, in microseconds.

        `anew`: what was decided by the line doesn't count any more, and it may leap.
        """
        passed = 0 if self._first is None else (cycle.first - self._first) % FRAMES_ROUND
        self._first = cycle.first
        self._passed += passed
        self._at += passed / self._rate
        went = self._passed / self._rate
        after = woke / 1e6 - went
        while self._woke and self._woke[-1][1] >= after:
            self._woke.pop()
        self._woke.append((self._passed, after))
        while self._passed - self._woke[0][0] > self._watched:
            self._woke.popleft()
        off = self._woke[0][1] + went - self._at
        if anew or not -AHEAD_SECONDS <= off <= LEFT_SECONDS:
            self._at += off
        else:
            most = MOST_CORRECTED / self._rate
            self._at += min(max(off * CORRECTED, -most), most)
        at, lasts = round(1e6 * self._at), round(1e6 * cycle.frames / self._rate)
        return Cycle(cycle.first, cycle.frames, at, at + lasts)

    def frame_of(self, at: int) -> int | None:
        """The server's frame on which a time in microseconds falls; None before the first cycle."""
        first = self._first
        if first is None:
            return None
        return (first + round((at / 1e6 - self._at) * self._rate)) % FRAMES_ROUND


class CycleTimes:
    """The times of a client's cycles; `read` is for its process callback.

    The functions are called without letting go of Python's lock: they are too quick for that.
    """

    def __init__(self, client: Any) -> None:
        import jack

        library = ctypes.PyDLL(jack._libname)  # noqa: SLF001 - the libjack that JACK-Client uses
        self._ask = library.jack_get_cycle_times
        self._client = client
        self._pointer = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", client._ptr)))  # noqa: SLF001 - the client that it holds
        self._frame, self._period = ctypes.c_uint32(), ctypes.c_float()
        self._begins, self._ends = ctypes.c_uint64(), ctypes.c_uint64()
        parts = (self._frame, self._begins, self._ends, self._period)
        self._parts = [ctypes.byref(part) for part in parts]
        library.jack_get_time.restype = ctypes.c_uint64
        gaps = []
        for _ in range(5):
            theirs = library.jack_get_time()
            gaps.append(theirs - time.perf_counter_ns() // 1000)
        apart = min(gaps, key=abs)
        self._apart = apart if abs(apart) > SAME_CLOCK else 0

    def read(self, frames: int) -> Cycle:
        """The cycle of `frames` frames that has begun."""
        failed = self._ask(self._pointer, *self._parts)
        begins, ends = self._begins.value - self._apart, self._ends.value - self._apart
        first = self._frame.value
        if failed or ends <= begins:  # the server has no line yet
            first, begins = int(self._client.last_frame_time), time.perf_counter_ns() // 1000
        return Cycle.told(first, frames, begins, ends, int(self._client.samplerate))
