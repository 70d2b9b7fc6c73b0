"""Quantised launch: the line on which a turned knob takes effect."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum

from nesvae_live.clock.timing import EPSILON, Meter


class Swap(StrEnum):
    """When a turned knob takes effect: at the next bar line, the next beat, or the next tuple."""

    BAR = "bar"
    BEAT = "beat"
    NOW = "now"


def lines_from(swap: Swap, earliest: float, meter: Meter) -> Iterator[float]:
    """Bar lines, or beats counted from them; the first ones may lie before `earliest`."""
    line = meter.bar_line(earliest) - meter.beats_per_bar
    while True:
        yield line
        beats = math.ceil(meter.beats_per_bar) if swap is Swap.BEAT else 1
        yield from (line + beat for beat in range(1, beats))
        line += meter.beats_per_bar


def next_line(swap: Swap, beat: float, meter: Meter) -> float:
    """The first beat at or after `beat` at which turned knobs take effect."""
    if swap is Swap.NOW:
        return beat
    return next(line for line in lines_from(swap, beat, meter) if line >= beat - EPSILON)
