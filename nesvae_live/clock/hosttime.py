"""The host's monotonic clock, the time of everything live."""

from __future__ import annotations

import time
from typing import Protocol


class PerfTime:
    """`time.perf_counter`, in whole microseconds as the log has them."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter_ns() // 1000 / 1e6


class Time(Protocol):
    """A monotonic clock."""

    def now(self) -> float:
        """Seconds, on the scale of every stamp (`time.perf_counter` when live)."""
        ...
