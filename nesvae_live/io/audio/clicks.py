"""A click, and where it, or any sound, begins in what was heard."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

CLICK_SECONDS = 0.005
LOUD = 0.25
"""The click's peak; what comes back may be softer by 40 dB."""

QUIET = 0.01
OVER_NOISE = 10.0
"""By what factor it must be above what else is heard; chance alone reaches 6.5 in 0.3 s of noise."""


@dataclass(frozen=True, slots=True)
class Way:
    """How late something came back, in frames: of each round in which it did."""

    what: str
    frames: tuple[int, ...]

    @property
    def median(self) -> float:
        """The delay in frames."""
        return float(median(self.frames))

    @property
    def spread(self) -> int:
        """From the shortest delay to the longest, in frames."""
        return max(self.frames) - min(self.frames)


def click(sample_rate: int) -> NDArray[np.float32]:
    """A burst that nothing else sounds like, so that its place in a recording is one frame."""
    n = max(16, round(CLICK_SECONDS * sample_rate))
    noise = np.random.default_rng(7).standard_normal(n)
    burst = noise * np.linspace(1.0, 0.0, n)
    return np.asarray(LOUD * burst / np.abs(burst).max(), np.float32)


def click_delay(heard: NDArray[np.float32], burst: NDArray[np.float32]) -> int | None:
    """After how many frames of `heard` the click begins in it; None: it isn't there.

    Found by correlation, so that noise, hum and a change of level or sign move it nowhere.
    """
    edges = np.diff(burst, prepend=np.float32(0.0))  # of which hum has none
    match = np.abs(np.correlate(np.diff(heard, prepend=heard[:1]), edges, "valid"))
    at = int(match.argmax())
    enough = max(QUIET * float(edges @ edges), OVER_NOISE * float(np.median(match)))
    return at if match[at] > enough else None


def sound_delay(heard: NDArray[np.float32], before: NDArray[np.float32]) -> int | None:
    """After how many frames a sound begins; `before` is what was heard when there was none."""
    noise = float(np.abs(before).max()) if len(before) else 0.0
    over = np.flatnonzero(np.abs(heard) > max(QUIET * LOUD, OVER_NOISE * noise))
    return int(over[0]) if len(over) else None
