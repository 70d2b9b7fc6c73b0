"""A placed phrase: where its tuples lie, where it may be cut, what a new tail goes on from.

The history holds the last of them as they were played, to go back to and forward again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nesvae_live.clock.timing import EPSILON, Meter
from nesvae_live.latent.decoding import Condition, Joint, Standing
from nesvae_live.latent.performing import UNPLAYED, Performance
from nesvae_live.latent.setting import Setting
from nesvae_live.music.swap import Swap, lines_from

LONGEST_WAIT, FORMER_WAIT = 2.0, 4.0
"""How many steps of a tuple a turned knob waits for, now and in takes of before; a longer tuple is cut."""

Tuple4 = tuple[int, int, int, int]


def anywhere(place: float) -> bool:
    """A tail may begin on any place."""
    del place
    return True


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a phrase is cut: at `place`, after `kept` tuples, the last one `held` steps long."""

    kept: int
    held: int
    place: float


@dataclass(frozen=True, slots=True)
class PlacedPhrase:
    """Phrase `index` as it was placed.

    `places` are the beats, before swing, on which its tuples start, and its end; `states` the
    decoder's state before each tuple, and after the last. Its tail was decoded again `splices`
    times, from knobs that said `condition` (z and mask as bytes, to be compared). `asked` is what it
    was decoded from, `performance` how its notes are played.
    """

    index: int
    tuples: tuple[Tuple4, ...]
    places: tuple[float, ...]
    states: tuple[Joint, ...]
    condition: bytes
    splices: int = 0
    asked: Condition | None = None
    performance: Performance = UNPLAYED

    @property
    def end(self) -> float:
        """The beat, before swing, on which it ends."""
        return self.places[-1]

    def cut(
        self,
        swap: Swap,
        earliest: float,
        meter: Meter,
        swung: Callable[[float], float],
        may: Callable[[float], bool] = anywhere,
        longest: float = LONGEST_WAIT,
    ) -> Cut | None:
        """The first cut on beat `earliest` or later, as `swung` puts it; None if there is none.

        It lies where one `may` begin.

        A tuple that a bar line or a beat falls into is cut there. With `Swap.NOW` a tuple is cut at
        its next step, but only if more than `longest` of its steps are left.
        """
        if swap is Swap.NOW:
            return self._next_tuple(earliest, swung, may, longest)
        lines = lines_from(swap, earliest, meter)
        line = next(line for line in lines if swung(line) >= earliest and may(line))
        if not self.places[0] - EPSILON <= line < self.end - EPSILON:
            return None
        last = max(i for i, place in enumerate(self.places) if place <= line + EPSILON)
        if last > 0 and line - self.places[last] < EPSILON:
            return Cut(last, self.tuples[last - 1][3], line)
        if line - self.places[last] < EPSILON:
            return None  # it is the phrase's start, and was decoded for it
        held, step = self.tuples[last][3], self._step(last)
        steps = min(max(round((line - self.places[last]) / step), 1), held)
        return Cut(last + 1, steps, line)

    def state_at(self, cut: Cut) -> Standing:
        """The state that the tail goes on from: the last tuple kept is as long as it is held."""
        return self.states[cut.kept].state.held(cut.held)

    def tuples_from(self, beat: float, swung: Callable[[float], float]) -> int:
        """How many tuples sound on a beat, as `swung` puts it, and after it."""
        return sum(swung(place) > beat for place in self.places[1:])

    def known_until(self, kept: int) -> tuple[Any, ...]:
        """What the performer knows after `kept` of its tuples."""
        return self.performance.until(kept)

    def drummed_until(self, cut: Cut | None = None) -> bytes:
        """What the drummer knows at its end, or at a cut."""
        ticks = sum(held for *_, held in self.tuples) if cut is None else self._ticks(cut)
        return self.performance.drummed_until(ticks)

    def _ticks(self, cut: Cut) -> int:
        """For how many ticks what a cut leaves lasts."""
        return sum(held for *_, held in self.tuples[: cut.kept - 1]) + cut.held

    def tail_tuples(self, cut: Cut) -> int:
        """How many tuples the tail has: as many as it replaces, and one for the rest of a cut."""
        return len(self.tuples) - cut.kept + (self._is_inside(cut))

    def spliced(
        self,
        cut: Cut,
        tuples: tuple[Tuple4, ...],
        places: tuple[float, ...],
        states: tuple[Joint, ...],
        condition: Condition,
        performance: Performance = UNPLAYED,
    ) -> PlacedPhrase:
        """The phrase with a new tail, played so; `places` and `states` are one more than `tuples`."""
        p1, p2, tr, _ = self.tuples[cut.kept - 1]
        return PlacedPhrase(
            self.index,
            (*self.tuples[: cut.kept - 1], (p1, p2, tr, cut.held), *tuples),
            (*self.places[: cut.kept], *places),
            (*self.states[: cut.kept], *states),
            condition.key,
            self.splices + 1,
            condition,
            self.performance.spliced(cut.kept, cut.held, self._ticks(cut), performance),
        )

    def _is_inside(self, cut: Cut) -> bool:
        return self.places[cut.kept] - cut.place > EPSILON

    def _step(self, i: int) -> float:
        """How many beats one step of tuple `i` lasts."""
        return (self.places[i + 1] - self.places[i]) / self.tuples[i][3]

    def _next_tuple(
        self,
        earliest: float,
        swung: Callable[[float], float],
        may: Callable[[float], bool],
        longest: float,
    ) -> Cut | None:
        n = len(self.tuples)
        after = next((i for i in range(1, n + 1) if swung(self.places[i]) >= earliest), None)
        if after is None:
            return None
        i = after - 1
        held, step = self.tuples[i][3], self._step(i)
        for steps in range(1, held):
            place = self.places[i] + steps * step
            if swung(place) < earliest or not may(place):
                continue
            if self.places[after] - max(earliest, self.places[i]) > longest * step:
                return Cut(after, steps, place)
            break
        return Cut(after, held, self.places[after]) if after < n else None


