"""Attributes that are set where they stand as long as a hand has set another one.

All of it runs in the sequencer's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.latent.attributes import Floats
from nesvae_live.latent.knobs import KnobState, steers
from nesvae_live.latent.steady import checked_steady, standing_value
from nesvae_live.log.entries import Journal, Turned


def nowhere() -> Floats | None:
    """Nothing was played."""
    return None


class Steady:
    """Sets and releases the knobs of such attributes; `knobs.steadied` names those that are set."""

    def __init__(self, performance: PlayConfig, knobs: KnobState, journal: Journal) -> None:
        self.names = performance.steady
        """The attributes that stay."""
        self.stands: Callable[[], Floats | None] = nowhere
        """The attributes' coordinates `[8]` of what was played lately; None: nothing was."""
        self._performance = performance
        self._knobs = knobs
        self._journal = journal
        self._let_go: set[str] = set()  # those of them that a hand has released since

    def keep(self, names: Collection[str]) -> None:
        """Set which attributes stay where they stand when a hand turns another knob.

        Those that are set already stay as they are.

        Raises:
            ValueError: one is no attribute.
        """
        self.names = checked_steady(names)

    def turned(self, knob: str, *, released: bool, was_steady: bool) -> None:
        """A hand has turned or released a knob, which was one of those that are set, or not."""
        if released and (was_steady or knob in self.names):
            self._let_go.add(knob)
        else:
            self._let_go.discard(knob)

    def hold(self, at: float) -> None:
        """Set what is to stay; release it again where no hand has set anything any more."""
        knobs, p = self._knobs, self._performance
        if not {knob for knob in knobs.values if steers(knob)} - knobs.steadied:
            for knob in sorted(knobs.steadied):
                knobs.set(knob, None)
                self._journal.put(Turned(at, knob, None))
            self.drop()
            return
        wanted = [k for k in self.names if k not in knobs.values and k not in self._let_go]
        stands = self.stands() if wanted and p.quantiles is not None else None
        if stands is None:
            return
        for knob in wanted:
            value = standing_value(knob, stands, p.reach)
            knobs.set(knob, value)
            self._journal.put(Turned(at, knob, value))
        knobs.steadied |= set(wanted)

    def drop(self) -> None:
        """Forget which knobs were set for it, and which were released: all is set anew."""
        self._knobs.steadied = frozenset()
        self._let_go.clear()
