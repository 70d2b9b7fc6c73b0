"""Real-time scheduling for the thread that a sound device waits for, where the system grants it.

Linux grants it to root and to who has `rtprio` in its limits (the group `audio`, with the
settings of jackd or PipeWire). Elsewhere a driver cares for its own threads.
"""

from __future__ import annotations

import ctypes
import os
import threading

PRIORITY = 10
"""Of SCHED_FIFO: over all that isn't real-time, and below what serves devices' interrupts."""


def ask_for_realtime() -> bool:
    """Make the calling thread real-time, if the system lets it; whether it is.

    What somebody else (libjack) has made real-time stays as it is. Threads and processes that it
    starts from then on aren't real-time.
    """
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        if policy not in {os.SCHED_FIFO, os.SCHED_RR}:
            fifo = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, fifo, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True


def realtime_granted() -> bool:
    """Whether a thread of this process may be real-time; tried by one that ends at once."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(ask_for_realtime()))
    thread.start()
    thread.join()
    return found[0]


def keep_thread_state() -> None:
    """Keep the interpreter's state of a library's thread; call it in a callback of that thread.

    Without this the interpreter makes one for each callback and drops it after it, with a map and
    an unmap of memory and a page fault: CPython 3.11 does, for the stack of Python's frames. It
    lives as long as the process.
    """
    ctypes.pythonapi.PyGILState_Ensure()