LONGEST = 64
"""Phrases that are remembered."""


@dataclass(frozen=True, slots=True)
class Past:
    """A phrase that was placed, and the setting that it was placed with."""

    placed: PlacedPhrase
    setting: Setting


class History:
    """The phrases that were placed, the newest last; in the sequencer's thread."""

    def __init__(self) -> None:
        self._past: list[Past] = []
        self._place = 0

    def __len__(self) -> int:
        """How many phrases are remembered."""
        return len(self._past)

    @property
    def back(self) -> int:
        """How many phrases back from the newest we are."""
        return max(len(self._past) - 1 - self._place, 0)

    @property
    def before(self) -> Past | None:
        """The phrase before the one where we are."""
        return self._past[self._place - 1] if self._place > 0 else None

    def latest(self, count: int) -> list[tuple[Tuple4, ...]]:
        """The tuples of the last `count` phrases up to where we are."""
        return [past.placed.tuples for past in self._past[: self._place + 1][-count:]]

    def add(self, past: Past) -> None:
        """Add a phrase that begins; it is where we are from now on."""
        self._past = [*self._past[-(LONGEST - 1) :], past]
        self._place = len(self._past) - 1

    def amend(self, past: Past) -> None:
        """Replace the phrase that plays: it has a new tail."""
        if self._past:
            self._past[self._place] = past

    def go(self, steps: int) -> Past:
        """Go back (below 0) or forward by `steps` phrases, at most to the end; the phrase there.

        Raises:
            ValueError: there is no phrase farther in that direction.
        """
        place = min(max(self._place + steps, 0), len(self._past) - 1)
        if place == self._place or not self._past:
            raise ValueError("no phrase is older" if steps < 0 else "no phrase is newer")
        self._place = place
        return self._past[place]
