"""Weights of 8 bits, for the matrices that the live decoder reads again with every tuple.

A step of the decoder takes as long as reading its matrices does, and in 8 bits they stay in a
core's own cache. Each row has a scale, by which its largest weight is 127. Checkpoints are saved
with these matrices rounded, in float32, so that the reference and the live decoder have the same
weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import ModelConfig, Weights
from nesvae_live.music.phrase import SLOTS

F32 = NDArray[np.float32]
MOST = 127


def rounded_names(config: ModelConfig) -> tuple[str, ...]:
    """The matrices that are rounded: those that every step reads in full."""
    return (
        *(f"decoder.gru.weight_ih_l{i}" for i in range(1, config.layers)),
        *(f"decoder.gru.weight_hh_l{i}" for i in range(config.layers)),
        *(f"decoder.lift.{i}.weight" for i in range(SLOTS)),
        *(f"decoder.logits.{i}.weight" for i in range(SLOTS)),
    )


def round_weights(weights: Weights, config: ModelConfig) -> Weights:
    """The weights with these matrices rounded; rounding again changes the last bit at most."""
    return weights | {name: unpack(*pack(weights[name])) for name in rounded_names(config)}


def pack(w: F32) -> tuple[NDArray[np.int8], F32]:
    """Weights `[..., in]` to int8 of the same shape and each row's scale `[...]`; 0 stays 0."""
    scale = np.abs(w).max(-1) / np.float32(MOST)
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    return np.rint(w / scale[..., None]).astype(np.int8), scale


def unpack(packed: NDArray[np.int8], scale: F32) -> F32:
    """The inverse of `pack`."""
    return np.asarray(packed * scale[..., None], np.float32)
