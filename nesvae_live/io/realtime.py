"""Real-time scheduling for the threads that have to be in time, where the system grants it.

Linux grants it to root and to users with an `rtprio` limit (the group `audio`, as jackd and
PipeWire set it up). On other systems drivers take care of their own threads.
"""

from __future__ import annotations

import ctypes
import os
import threading

PRIORITY = 10
"""Of SCHED_FIFO: above everything that isn't real-time, and below the threads of interrupts."""

DECIDING = 5
"""Of the threads that decide what is played: what a device waits for comes before them."""


def ask_for_realtime(priority: int = PRIORITY) -> bool:
    """Make the calling thread real-time if the system allows it; returns whether it now is.

    A thread that somebody else (libjack) made real-time stays as it is. Threads and processes that
    it starts from then on aren't real-time.
    """
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        if policy not in {os.SCHED_FIFO, os.SCHED_RR}:
            fifo = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, fifo, os.sched_param(priority))
    except OSError:
        return False
    return True


def realtime_granted() -> bool:
    """Whether a thread of this process may be real-time, tried with one that ends at once."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(ask_for_realtime()))
    thread.start()
    thread.join()
    return found[0]


def keep_thread_state() -> None:
    """Keep the interpreter's state for a library's thread; call it in a callback on that thread.

    Otherwise the interpreter makes a state for each callback and drops it afterwards, which costs
    an mmap, an munmap and a page fault (CPython 3.11, for the stack of Python's frames). The state
    lives as long as the process.
    """
    ctypes.pythonapi.PyGILState_Ensure()
