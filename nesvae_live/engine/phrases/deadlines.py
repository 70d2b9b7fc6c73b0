"""Deadlines: when a decode must be asked for, and where what comes of it can first be heard.

All of it runs in the sequencer's thread. A place is a beat before swing; a beat is where it sounds.
"""

from __future__ import annotations

from dataclasses import replace

from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.placedphrase import FORMER_WAIT, LONGEST_WAIT, Cut, PlacedPhrase
from nesvae_live.engine.phrases.schedule import Placer
from nesvae_live.latent.decoding import Condition
from nesvae_live.music.phrase import TUPLES_PER_PHRASE
from nesvae_live.music.swap import Swap, next_line

REMEMBERED_DECODES = 64
"""How many decodes the budget looks back on."""

TUPLES_OF_REQUEST = 4
"""What a request takes besides its tuples, counted in tuples (`benchmarks.decode`)."""

LONGEST_MISSED = 0.25
"""An answer that came too late, and took longer, counts as this many seconds: it was a stall."""

PHRASE_SLACK, TAIL_SLACK = 0.015, 0.006
"""What a thread may wake up late, in seconds: a phrase must not be late, a tail may be."""


class Budget:
    """Seconds that a decode is given, learnt from how long the last ones took for their tuples.

    A `prompt` one gives a tail what its tuples take; else, as in takes of former releases, every
    decode counts as a whole, however many tuples it has.
    """

    def __init__(self, *, prompt: bool, seconds: float = 0.03) -> None:
        self._prompt = prompt
        self.phrase = seconds
        """For a phrase, which must not be late: twice what the slowest would have taken for one."""
        self._piece = seconds / self._pieces(TUPLES_PER_PHRASE)
        self._last: list[float] = []

    def tail(self, tuples: int) -> float:
        """For a tail of so many tuples: a little more than nine in ten would have taken.

        It may be late once in a while: the next one has newer knobs.
        """
        if not self._prompt and not self._last:
            return self.phrase
        return TAIL_SLACK + 1.25 * self._pieces(tuples) * self._piece

    def learn(self, seconds: float, tuples: int) -> None:
        """Take how long a decode of so many tuples took."""
        piece = seconds / self._pieces(tuples)
        self._last = [*self._last[-(REMEMBERED_DECODES - 1) :], piece]
        ordered = sorted(self._last)
        self._piece = ordered[9 * len(ordered) // 10]
        slowest = self._pieces(TUPLES_PER_PHRASE) * ordered[-1]
        self.phrase = PHRASE_SLACK + 2.0 * slowest

    def miss(self, seconds: float, tuples: int) -> None:
        """Take how long a decode took whose answer came too late.

        Else a machine that has become slow would miss every phrase from then on.
        """
        self.learn(min(seconds, LONGEST_MISSED), tuples)

    def _pieces(self, tuples: int) -> int:
        """How many equal pieces a decode of so many tuples is, as it is counted."""
        return TUPLES_OF_REQUEST + tuples if self._prompt else 1


class Deadlines:
    """What the clock, the lookahead and the budget leave time for."""

    def __init__(self, live: LiveState, placer: Placer) -> None:
        self.budget = Budget(prompt=live.performance.prompt)
        self._longest = LONGEST_WAIT if live.performance.prompt else FORMER_WAIT
        self._live = live
        self._placer = placer
        self._lookahead = live.performance.lookahead

    def phrase(self) -> float:
        """When to ask for the phrase that follows what is placed, in seconds."""
        return self._decided(self._placer.schedule.end) - self.budget.phrase

    def tail(self, placed: PlacedPhrase, cut: Cut) -> float:
        """When to ask for a tail from `cut` on, in seconds."""
        budget = self.budget.tail(placed.tail_tuples(cut))
        return self._decided(self._placer.swung(cut.place)) - budget

    def soonest(self, now: float) -> float:
        """When a phrase that is asked for now can be heard first, in seconds."""
        return now + self._lookahead + self.budget.phrase

    def next_line(self, now: float) -> float:
        """The first place on which the swap lets a phrase begin that is asked for now."""
        beat = self._live.clock.ref.beat_at(self.soonest(now))
        return next_line(self._live.swap, max(beat, self._placer.reached), self._live.meter)

    def cut(self, placed: PlacedPhrase, now: float, swap: Swap) -> Cut | None:
        """The first cut by a swap whose tail can still be decoded.

        None: there is none, or none that leaves time to decode the next phrase after the tail; that
        phrase then has the new knobs.
        """
        ref, open_from = self._live.clock.ref, now + self._lookahead
        most = placed.tuples_from(ref.beat_at(open_from), self._placer.swung)
        earliest = ref.beat_at(open_from + self.budget.tail(most))
        swung, may = self._placer.swung, self._placer.may_cut
        cut = placed.cut(swap, earliest, self._live.meter, swung, may, self._longest)
        if cut is None or self._decided(self._placer.swung(cut.place)) >= self.phrase():
            return None
        return cut

    def heard_soon(self) -> bool:
        """Whether what follows begins no longer than a phrase's budget before the swap's line."""
        end, time_of = self._placer.schedule.end, self._live.clock.ref.time_of
        wait = time_of(next_line(self._live.swap, end, self._live.meter)) - time_of(end)
        return wait <= self._lookahead + 2.0 * self.budget.phrase

    def _decided(self, beat: float) -> float:
        """When the horizon reaches a beat, in seconds: what sounds there is decided then."""
        return self._live.clock.ref.time_of(beat) - self._lookahead

    def urgent(self, placed: PlacedPhrase) -> tuple[Swap, Condition] | None:
        """What is asked for whatever the swap, and how soon; all else in it is as it was.

        What somebody plays is asked for now, a chord that somebody holds from the next beat on. None:
        neither has changed since the phrase was written, or everything is asked for as soon.
        """
        now, was, swap = self._live.condition, placed.asked, self._live.swap
        if was is None:
            return None
        at_once = replace(was, lines=now.lines, harmony=now.harmony)
        if now.lines.played != was.lines.played:
            return None if swap is Swap.NOW else (Swap.NOW, at_once)
        if now.harmony == was.harmony or swap is Swap.BEAT:
            return None
        alone = at_once.key == now.key
        return (Swap.BEAT, at_once) if swap is Swap.BAR or alone else None
