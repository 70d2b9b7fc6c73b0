"""Programs that tests start end with the test process, however that ends.

An instrument that outlived its test would join every JACK server that a later test starts.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


def ends_with_its_parent(how: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """For `Popen`'s `preexec_fn`: the child gets the signal when its parent is gone (Linux)."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, how)
