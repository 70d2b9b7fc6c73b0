"""The performer's side: where the knobs stand, which voices are muted, how it is heard.

One thread writes (the sequencer's); what others read is replaced and never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nesvae_live.book import Swap
from nesvae_live.journal import Turned
from nesvae_live.knobs import KnobState
from nesvae_live.latent import assemble
from nesvae_live.mixer import Balance
from nesvae_live.performance import Performance
from nesvae_live.protocols import Clock, Journal
from nesvae_live.voices import Voice


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the knobs point: z `[8 + U]`, its attributes' mask `[8]`, and both to compare by."""

    z: NDArray[np.float32]
    mask: NDArray[np.float32]

    @property
    def key(self) -> bytes:
        """The same for the same aim."""
        return self.z.tobytes() + self.mask.tobytes()


def unheard(balance: Balance) -> None:
    """For a performance that nobody listens to."""


@dataclass
class Performer:
    """What hands have set; every change of it goes into the log.

    It is what the targets' `now` reads (`nesvae_live.targets.Standing`).
    """

    performance: Performance
    journal: Journal
    clock: Clock
    knobs: KnobState = field(default_factory=KnobState)
    muted: set[Voice] = field(default_factory=set)
    balance: Balance = field(default_factory=Balance)
    hear: Callable[[Balance], None] = unheard

    def __post_init__(self) -> None:
        self.swap: Swap = self.performance.swap
        self.aim = self._aimed()
        self.page = 0
        """The page of the controls that is up."""

    def turn(self, knob: str, value: float | None, at: float) -> None:
        """Turn a knob to a value in 0..1, or let it go with None.

        Raises:
            ValueError: no such knob, or a value outside 0..1.
        """
        if self.knobs.set(knob, value):
            self.journal.put(Turned(at, knob, value))
            self.aim = self._aimed()

    def mix(self, balance: Balance) -> None:
        """Let it be heard in another balance."""
        self.balance = balance
        self.hear(balance)

    def _aimed(self) -> Aim:
        p = self.performance
        return Aim(*assemble(self.knobs.values, p.style, p.reach))
