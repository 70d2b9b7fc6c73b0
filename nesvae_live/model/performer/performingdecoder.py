"""A decoder with a performer, a drummer, or both: it says how what it writes is played."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import Sampling, Spelling, Standing
from nesvae_live.latent.performing import Passage, Performance
from nesvae_live.model.performer.performer import Performer

F32 = NDArray[np.float32]


class Composer(Protocol):
    """A decoder that composes (`engine.live.protocols`)."""

    def initial_state(self) -> Standing:
        """The state without a past."""
        ...

    def decode(self, z: F32, mask: F32, start: Any, uniforms: F32, sampling: Sampling) -> Spelling:
        """Decode a phrase."""
        ...

    def compose(
        self,
        start: Any,
        z: F32,
        known: NDArray[np.bool_],
        seed: tuple[int, ...],
        sampling: Sampling,
    ) -> tuple[Any, F32]:
        """Say where the music goes."""
        ...


class Drums(Protocol):
    """A drummer (`model.drums`)."""

    def drum(self, passage: Passage, performance: Performance) -> Performance:
        """A performance of a passage, with drums."""
        ...


class PerformingDecoder:
    """A decoder with a performer, who says how what it writes is played, or a drummer, or both."""

    def __init__(
        self, decoder: Composer, performer: Performer | None, drummer: Drums | None = None
    ) -> None:
        self.initial_state = decoder.initial_state
        self.decode = decoder.decode
        self.compose = decoder.compose
        self._performer, self._drummer = performer, drummer

    def perform(self, passage: Passage) -> Performance:
        """How a passage is played, and its drums."""
        performance = Performance((), (), passage.past)
        if self._performer is not None:
            performance = self._performer.perform(passage)
        if self._drummer is not None:
            performance = self._drummer.drum(passage, performance)
        return performance
