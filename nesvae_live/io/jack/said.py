"""What a timebase master says of a cycle's first frame, and how it counts ticks.

A tick is a dozen frames, so what is said is a pair of bounds. Some masters say the tick that has
begun, others the nearest one (Ardour), and nothing in a position tells which. It shows where the
place is known: in a song of one tempo, as long as that lasts, it is what the tempo makes of the
frames since frame 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BEGUN, NEAREST = 0.0, 0.5
"""By how much of a tick what is said may be ahead of the place: it is the one that has begun, or
the nearest."""

SURE = 0.2
"""By so much of a tick one of the two has to be worse than the other before it is ruled out."""

SLACK = 0.25
"""And by so much may the line from frame 0 on be off what is said: a master's tempo is rounded too."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a timebase master says of a frame: beats here are as it counts them.

    `bar` is the bar's number, `bar_start` the beat on which it begins, `beat` the whole beats and
    `tick` the ticks since then; `beats_per_bar`, `beat_type` and `tempo` as in a score. `late` are
    the frames since that tick; None if that is not said, and it may be up to `spread` ticks.
    """

    bar: int
    bar_start: float
    beat: int
    tick: float
    ticks_per_beat: float
    beats_per_bar: float
    beat_type: float
    tempo: float
    late: float | None = None
    spread: float = 1.0

    def through_pipewire(self) -> Said:
        """What the master said, if this is what came of it on its way through PipeWire.

        There a place is a number of beats since the song's beginning. Of some ticks (four in ten) it
        is a hair too small, and who reads it has the tick before. Which of two ticks it was follows
        from that, or it may be either.
        """
        if self.late is not None:
            return self
        if self._tick_read(self.tick) != self.tick:
            return replace(self, tick=self.tick + 1)
        either = self._tick_read(self.tick + 1) == self.tick
        return replace(self, spread=2.0) if either else self

    def _tick_read(self, tick: float) -> int:
        """The tick that is read of a place that the master says as this tick of this beat."""
        bars = (self.bar - 1) * self.beats_per_bar
        rest = bars + self.beat + tick / self.ticks_per_beat - bars
        return int((rest - self.beat) * self.ticks_per_beat)

    @property
    def meter(self) -> tuple[float, float]:
        """The two numbers of the metre."""
        return self.beats_per_bar, self.beat_type

    @property
    def quarters(self) -> float:
        """How many quarter notes a beat has."""
        return 4.0 / self.beat_type

    @property
    def tick_quarters(self) -> float:
        """And a tick."""
        return self.quarters / self.ticks_per_beat

    @property
    def place(self) -> float:
        """The place in the bar, in quarter notes, as it is said."""
        return (self.beat + self.tick / self.ticks_per_beat) * self.quarters


class Counting:
    """Finds out how a master counts ticks; what it found out, it keeps."""

    def __init__(self) -> None:
        # It matters before it is found out only where tempi change, in a DAW: Ardour says the nearest.
        self.ahead = NEAREST
        self.known = False
        self._worst: dict[float, float] | None = None  # of a tick that each was off, on this line

    def begin(self) -> None:
        """From here on there may be one tempo, from frame 0 on."""
        self._worst = {BEGUN: 0.0, NEAREST: 0.0}

    def end(self) -> None:
        """Not any more."""
        self._worst = None

    def holds(self, line: float, said: Said) -> bool:
        """Whether a place in the bar that one tempo makes is what is said, up to now in each cycle."""
        worst = self._worst
        if worst is None:
            return False
        ticks = (line - said.place) / said.tick_quarters
        for ahead, off in worst.items():
            worst[ahead] = max(off, -ticks - ahead, ticks + ahead - said.spread)
        better = min(worst, key=worst.__getitem__)
        if worst[better] > SLACK:
            self.end()
            return False
        if max(worst.values()) - worst[better] > SURE:
            self.ahead, self.known = better, True
        return True

    def held(self, line: float, bounds: tuple[float, float]) -> float:
        """The place that a line which holds makes, within bounds as far as they are known."""
        return min(max(line, bounds[0]), bounds[1]) if self.known else line

    def bounds(self, said: Said) -> tuple[float, float]:
        """Between which places in the bar it is, in quarter notes."""
        low = said.place - self.ahead * said.tick_quarters
        return low, low + said.spread * said.tick_quarters
