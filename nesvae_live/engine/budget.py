"""How long before its place a decode has to be asked for."""

from __future__ import annotations

SLOWEST_DECODES = 64
"""How many decodes are remembered."""


class Budget:
    """Seconds that a decode is given: learnt from how long the last ones took."""

    def __init__(self, seconds: float = 0.03) -> None:
        self.phrase = seconds
        """For a phrase, which must not be late."""
        self.tail = seconds
        """For a tail, which may be, once in a while: the next one has newer knobs."""
        self._slowest: list[float] = []

    def learn(self, seconds: float) -> None:
        """Keep twice the slowest of the last decodes, and what a thread may wake late."""
        self._slowest = [*self._slowest[-(SLOWEST_DECODES - 1) :], seconds]
        ordered = sorted(self._slowest)
        self.phrase = 0.015 + 2.0 * ordered[-1]
        self.tail = 0.006 + 1.25 * ordered[9 * len(ordered) // 10]
