"""Notices two clocks on one port."""

from __future__ import annotations

from collections import deque
from statistics import fmean

from nesvae_live.clock.timing import CLOCKS_PER_BEAT


class PairWatch:
    """Notices two clocks merged on one port: the intervals alternate, long and short.

    So do the stamps of a long JACK period at some tempi; therefore the rate must have doubled
    while it was heard, or be faster than music. Two clocks of different tempi do not alternate
    and are not seen, nor are two slow ones that were there from the first clock on.
    """

    WINDOW = 24
    """Intervals that are looked at."""
    BURST = 0.002
    """Seconds; shorter intervals may be a period's bunch."""
    TOO_FAST = 60 / 200 / CLOCKS_PER_BEAT
    """Seconds of a clock at 200 beats a minute."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=3 * self.WINDOW)
        self.doubled = False

    def hear(self, interval: float) -> None:
        """Take the seconds between two clocks."""
        self._intervals.append(interval)
        heard = list(self._intervals)
        if len(heard) < self.WINDOW:
            return
        window = heard[-self.WINDOW :]
        mean, one, other = fmean(window), fmean(window[::2]), fmean(window[1::2])
        squares = fmean([(x - one) ** 2 for x in window[::2]])
        squares += fmean([(x - other) ** 2 for x in window[1::2]])
        chance = (squares / (self.WINDOW // 2)) ** 0.5
        if abs(one - other) < max(0.3 * mean, 6.0 * chance):
            self.doubled = False
            return
        full = len(heard) == 3 * self.WINDOW
        was = fmean(heard[: self.WINDOW])
        self.doubled = (
            self.doubled
            or (full and 0.4 < mean / was < 0.6)
            or (mean < self.TOO_FAST and min(one, other) > self.BURST)
        )
