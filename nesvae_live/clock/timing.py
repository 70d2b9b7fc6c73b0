"""The tempo line, from seconds to beats, and the metre."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

CLOCKS_PER_BEAT = 24
EPSILON = 1e-6
"""How far floating point may put a beat off its line, in beats."""

DENOMINATORS = (1, 2, 4, 8, 16, 32)

CLOCK_LOST = ("hold", "coast")
"""What to do when the clock that is followed is lost: wait for it, or go on at its last tempo."""


@dataclass(frozen=True, slots=True)
class ClockRef:
    """A tempo line: beat `beat` falls at `at` seconds, and a beat lasts `beat_seconds`."""

    beat: float = 0.0
    at: float = 0.0
    beat_seconds: float = 0.5

    def beat_at(self, now: float) -> float:
        """The beat that falls at `now` seconds."""
        return self.beat + (now - self.at) / self.beat_seconds

    def time_of(self, beat: float) -> float:
        """When `beat` falls, in seconds."""
        return self.at + (beat - self.beat) * self.beat_seconds

    @property
    def tempo(self) -> float:
        """Beats a minute."""
        return 60.0 / self.beat_seconds


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature. Beats are quarter notes, as in MIDI, whatever the denominator."""

    numerator: int = 4
    denominator: int = 4

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read `4/4`.

        Raises:
            ValueError: not a metre that MIDI can express.
        """
        match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text)
        if match is None:
            raise ValueError(f"{text!r} is not a metre: write it as 4/4")
        numerator, denominator = int(match[1]), int(match[2])
        if not 1 <= numerator <= 32 or denominator not in DENOMINATORS:
            raise ValueError(
                f"metre {text}: 1 to 32 over {', '.join(str(d) for d in DENOMINATORS)}"
            )
        return cls(numerator, denominator)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def beats_per_bar(self) -> float:
        """Quarter notes in a bar."""
        return self.numerator * 4.0 / self.denominator

    def position(self, beat: float) -> tuple[int, int]:
        """The bar, and the count within it, both from 1 as musicians count."""
        bar, rest = divmod(max(beat, 0.0) + 1e-9, self.beats_per_bar)
        return int(bar) + 1, int(rest * self.denominator / 4.0) + 1

    @property
    def parts(self) -> tuple[int, int]:
        """The two numbers of which it is written."""
        return self.numerator, self.denominator

    @property
    def first_bar(self) -> tuple[float, int]:
        """The beat on which its first bar begins, and how many bars came before."""
        return 0.0, 0

    def counted(self, beat: float) -> float:
        """The beat, counted from one on which a bar begins."""
        return beat

    def bar_line(self, beat: float) -> float:
        """The last bar line at or before `beat`."""
        return math.floor((beat + EPSILON) / self.beats_per_bar) * self.beats_per_bar

    def whole_bars(self, beat: float) -> float:
        """The first bar line at or after `beat`."""
        bars = -(-max(beat - 1e-6, 0.0) // self.beats_per_bar)
        return float(bars * self.beats_per_bar)


@dataclass(frozen=True, slots=True)
class MeterSince(Meter):
    """A metre that came in mid-piece: bar `bars` (from 0) is its first, and begins on beat `since`."""

    since: float = 0.0
    bars: int = 0

    @classmethod
    def after(cls, before: Meter, parts: tuple[int, int], line: float) -> MeterSince:
        """Make the metre of these two numbers that follows `before` on one of its bar lines."""
        bar, _ = before.position(line)
        return cls(*parts, line, bar - 1)

    @property
    def first_bar(self) -> tuple[float, int]:
        """The beat on which its first bar begins, and how many bars came before."""
        return self.since, self.bars

    def position(self, beat: float) -> tuple[int, int]:
        """The bar, and the count within it, both from 1 as musicians count."""
        bar, count = Meter.position(self, self.counted(beat))
        return self.bars + bar, count

    def counted(self, beat: float) -> float:
        """The beat, counted from one on which a bar begins."""
        return beat - self.since

    def bar_line(self, beat: float) -> float:
        """The last bar line at or before `beat`."""
        return self.since + Meter.bar_line(self, self.counted(beat))

    def whole_bars(self, beat: float) -> float:
        """The first bar line at or after `beat`."""
        return self.since + Meter.whole_bars(self, self.counted(beat))


def clocks_to_beats(clocks: float) -> float:
    """MIDI clocks in beats."""
    return clocks / CLOCKS_PER_BEAT
