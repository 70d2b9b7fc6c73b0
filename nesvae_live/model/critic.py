"""The critic: of several candidates for a phrase, it keeps the one nearest to what was asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.latent.decoding import Decoded, DecoderState, Sampling
from nesvae_live.model.decoder import Decoder
from nesvae_live.music.phrase import symbols_to_tuples

DRAW_STEP = 0.618_033_988_75
"""Candidate k's draws are the first one's plus k of these, modulo 1: as even, and from one seed."""

F32 = NDArray[np.float32]


class Critic:
    """A decoder that decodes several candidates at once and keeps the best."""

    def __init__(self, decoder: Decoder, quantiles: Quantiles) -> None:
        self._decoder = decoder
        self._quantiles = quantiles

    def initial_state(self) -> DecoderState:
        """The state without a past."""
        return self._decoder.initial_state()

    def decode(
        self, z: F32, mask: F32, start: DecoderState, uniforms: F32, sampling: Sampling
    ) -> Decoded:
        """Decode tuples as `Decoder.decode` does; one candidate if every knob is released."""
        if sampling.candidates == 1 or not mask.any():
            return self._decoder.decode(z, mask, start, uniforms, sampling)
        draws = candidate_draws(uniforms, sampling.candidates)
        found = self._decoder.decode_many(z, mask, start, draws, sampling)
        tuples = np.stack([symbols_to_tuples(decoded.symbols) for decoded in found])
        errors = attribute_errors(tuples, z[None, : len(mask)], mask[None], self._quantiles)
        return found[int(errors.argmin())]


def candidate_draws(uniforms: F32, candidates: int) -> F32:
    """Draws `[candidates, ..., 4]` in 0..1 from those of the first candidate, `[..., 4]`."""
    steps = np.arange(candidates, dtype=np.float32).reshape(-1, *[1] * uniforms.ndim)
    return np.asarray(
        (uniforms[None] + np.float32(DRAW_STEP) * steps) % np.float32(1.0), np.float32
    )


def attribute_errors(
    tuples: NDArray[np.integer], a: F32, mask: F32, quantiles: Quantiles
) -> NDArray[np.float64]:
    """How far phrases are from what was asked: standard deviations, summed over set attributes.

    Args:
        tuples: `[n, T, 4]`.
        a: `[n, 8]` or `[1, 8]`, the coordinates that were asked for.
        mask: of the same shape, 1 where an attribute is set.
        quantiles: the attributes' ranks in the corpus.

    Returns:
        `[n]`.
    """
    reached = quantiles.to_coordinates(measure(tuples))
    return np.asarray((np.abs(reached - a) * mask).sum(1))
