"""What JACK-Client leaves out of libjack: the times of a cycle, on the host's monotonic clock."""

from __future__ import annotations

import ctypes
import time
from typing import Any

from nesvae_live.io.jack.cycle import FRAMES_ROUND, Cycle

SAME_CLOCK = 1000
"""JACK's clock is the host's if they are no more than so many microseconds apart."""


CORRECTED = 1 / 64
"""How much of what a cycle is off the steady line is made good in each."""

MOST_CORRECTED = 0.25
"""And how many frames at most."""

LEFT_SECONDS = 0.05
"""A cycle that is so far off the line begins another one."""


class SteadyLine:
    """A line from frames to times that no late cycle bends; for one thread.

    The server's own line follows when its cycles wake up: on a busy machine, and under PipeWire, it
    goes to and fro by a millisecond. Who works out a time from what was told in one cycle, and has it
    turned into a frame in another, would be off by that.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._at = 0.0  # seconds, of the frame
        self._first: int | None = None

    def steady(self, cycle: Cycle) -> Cycle:
        """The cycle, with the times that the line gives it."""
        begins = cycle.begins / 1e6
        if self._first is not None:
            self._at += ((cycle.first - self._first) % FRAMES_ROUND) / self._rate
        off = begins - self._at
        if self._first is None or abs(off) > LEFT_SECONDS:
            self._at = begins
        else:
            most = MOST_CORRECTED / self._rate
            self._at += min(max(off * CORRECTED, -most), most)
        self._first = cycle.first
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
