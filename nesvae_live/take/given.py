"""What a replay has in place of a clock, an encoder and a decoder: they answer what the log says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import Asked, Standing
from nesvae_live.music.phrase import Ints


class GivenTime:
    """A clock that shows what the log says."""

    def __init__(self) -> None:
        self.value = 0.0

    def now(self) -> float:
        """Seconds, on the scale of the jam's stamps."""
        return self.value


class GivenEncoder:
    """An encoder that answers what the log says was found."""

    def __init__(self, z: Sequence[float]) -> None:
        self._z = np.array(z, np.float32)

    def encode(self, tuples: Ints) -> NDArray[np.float32]:
        """The latent point in the log, whatever was played."""
        del tuples
        return self._z


@dataclass(frozen=True, slots=True)
class GivenState:
    """The state of a decoder that is not there; it answers what the log says, whatever the state."""

    remembers: bool

    def held(self, steps: int) -> GivenState:
        """The same."""
        del steps
        return self

    def having(self, symbols: Ints, place: int) -> GivenState:
        """The same."""
        del symbols, place
        return self

    def asked(self, asked: Asked) -> GivenState:
        """The same."""
        del asked
        return self


@dataclass(frozen=True, slots=True)
class GivenSpelling:
    """What the log says was spelt: `symbols` `[T, 4]`."""

    symbols: Ints
    end: Standing

    def state(self, tuples: int) -> Standing:
        """The state after so many tuples."""
        del tuples
        return self.end
