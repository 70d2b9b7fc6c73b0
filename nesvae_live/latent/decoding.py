"""What the decoder takes (a condition, a state, how to sample) and what it returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.phrase import SLOT_TABLE

Symbols = tuple[int, int, int, int]

START: Symbols = tuple(slot.n_symbols for slot in SLOT_TABLE)  # type: ignore[assignment]
"""The symbols of the tuple before the first one: one past each slot's last."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How symbols are drawn.

    `temperature` is above 0. `top_p`, in 0..1, is the probability mass that is kept. `guidance`,
    from 1 (none) up, says how far to go from what the network would write with all attributes
    released towards what it writes with those that are set. When a knob is set, `candidates`
    phrases are decoded at once, of which the critic keeps one (`nesvae_live.model.critic`).
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0
    candidates: int = 1


SAMPLING = Sampling(temperature=0.85, top_p=0.93, guidance=2.5, candidates=2)
"""The sampling that ships."""


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Where a phrase goes on from: the hidden state `[L, H]` float32 and the last tuple."""

    hidden: NDArray[np.float32]
    previous: Symbols


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded phrase: `symbols` `[T, 4]`, and `hidden` `[T + 1, L, H]` before each tuple.

    `first` is the tuple before the phrase.
    """

    symbols: NDArray[np.int64]
    hidden: NDArray[np.float32]
    first: Symbols

    def state(self, tuples: int) -> DecoderState:
        """The state after `tuples` tuples (0: as the phrase began)."""
        if tuples == 0:
            return DecoderState(self.hidden[0], self.first)
        a, b, c, d = (int(s) for s in self.symbols[tuples - 1])
        return DecoderState(self.hidden[tuples], (a, b, c, d))


@dataclass(frozen=True, slots=True)
class Condition:
    """What a phrase is decoded for: z `[8 + U]`, attributes' mask `[8]`, temperature and seed."""

    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    temperature: float
    seed: int

    @property
    def key(self) -> bytes:
        """Bytes that are equal for equal conditions."""
        drawn = np.array([self.temperature, self.seed])
        return self.z.tobytes() + self.mask.tobytes() + drawn.tobytes()
