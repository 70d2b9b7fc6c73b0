"""What the decoder is given (a condition, a state, how to sample) and what it gives back."""

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

    `temperature` above 0; `top_p` in 0..1, the mass that is kept; `guidance` from 1 (none) up: how
    far to go from what the network would write with all attributes let go towards what it writes
    with those that are set; `candidates` are spelt at once when a knob is set, and the critic
    keeps one (`nesvae_live.model.critic`).
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0
    candidates: int = 1


SAMPLING = Sampling(temperature=0.85, top_p=0.93, guidance=2.5, candidates=2)
"""How it ships."""


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Where a phrase goes on from: the decoder's hidden `[L, H]` float32 and the last tuple."""

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
    """Where the knobs point: z `[8 + U]`, its attributes' mask `[8]`, how symbols are drawn."""

    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    temperature: float
    seed: int

    @property
    def key(self) -> bytes:
        """The same for the same aim."""
        drawn = np.array([self.temperature, self.seed])
        return self.z.tobytes() + self.mask.tobytes() + drawn.tobytes()
