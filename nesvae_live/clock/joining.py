"""Joining a clock that rolled before anybody listened: when, and where its bar begins.

Clocks alone say the tempo, not the place in the bar. A tap on the first beat does, to a clock: a
hand is less exact than that, so further taps are taken together.
"""

from __future__ import annotations

from statistics import fmean

CLOCK_JOIN = ("wait", "now", "tap", "link")
"""What to do when clocks come without a start: wait for one, join now, at a tap on the one, or on
the bars of a Link session."""

JOIN_AFTER = 2.0
"""Seconds of clocks after which no start is expected any more."""

TAPS = 4
"""How many of the last taps count."""

NEAR = 6
"""Clocks within which taps are on the same beat."""


class Joining:
    """Watches for clocks that come without a start, and takes taps on the first beat of a bar."""

    def __init__(self, join: str = "wait") -> None:
        self._join = join
        self._since: float | None = None
        self._count = 0
        self._ones: list[float] = []
        self.heard = False
        """Whether the source has ever said that it starts, goes on, or stops."""
        self.waits = False
        """Whether clocks have come without a start for so long that none is expected."""

    def clock(self, at: float, *, stopped: bool) -> bool:
        """Take a clock at `at` seconds; returns whether to join with it.

        `stopped`: for all that is known, the source doesn't roll.
        """
        self._count += 1
        if not stopped:
            self._since, self.waits = None, False
            return False
        if self._since is None:
            self._since = at
        self.waits = at - self._since >= JOIN_AFTER
        return self.waits and self._join == "now" and not self.heard

    def say(self) -> None:
        """The source said where it is, or what it does: what was tapped is past."""
        self._since, self.waits = None, False
        self._ones.clear()

    def lose(self) -> None:
        """The clocks ceased."""
        self.say()
        self._count = 0

    def tap(self, clocks_ago: float, bar: int) -> int:
        """Take a tap on the first of a bar of `bar` clocks.

        Args:
            clocks_ago: by how many clocks the tap came before the last clock.
            bar: clocks in a bar.

        Returns:
            How far into the bar the next clock is: in clocks, 0 to `bar` - 1.
        """
        one = self._count - clocks_ago
        near = [one + _about(other - one, bar) for other in self._ones]
        near = [other for other in near if abs(other - one) <= NEAR]
        self._ones = [*near, one][-TAPS:]
        return (self._count + 1 - round(fmean(self._ones))) % bar


def _about(clocks: float, bar: int) -> float:
    """A distance less whole bars: between half a bar back and half a bar on."""
    return (clocks + bar / 2) % bar - bar / 2
