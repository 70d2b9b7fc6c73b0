"""The aim: all that a phrase is decoded from, but for what it goes on from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Aim:
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
