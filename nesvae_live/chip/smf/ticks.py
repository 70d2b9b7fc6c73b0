"""A file's ticks as samples, and as beats at a steady tempo."""

from __future__ import annotations

from bisect import bisect_right

from nesvae_live.chip.smf.song import BEAT_MICROSECONDS, SET_TEMPO, Song
from nesvae_live.chip.vgm.registerlog import VGM_RATE

TEMPO_BYTES = 3


class Ticks:
    """Converts the ticks of a song. `said`: a line each on tempi that are none."""

    def __init__(self, song: Song) -> None:
        self._steady = float(1 / song.ticks_per_second)
        self.said: list[str] = []
        beat = song.ticks_per_beat
        self._lines: list[tuple[int, int, int]] = []
        if beat is None:  # ticks per second = numerator / denominator
            per_second = song.ticks_per_second
            self._unit = per_second.numerator
            self._lines.append((0, 0, per_second.denominator))
        else:
            self._unit = 1_000_000 * beat
            self._lines += _tempo_lines(song, self.said)
        self._starts = [line[0] for line in self._lines]

    def to_sample(self, tick: int) -> int:
        """The sample at 44.1 kHz, in whole numbers, rounded to the nearest."""
        since, passed, tempo = self._lines[bisect_right(self._starts, tick) - 1]
        return (2 * (passed + (tick - since) * tempo) * VGM_RATE + self._unit) // (2 * self._unit)

    def to_steady(self, tick: int) -> float:
        """Seconds at the steady tempo: half of the beats; of a file without beats its seconds."""
        return tick * self._steady

    def from_steady(self, seconds: float) -> int:
        """Undo `to_steady`."""
        return round(seconds / self._steady)


def _tempo_lines(song: Song, said: list[str]) -> list[tuple[int, int, int]]:
    """From this tick on, at which so many microseconds * ticks had passed, so many a beat."""
    metas = [m for track in song.tracks for m in track.metas if m.kind == SET_TEMPO]
    tempi = [(m.tick, int.from_bytes(m.data)) for m in metas if len(m.data) == TEMPO_BYTES]
    wrong = len(metas) - sum(tempo > 0 for _, tempo in tempi)
    if wrong:
        said.append(f"impossible tempi, skipped: {wrong}")
    lines = [(0, 0, BEAT_MICROSECONDS)]
    for tick, tempo in sorted((t for t in tempi if t[1] > 0), key=lambda timed: timed[0]):
        since, passed, current = lines[-1]
        lines.append((tick, passed + (tick - since) * current, tempo))
    return lines
