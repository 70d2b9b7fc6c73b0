"""Tap tempo: beats a minute from the times of taps."""

from __future__ import annotations

from statistics import fmean, median

RESTART_AFTER = 2.0
"""Seconds without a tap after which the next one starts over."""

BOUNCE = 0.14
"""Seconds within which a second tap is taken for a bounce (a beat at 400 BPM lasts 0.15)."""

INTERVALS = 7
"""How many of the latest intervals count."""

STRAY = 0.25
"""How far an interval may be from the median, as a share of it, before it is left out."""


class TapTempo:
    """Derives a tempo from taps, one per beat."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._intervals: list[float] = []

    def tap(self, at: float) -> float | None:
        """Take a tap at `at` seconds.

        Returns:
            The tempo in beats a minute: 60 over the mean of the latest intervals that lie near
            their median, so that a missed or doubled tap changes nothing. None for the first tap,
            and for a bounce.
        """
        last = self._last
        if last is not None and at - last < BOUNCE:
            return None
        self._last = at
        if last is None or at - last > RESTART_AFTER:
            self._intervals = []
            return None
        self._intervals = [*self._intervals[1 - INTERVALS :], at - last]
        middle = median(self._intervals)
        near = [x for x in self._intervals if abs(x - middle) <= STRAY * middle]
        return 60.0 / fmean(near or self._intervals)
