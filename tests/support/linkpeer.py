"""Another member of a Link session: when it is where."""

from __future__ import annotations

import time
from typing import Any

READINGS = 20


def beat_and_time(peer: Any) -> tuple[float, float]:
    """A beat of the peer, and the host's time at it in seconds (`time.perf_counter`).

    On a busy machine a process may have to wait between the two: of some readings it is the quickest.
    """
    readings: list[tuple[float, float, float]] = []
    for _ in range(READINGS):
        before, beat, after = time.perf_counter(), float(peer.beat), time.perf_counter()
        readings.append((after - before, beat, (before + after) / 2.0))
    _, beat, at = min(readings)
    return beat, at
