"""The tempo by a master's ticks, where that isn't the tempo that it says.

Ardour 7.3 says the tempo of the song's beginning all through, while its bars, beats and ticks go by
its tempo map. Whether a master does shows in a quarter of a second: its ticks have left its tempo in
both halves of that, and on the same side. A place that jumps once does so in one half at any time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

LOOK_SECONDS = 0.25
"""So much has to go by before a tempo is doubted, or believed again."""

FIT_SECONDS = 0.5
"""A line is laid through so much at most."""

DOUBTED, BELIEVED = 1.5, 1.0
"""How many ticks each half is off the tempo that is said: two roundings make one."""

STRAIGHT, BENT = 0.7, 0.9
"""How many ticks off a straight line, or one that bends, a place may be: half a tick is rounding."""

SPACING = 256
"""Frames between two places that are kept."""

MOST_BARS = 10_000
"""Of which a tempo is remembered."""

SAME = 1e-9
"""As a share: tempi that differ by less are one."""

FEWEST = 6
"""Places through which a line is laid."""


@dataclass(frozen=True, slots=True)
class TickLine:
    """A line through ticks, at the last one: the beat, beats a frame, and by how much that grows a frame."""

    beat: float
    pace: float
    bend: float


class Ticking:
    """Watches ticks go by; one thread."""

    def __init__(self, rate: int) -> None:
        self._look = round(LOOK_SECONDS * rate)
        self._longest = round(FIT_SECONDS * rate)
        self._places: deque[tuple[int, float]] = deque()  # frames, and the beats that fell there
        self._said = 0.0
        self._paces: dict[int, float] = {}  # of bars that were not played as said
        self.doubted = False
        """Whether the tempo that is said isn't that of the ticks."""

    def begin(self) -> None:
        """Begin anew; who was doubted still is."""
        self._places.clear()

    def enter(self, bar: int, said: float) -> float:
        """Begin anew in a bar, where `said` beats a frame are said; what they were if it was played."""
        self.begin()
        found = self._paces.get(bar)
        self.doubted = found is not None
        return said if found is None else found

    def take(self, frame: int, beat: float, said: float, tick: float, bar: int) -> TickLine | None:
        """Take a cycle: what falls on its frame, `said` beats a frame, a tick's beats, which bar.

        The line by which the ticks go, if it isn't what is said.
        """
        if abs(said - self._said) > SAME * said:
            self._said = said
            self.doubted = False
            self._places.clear()
            self._paces.clear()
        places = self._places
        if places and frame - places[-1][0] < SPACING:
            return None
        places.append((frame, beat))
        while frame - places[0][0] > self._longest:
            places.popleft()
        self._judge(tick)
        line = self._line(tick) if self.doubted else None
        if line is not None:
            self._paces[bar] = line.pace
        elif not self.doubted:
            self._paces.pop(bar, None)
        if len(self._paces) > MOST_BARS:
            self._paces.clear()
        return line

    def _judge(self, tick: float) -> None:
        places = self._places
        last = places[-1]
        middle = next((p for p in reversed(places) if last[0] - p[0] >= self._look // 2), None)
        first = next((p for p in reversed(places) if last[0] - p[0] >= self._look), None)
        if middle is None or first is None:
            return
        early, late = (
            (b[1] - a[1] - self._said * (b[0] - a[0])) / tick
            for a, b in ((first, middle), (middle, last))
        )
        if early * late > 0 and min(abs(early), abs(late)) > DOUBTED:
            self.doubted = True
        elif max(abs(early), abs(late)) < BELIEVED:
            self.doubted = False

    def _line(self, tick: float) -> TickLine | None:
        places = self._places
        while len(places) >= FEWEST:
            for degree, most in ((1, STRAIGHT), (2, BENT)):
                parts, off = _fit(places, degree, self._look)
                if off <= most * tick:
                    bend = 2.0 * parts[2] / self._look if degree == 2 else 0.0
                    return TickLine(parts[0], parts[1] / self._look, bend / self._look)
            for _ in range(max(1, len(places) // 4)):  # it goes otherwise since then
                places.popleft()
        return None


def _fit(
    places: deque[tuple[int, float]], degree: int, scale: int
) -> tuple[tuple[float, ...], float]:
    """Fit a line by least squares; its parts, in powers of frames since the last over `scale`.

    And how far the place that is farthest off it is.
    """
    frame, base = places[-1]
    points = [((at - frame) / scale, beat - base) for at, beat in places]
    size = degree + 1
    sums = [sum(x**n for x, _ in points) for n in range(2 * degree + 1)]
    rows = [
        [*(sums[i + j] for j in range(size)), sum(y * x**i for x, y in points)] for i in range(size)
    ]
    for i in range(size):  # elimination; the sums of even powers are never nothing
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(size):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    parts = [row[-1] for row in rows]
    off = max(abs(y - sum(part * x**n for n, part in enumerate(parts))) for x, y in points)
    return (base + parts[0], *parts[1:]), off
