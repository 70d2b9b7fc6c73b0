"""The ranges of what a performer sets: one table for parsers, messages, knobs and help.

And which known word was meant, for messages too.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass


def nearest(word: str, known: Iterable[str]) -> str:
    """The question whether a known word was meant; empty if none is near.

    Of words with hyphens what follows the parts that both begin with has to be near too: who says
    `--midi-in` doesn't mean `--midi-cc`.
    """
    for near in difflib.get_close_matches(word, list(known)):
        parts, others = word.split("-"), near.split("-")
        while parts and others and parts[0] == others[0]:
            del parts[0], others[0]
        if (
            not parts
            or not others
            or difflib.get_close_matches("-".join(parts), ["-".join(others)])
        ):
            return f", did you mean {near!r}?"
    return ""


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included, in `unit` (empty for a plain number)."""

    low: float
    high: float
    unit: str = ""

    def __contains__(self, value: float) -> bool:
        """Whether a value lies in the range; NaN does not."""
        return not math.isnan(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        """The range as messages show it: `20 to 400 BPM`."""
        return f"{self.low:.15g} to {self.high:.15g} {self.unit}".rstrip()

    @property
    def whole(self) -> range:
        """The whole numbers in the range."""
        return range(math.ceil(self.low), math.floor(self.high) + 1)

    def check(self, what: str, value: float) -> float:
        """The value, if it lies in the range.

        Args:
            what: what the message calls it.
            value: in the range's unit.

        Raises:
            ValueError: it lies outside; one line that names it, the value and the range.
        """
        if value not in self:
            raise ValueError(f"{what} {value:.15g}: {self}")
        return value


TEMPO = Range(20.0, 400.0, "BPM")
"""Quarter notes a minute."""

LEVEL = Range(-90.0, 12.0, "dB")
"""Of a voice, or of everything. The lowest is silence; above 5 dB loud music clips."""

SHARE = Range(0.0, 1.0)
"""Of a knob, a fader or a target that moves like one, and of the spread of the voices."""

TEMPERATURE = Range(0.05, 4.0)
TOP_P = Range(0.05, 1.0)
QUOTES = Range(0.0, 1.0)
"""How much of the past may come back."""

TRANSPOSE = Range(-24, 24, "semitones")
MORPH_BARS = Range(0.25, 256.0, "bars")
BOUNDS = Range(0.0, 1.0)
"""How far random movement may take a knob."""

FADER = Range(0.0, 1.0)
"""Between the two snapshots at its ends."""

KEYS_BEATS = Range(0.5, 64.0, "beats")
"""After how many beats without a key a voice may be the network's again."""

KEYS_SPLITS = Range(24, 96)
"""MIDI notes at which one keyboard may be split."""

SNAPSHOTS = Range(1, 64)
"""The numbers of snapshots."""

SEEDS = Range(0, 2**31 - 1)

OFFSET = Range(-250.0, 250.0, "ms")
"""By how much an output may be later, or earlier if negative."""
