"""What JACK-Client leaves out of libjack: the times of a cycle, on the host's monotonic clock."""

from __future__ import annotations

import ctypes
import time
from typing import Any

from nesvae_live.io.jack.cycle import Cycle

SAME_CLOCK = 1000
"""JACK's clock is the host's if they are no more than so many microseconds apart."""


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
        if failed or ends <= begins:  # the server has no line yet
            first = int(self._client.last_frame_time)
            begins = time.perf_counter_ns() // 1000
            ends = begins + max(1, round(1e6 * frames / self._client.samplerate))
            return Cycle(first, frames, begins, ends)
        return Cycle(self._frame.value, frames, begins, ends)
