"""Decodes many phrases at once, as the instrument would one by one.

`model.vae.sample` is the reference that the live decoder is equal to; in batches it is about six
times as fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.model.critic import attribute_errors, candidate_draws
from nesvae_live.model.vae import Vae, condition, sample, start_tuple
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, symbols_to_tuples

GREEDY = Sampling(temperature=1.0, top_p=1e-6)
"""Take the likeliest symbol each time."""

BATCH = 1024
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Past:
    """Where n phrases go on from: the last tuple's symbols `[n, 4]` and the state `[L, n, H]`."""

    previous: Tensor
    state: Tensor

    def rows(self, index: NDArray[np.integer] | slice) -> Past:
        """The pasts at some rows, of which some may be repeated."""
        at = index if isinstance(index, slice) else torch.from_numpy(np.asarray(index))
        return Past(self.previous[at], self.state[:, at])


PhraseDecoder = Callable[[F32, F32, Past], Ints]
"""From z `[n, 8 + U]`, a mask `[n, 8]` and a past to tuples `[n, 13, 4]`."""


def load_model(checkpoint: Checkpoint) -> Vae:
    """The network of a checkpoint, in eval mode."""
    model = Vae(checkpoint.config)
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    if checkpoint.turn is not None:
        model.encoder.turn = torch.from_numpy(checkpoint.turn)
    return model.eval()


def no_past(model: Vae, n: int) -> Past:
    """The past of n phrases that start a song."""
    return Past(start_tuple(n), model.decoder.initial_state(n))


def decode_batch(
    model: Vae,
    z: F32,
    mask: F32,
    past: Past,
    sampling: Sampling,
    rng: np.random.Generator,
    quantiles: Quantiles | None = None,
) -> tuple[Ints, Past]:
    """Decode a phrase from each z.

    Args:
        model: in eval mode, on the CPU.
        z: `[n, 8 + U]`.
        mask: `[n, 8]`, 1 where an attribute is set.
        past: of n phrases.
        sampling: the instrument's, or `GREEDY`.
        rng: for the draws.
        quantiles: for the critic; without them there is one candidate.

    Returns:
        The tuples `[n, 13, 4]`, and the past that they make for the phrases after them.
    """
    symbols, states = [], []
    for start in range(0, len(z), BATCH):
        at = slice(start, start + BATCH)
        one = past.rows(at)
        a, u = torch.from_numpy(z[at]).split((mask.shape[1], z.shape[1] - mask.shape[1]), 1)
        draws = rng.random((len(a), TUPLES_PER_PHRASE, SLOTS), dtype=np.float32)
        zm = condition(a, u, torch.from_numpy(mask[at]))
        best, state_of_best, least = None, one.state, np.full(len(a), np.inf)
        for drawn in candidate_draws(draws, sampling.candidates if quantiles else 1):
            got, state = sample(
                model.decoder, zm, one.previous, one.state, torch.from_numpy(drawn), sampling
            )
            errors = np.zeros(len(a))
            if quantiles:
                errors = attribute_errors(_tuples(got), z[at, :N_ATTRIBUTES], mask[at], quantiles)
            better = torch.from_numpy(errors < least)
            best = got if best is None else torch.where(better[:, None, None], got, best)
            state_of_best = torch.where(better[None, :, None], state, state_of_best)
            least = np.minimum(errors, least)
        assert best is not None  # there is at least one candidate
        symbols.append(best)
        states.append(state_of_best)
    whole = torch.cat(symbols)
    return _tuples(whole), Past(whole[:, -1], torch.cat(states, 1))


def _tuples(symbols: Tensor) -> Ints:
    return symbols_to_tuples(symbols.numpy().reshape(-1, SLOTS)).reshape(symbols.shape)


def phrase_decoder(
    model: Vae, sampling: Sampling, seed: int, quantiles: Quantiles | None = None
) -> PhraseDecoder:
    """A function that decodes like `decode_batch` but drops the state."""
    rng = np.random.default_rng(seed)
    return lambda z, mask, past: decode_batch(model, z, mask, past, sampling, rng, quantiles)[0]
