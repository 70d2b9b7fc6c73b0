"""Waiting for a condition, with a deadline: tests never sleep for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.005


def wait_until(
    condition: Callable[[], bool], timeout: float = WAIT_SECONDS, every: float = POLL_SECONDS
) -> bool:
    """Wait for a condition; whether it came true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
