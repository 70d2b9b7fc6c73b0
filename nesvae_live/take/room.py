"""Room on the disk: what a take grows by, and for how long there is room."""

from __future__ import annotations

import shutil
from pathlib import Path

LOG_BYTES_PER_SECOND = 20_000
"""What a log grows by while patches shape every frame and a clock is followed (docs/takes.md)."""

ENOUGH_SECONDS = 15 * 60.0
"""Where there is room for less, the person is warned."""


def bytes_per_second(sample_rate: int) -> int:
    """What a take grows by each second: 16-bit mono samples, and its log."""
    return 2 * sample_rate + LOG_BYTES_PER_SECOND


def seconds_left(folder: Path, sample_rate: int) -> float | None:
    """How long recording into `folder` can go on, in seconds; None where that can't be known."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        return shutil.disk_usage(there).free / bytes_per_second(sample_rate)
    except OSError:
        return None


def said_in_advance(folder: Path, sample_rate: int) -> str:
    """How much room an hour takes, and for how long there is room, in one line."""
    megabytes = bytes_per_second(sample_rate) * 3600 / 1e6
    text = f"recording into {folder}: about {megabytes:.0f} MB an hour"
    left = seconds_left(folder, sample_rate)
    return text if left is None else f"{text}, room for {in_words(left)}"


def in_words(seconds: float) -> str:
    """A duration in minutes or hours, for a person."""
    minutes = int(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
