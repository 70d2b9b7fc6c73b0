"""The critic: of several candidates for a phrase, the one that does best what the knobs say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.latent.decoding import Decoded, DecoderState, Sampling
from nesvae_live.model.decoder import Decoder
from nesvae_live.music.phrase import symbols_to_tuples

DRAW_STEP = 0.618_033_988_75
"""Candidate k's draws are the first one's, candidate_draws by k of these: as even, and from one seed."""

F32 = NDArray[np.float32]


class Critic:
    """A decoder that spells several candidates at once and keeps the best."""

    def __init__(self, decoder: Decoder, quantiles: Quantiles) -> None:
        self._decoder = decoder
        self._quantiles = quantiles

    def initial_state(self) -> DecoderState:
        """No past."""
        return self._decoder.initial_state()

    def decode(
        self, z: F32, mask: F32, start: DecoderState, uniforms: F32, sampling: Sampling
    ) -> Decoded:
        """Spell tuples, as `Decoder.decode` does; with every knob let go there is one candidate."""
        if sampling.candidates == 1 or not mask.any():
            return self._decoder.decode(z, mask, start, uniforms, sampling)
        draws = candidate_draws(uniforms, sampling.candidates)
        found = self._decoder.decode_many(z, mask, start, draws, sampling)
        tuples = np.stack([symbols_to_tuples(decoded.symbols) for decoded in found])
        errors = attribute_errors(tuples, z[None, : len(mask)], mask[None], self._quantiles)
        return found[int(errors.argmin())]


def candidate_draws(uniforms: F32, candidates: int) -> F32:
    """Draws `[..., 4]` in 0..1 for each candidate, `[candidates, ..., 4]`; the first as given."""
    turns = np.arange(candidates, dtype=np.float32).reshape(-1, *[1] * uniforms.ndim)
    return np.asarray(
        (uniforms[None] + np.float32(DRAW_STEP) * turns) % np.float32(1.0), np.float32
    )


def attribute_errors(
    tuples: NDArray[np.integer], a: F32, mask: F32, quantiles: Quantiles
) -> NDArray[np.float64]:
    """How far phrases are from what was asked, in standard deviations, summed over what is set.

    Args:
        tuples: `[n, T, 4]`.
        a: `[n, 8]` or `[1, 8]`, the coordinates asked for.
        mask: likewise, 1 where an attribute is set.
        quantiles: the attributes' places.

    Returns:
        `[n]`.
    """
    reached = quantiles.to_coordinates(measure(tuples))
    return np.asarray((np.abs(reached - a) * mask).sum(1))
