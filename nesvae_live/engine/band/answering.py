"""When the network answers what somebody plays: as soon as they have stopped, or by bars."""

from __future__ import annotations

from nesvae_live.clock.timing import Meter
from nesvae_live.latent.given import Answer
from nesvae_live.latent.lines import Span
from nesvae_live.music.swap import Swap, next_line

PAUSE = 1.0
"""Who plays nothing for so many beats has stopped."""
LONGEST = 64
"""Beats of an answer, at most."""
EARLY = 0.5
"""Who begins so many beats before a bar begins with it."""
NEAR = 2.0
"""So many beats before it begins the decoder is told of an answer."""


class Answering:
    """Follows one call after the other, each from its first key on; in the sequencer's thread."""

    def __init__(self, mode: Answer = Answer.OFF) -> None:
        self.mode = mode
        self.plan: Span | None = None
        """The beats on which the answer begins and ends, as far as is known."""
        self.begun = False
        """Whether the answer has begun."""
        self._first: float | None = None  # the beat of the call's first key

    def clear(self) -> None:
        """There is no call any more."""
        self.plan, self.begun, self._first = None, False, None

    def hear(
        self, beat: float, soonest: float, meter: Meter, *, struck: bool, silent: bool
    ) -> None:
        """Something was played on a beat: keys were `struck`, or let go; afterwards all are `silent` or not.

        What is decided now is heard on beat `soonest`. A key that is struck ends the answer.
        """
        if self.mode is Answer.OFF or (self.begun and not struck):
            return
        if self.begun:
            self.clear()
        if struck and self._first is None:
            self._first = beat
        if (first := self._first) is None:
            return
        self.plan = None
        if (bars := self.mode.bars) is not None:
            length = bars * meter.beats_per_bar
            begin = meter.bar_line(first + EARLY) + length
            self.plan = begin, begin + length
        elif silent:
            begin = next_line(Swap.BEAT, max(beat + PAUSE, soonest), meter)
            self.plan = begin, begin + min(max(round(beat - first), 1), LONGEST)

    def told(self, reached: float) -> Span | None:
        """The answer, if it is near, or goes on, when everything up to beat `reached` is decided."""
        plan = self.plan
        return plan if plan is not None and plan[0] - NEAR <= reached else None
