"""The time of everything live."""

from __future__ import annotations

import time


class PerfTime:
    """The time of everything live: `time.perf_counter`, in the microseconds that the log has."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter_ns() // 1000 / 1e6
