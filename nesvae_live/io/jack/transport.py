"""JACK's transport, cycle by cycle: where it is, to a fraction of a frame, and what is new in it.

A timebase master says bar, beat and tick of a cycle's first frame, and a tick is a dozen frames. So
what is said is taken as bounds, and those of one cycle after another close in on the place.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from nesvae_live.io.jack.cycle import Cycle

NEWS_FRAMES = 0.25
"""The transport is told anew if it is so many frames off what was told."""

NEWS_SECONDS = 0.2
"""And at least so often while it rolls, so that its silence means something."""

STEADY_TEMPO = 1e-9
"""As a share: a master whose tempo differs by less goes on at the same."""

ROUNDING = 1e-3
"""How far, in ticks, a master's own arithmetic may put a beat on the wrong side of a tick."""

TOLD = struct.Struct("<?ddd?")
"""What a record of the transport holds: whether it rolls, the beat, the place in the bar, seconds a
beat, whether it jumped."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a timebase master says of a frame: beats here are as it counts them.

    `bar_start` is the beat on which the bar begins, `beat` the whole beats and `tick` the ticks
    since then; `beats_per_bar`, `beat_type` and `tempo` as in a score. `late` are the frames since
    that tick; None if that is not said, and it may be up to a tick.
    """

    bar_start: float
    beat: int
    tick: float
    ticks_per_beat: float
    beats_per_bar: float
    beat_type: float
    tempo: float
    late: float | None = None


class TransportReader:
    """Finds out what is new in each cycle; one thread, in the server's cycle.

    `tempo` (beats a minute) and `beats_per_bar` are taken where no master says any.
    """

    def __init__(self, rate: int, tempo: float, beats_per_bar: float) -> None:
        self._rate = rate
        self._tempo = tempo
        self._bar = beats_per_bar
        self._next: int | None = None  # the frame on which the next cycle should begin
        self._rolled = False
        self._pace = 0.0  # beats a frame
        self._bar_start = 0.0
        self._low = self._high = 0.0  # bounds of the place in the bar
        self._told: tuple[int, float, float] | None = None  # time, beat, seconds a beat
        self._told_bar = 0.0

    def read(self, cycle: Cycle, frame: int, said: Said | None, *, rolls: bool) -> bytes | None:
        """Take a cycle, whose first frame is the transport's `frame`; what is to be told of it."""
        jumped = self._next is not None and frame != self._next
        began = rolls and not self._rolled
        first = self._next is None
        stopped = self._rolled and not rolls
        if said is None:
            self._reckon(frame)
        else:
            self._listen(frame, said, cycle.frames, anew=jumped or began or first)
        self._next = frame + cycle.frames if rolls else frame
        self._rolled = rolls
        place = (self._low + self._high) / 2
        beat = self._bar_start + place
        beat_seconds = 1.0 / (self._pace * self._rate)
        if not (jumped or began or first or stopped or self._is_news(cycle, beat, rolls=rolls)):
            return None
        self._told = (cycle.begins, beat, beat_seconds)
        self._told_bar = self._bar_start
        return TOLD.pack(rolls, beat, place, beat_seconds, jumped or began or first)

    def _is_news(self, cycle: Cycle, beat: float, *, rolls: bool) -> bool:
        if not rolls or self._told is None:
            return False
        at, told, beat_seconds = self._told
        passed = (cycle.begins - at) / 1e6
        off = abs(told + passed / beat_seconds - beat) / self._pace
        new_pace = abs(beat_seconds * self._pace * self._rate - 1.0) > STEADY_TEMPO
        return (
            off > NEWS_FRAMES
            or new_pace
            or passed > NEWS_SECONDS
            or self._told_bar != self._bar_start
        )

    def _reckon(self, frame: int) -> None:
        """Without a master: one tempo from frame 0 on."""
        self._pace = self._tempo / 60.0 / self._rate
        bars, self._low = divmod(frame * self._pace, self._bar)
        self._high = self._low
        self._bar_start = bars * self._bar

    def _listen(self, frame: int, said: Said, frames: int, *, anew: bool) -> None:
        """With a master: close in on the place that it says."""
        quarters = 4.0 / said.beat_type
        pace = said.tempo * quarters / 60.0 / self._rate
        low = (said.beat + said.tick / said.ticks_per_beat) * quarters
        width = quarters / said.ticks_per_beat
        if said.late is not None:
            low, width = low + said.late * pace, 0.0
        low, width = low - ROUNDING * width, (1 + 2 * ROUNDING) * width
        bar_start = said.bar_start * quarters
        went = self._pace * frames if self._rolled else 0.0
        steady = abs(pace - self._pace) <= STEADY_TEMPO * pace
        self._pace = pace
        before = self._bar_start - bar_start + went
        lows, highs = self._low + before, self._high + before
        self._bar_start = bar_start
        if not anew and steady:
            closer = max(lows, low), min(highs, low + width)
            if closer[0] <= closer[1]:
                self._low, self._high = closer
                return
        self._low, self._high = low, low + width
        # A song of one tempo, or one that stands on a tick: then that is the place.
        whole = frame * pace - bar_start
        if low <= whole <= low + width:
            self._low = self._high = whole
