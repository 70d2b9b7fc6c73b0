"""A decoder without a network that knows the bar and the past, as that of format 3 does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import DecoderState, Sampling
from nesvae_live.model.song.memory import SongDecoded, SongState
from tests.support.fakes import DrawnDecoder


class RememberingDecoder:
    """Spells what the draws say, and remembers it; `quotes` are those that it was asked for."""

    def __init__(self) -> None:
        self.quotes: list[float] = []

    def initial_state(self) -> SongState:
        """No past."""
        return SongState.beginning(1, 1, 1)

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: Any,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> SongDecoded:
        """Decode as `DrawnDecoder` does."""
        self.quotes.append(start.quote)
        before = DecoderState(start.hidden, start.previous)
        drawn = DrawnDecoder().decode(z, mask, before, uniforms, sampling)
        keys = np.zeros((len(uniforms), 1), np.float32)
        return SongDecoded(drawn.symbols, drawn.hidden, keys, start)
