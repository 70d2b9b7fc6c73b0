"""When rows begin: in ticks of 1/60 s, by a tracker's speed and tempo."""

from __future__ import annotations

from bisect import bisect_right
from math import ceil

from nesvae_live.chip.tracker.module import TEMPI
from nesvae_live.chip.tracker.played import Performance

TICKS_PER_TEMPO = 150
"""A row lasts 150 times the speed by the tempo, in ticks at 60 a second."""

TIE = 1e-3
"""What lies half-way between two ticks by less than this belongs to the earlier one: a beat and a
logged time, which is rounded to microseconds, then say the same."""


class Rows:
    """When rows begin: in ticks, at the tempi of a performance, `per_beat` a beat."""

    def __init__(self, performance: Performance, per_beat: int, n_rows: int) -> None:
        first = performance.tempi[0].bpm
        self.speed, self.tempo = speed_and_tempo(first, per_beat)
        self.changes: dict[int, int] = {}
        self._exact = [0.0]
        tempi = {max(0, round(t.beat * per_beat)): t.bpm for t in performance.tempi}
        tempo = self.tempo
        for row in range(n_rows):
            if row in tempi:
                wanted = round(self.speed * tempi[row] * per_beat / 24)
                wanted = min(max(wanted, TEMPI[0]), TEMPI[-1])
                if wanted != tempo:
                    tempo = self.changes[row] = wanted
            self._exact.append(self._exact[-1] + TICKS_PER_TEMPO * self.speed / tempo)
        self.begins = [ceil(tick - 1e-6) for tick in self._exact]
        self._per_beat = per_beat

    def tick(self, beat: float) -> int:
        """The tick at which a beat falls."""
        row = beat * self._per_beat
        whole = min(max(int(row + 1e-9), 0), len(self._exact) - 2)
        length = self._exact[whole + 1] - self._exact[whole]
        return nearest_tick(self._exact[whole] + (row - whole) * length)

    def at(self, tick: int) -> tuple[int, int]:
        """The row that has begun at a tick, and how many ticks ago."""
        row = min(max(bisect_right(self.begins, tick) - 1, 0), len(self.begins) - 2)
        return row, tick - self.begins[row]


def nearest_tick(exact: float) -> int:
    """The tick that is nearest to a time in ticks."""
    return ceil(exact - 0.5 - TIE)


def speed_and_tempo(bpm: float, per_beat: int) -> tuple[int, int]:
    """The speed and the tempo whose rows come nearest to a tempo in beats a minute."""
    fits = []
    for speed in range(1, TEMPI[0]):
        exact = speed * bpm * per_beat / 24
        tempo = min(max(round(exact), TEMPI[0]), TEMPI[-1])
        fits.append((round(abs(tempo / exact - 1), 6), abs(tempo - TICKS_PER_TEMPO), speed, tempo))
    _, _, speed, tempo = min(fits)
    return speed, tempo
