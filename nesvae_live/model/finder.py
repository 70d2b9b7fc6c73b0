"""The finder: where on the map a phrase is that somebody played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.model.encoder import Encoder
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, tuples_to_symbols


class Finder:
    """Finds phrases on the map; the first one compiles. Releases the GIL where it takes long."""

    def __init__(self, encoder: Encoder, quantiles: Quantiles) -> None:
        self._encoder = encoder
        self._quantiles = quantiles
        self._reach = quantiles.reach()

    def encode(self, tuples: Ints) -> NDArray[np.float32]:
        """Where `[n, 4]` tuples, n from 1 to 13, are: z `[8 + U]`, within the knobs' reach."""
        n = len(tuples)
        symbols = np.zeros((TUPLES_PER_PHRASE, SLOTS), np.int64)
        symbols[:n] = tuples_to_symbols(tuples)
        style, _ = self._encoder.encode(symbols, n)
        attributes = self._quantiles.to_coordinates(measure(tuples[None]))[0]
        low, high = self._reach.T
        return np.concatenate((np.clip(attributes, low, high), style)).astype(np.float32)

    def warm_up(self) -> None:
        """Compile, before anything has to be on time."""
        silence = np.array([[0, 0, 0, 1]])
        assert len(self.encode(silence)) >= N_ATTRIBUTES
