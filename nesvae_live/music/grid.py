"""The grid: how many beats a phrase lasts, and on which beats its tuples start."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nesvae_live.clock.timing import EPSILON, Meter, clocks_to_beats
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.ranges import Range

BARS = (0.5, 1.0, 2.0, 4.0)
"""How many bars a phrase may fill."""

QUANTISE = (4, 8, 16, 32)
SWING = Range(50.0, 75.0)
"""In percent: straight, and as far as it goes."""

CLOCKS_PER_STEP = Range(0.25, 24.0)


class Mode(StrEnum):
    """What sets the speed: seconds, clocks, or the bars that a phrase fills."""

    NATIVE = "native"
    CLOCK = "clock"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Grid:
    """How phrases are laid out in time.

    `clocks_per_step` applies in mode `clock`, `bars` in mode `bars`: 1/2, 1, 2, 4, or None for
    whatever is nearest to native speed. `quantise` names the cell (16: sixteenths); None is off.
    If that is `strict` every tuple begins on a line; else, as in takes of former releases, those do
    that are long enough. `swing`, in percent, is where in a pair of cells the second one starts, 50 (straight) to 75;
    without `quantise` it applies to sixteenths.
    """

    mode: Mode = Mode.CLOCK
    clocks_per_step: float = 2.0
    bars: float | None = None
    quantise: int | None = None
    swing: float = 50.0
    strict: bool = False

    def __post_init__(self) -> None:
        """Refuse a grid with a value out of range.

        Raises:
            ValueError: one line that names the value and its range.
        """
        if self.bars is not None and self.bars not in BARS:
            raise ValueError(f"bars per phrase {self.bars:g}: {_listed(BARS)} or auto")
        if self.quantise is not None and self.quantise not in QUANTISE:
            raise ValueError(f"quantise 1/{self.quantise}: 1/{_listed(QUANTISE)} or off")
        SWING.check("swing", self.swing)
        CLOCKS_PER_STEP.check("clocks per step", self.clocks_per_step)

    def length(self, steps: int, start: float, tempo: float, meter: Meter) -> float:
        """How many beats a phrase of `steps` steps lasts if it starts at beat `start`.

        In mode `bars` it ends on a bar line (half a bar: in the middle of the bar, if it starts on
        a bar line). If it starts off the bar lines, after a jump, it ends where it would have ended
        had it started at the beginning of that bar. In the other modes a quantised phrase ends on
        the line nearest to its end. `tempo` is in beats a minute.
        """
        native = steps / STEPS_PER_SECOND * tempo / 60.0
        if self.mode is Mode.BARS:
            return self._bars_length(native, start, meter)
        if self.mode is Mode.CLOCK:
            length = steps * clocks_to_beats(self.clocks_per_step)
        else:
            length = native
        if self.quantise is None:
            return length
        cell = 4.0 / self.quantise
        end = _nearest_line(start + length, cell, meter)
        while end - start < length / 2:
            end = _nearest_line(end + cell, cell, meter)
        return end - start

    def lay(
        self, holds: Sequence[int], start: float, length: float, meter: Meter
    ) -> tuple[float, ...]:
        """The beats on which tuples start when they fill `length` beats from beat `start` on.

        `holds` are the tuples' steps: of a phrase, or of the rest of one, for a splice. The next
        phrase starts at `start + length`, before swing. Swing moves all beats by the same rule, so
        phrases laid out one after the other stay in order.
        """
        beats = [start]
        step_beats = length / sum(holds)
        steps = 0
        for held in holds[:-1]:
            steps += held
            beats.append(start + steps * step_beats)
        if self.quantise is not None:
            snapped = self._on_lines if self.strict else self._quantised
            beats = snapped(beats, start + length, meter)
        return tuple(self.swung(beat, meter) for beat in beats)

    def may_begin(self, beat: float, meter: Meter) -> bool:
        """Whether a tuple may begin on a beat, before swing: on any, or on lines alone."""
        if not self.strict or self.quantise is None:
            return True
        return abs(_nearest_line(beat, 4.0 / self.quantise, meter) - beat) < EPSILON

    def swung(self, beat: float, meter: Meter) -> float:
        """Where swing moves `beat`: it stretches and squeezes pairs of cells; bar lines stay."""
        if self.swing == SWING.low:
            return beat
        cell = 4.0 / (self.quantise or 16)
        bar_line = meter.bar_line(beat)
        pair, within = divmod(beat - bar_line, 2.0 * cell)
        pair_start = bar_line + pair * 2.0 * cell
        if pair_start + 2.0 * cell > bar_line + meter.beats_per_bar + EPSILON:
            return beat  # a last cell without a partner
        off_beat = 2.0 * cell * self.swing / 100.0
        if within < cell:
            return pair_start + within * off_beat / cell
        return pair_start + off_beat + (within - cell) * (2.0 * cell - off_beat) / cell

    def _bars_length(self, native: float, start: float, meter: Meter) -> float:
        bar = meter.beats_per_bar
        into = start - meter.bar_line(start)
        counts = BARS if self.bars is None else (self.bars,)
        if into < EPSILON:
            lengths = [count * bar - into for count in counts]
        elif abs(into - bar / 2) < EPSILON and counts[0] == BARS[0]:
            lengths = [bar - into]  # the other half
        else:
            lengths = [math.ceil(count) * bar - into for count in counts]
            lengths = [x if x > bar / 4 else x + bar for x in lengths]
        return min(lengths, key=lambda length: abs(math.log(length / native)))

    def _on_lines(self, beats: list[float], end: float, meter: Meter) -> list[float]:
        """Move each tuple onto the line nearest to it; of those on one line one remains.

        That is the one that was nearest to the line. The others get the beat of the tuple after
        them, and so no time to sound in.
        """
        assert self.quantise is not None  # lay() asks
        cell = 4.0 / self.quantise
        last = max(end - cell, beats[0])
        lines = [min(_nearest_line(beat, cell, meter), last) for beat in beats]
        lines[0] = beats[0]
        moved, after = [end] * len(beats), end
        for line in sorted(set(lines), reverse=True):
            on_it = [i for i, other in enumerate(lines) if other == line]
            kept = min(on_it, key=lambda i: abs(beats[i] - line))
            for i in on_it:
                moved[i] = line if i <= kept else after
            after = line
        return moved

    def _quantised(self, beats: list[float], end: float, meter: Meter) -> list[float]:
        """Snap the tuples that are long enough; the others keep their place between those.

        A tuple whose line is taken, by the one before it or by the phrase's end, is not snapped.
        """
        assert self.quantise is not None  # lay() asks
        cell = 4.0 / self.quantise
        anchors = [(beats[0], beats[0])]
        for beat, after in zip(beats[1:], [*beats, end][2:], strict=True):
            line = _nearest_line(beat, cell, meter)
            long_enough = after - beat >= cell / 2 - EPSILON
            if long_enough and anchors[-1][1] + EPSILON < line < end - EPSILON:
                anchors.append((beat, line))
        anchors.append((end, end))
        places = [place for place, _ in anchors]
        moved = []
        for beat in beats:
            i = bisect_right(places, beat, hi=len(places) - 1) - 1
            (place, line), (next_place, next_line) = anchors[i], anchors[i + 1]
            share = (beat - place) / (next_place - place)
            moved.append(line + share * (next_line - line))
        return moved


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _nearest_line(beat: float, cell: float, meter: Meter) -> float:
    """The grid line nearest to `beat`; they are counted from the bar line, which is always one."""
    bar_line = meter.bar_line(beat)
    before = bar_line + math.floor((beat - bar_line + EPSILON) / cell) * cell
    after = min(before + cell, bar_line + meter.beats_per_bar)
    return before if beat - before < after - beat else after
