"""Turns a checkpoint's style axes: the same music at matching points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.gru import F32
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songconfig import TURN
from nesvae_live.music.phrase import SLOTS


def rotate_style(checkpoint: SongCheckpoint, rotation: F32) -> SongCheckpoint:
    """The same network with style coordinates u' = R u: the same music at matching points.

    Args:
        checkpoint: whose style axes are turned.
        rotation: `[U, U]`, orthogonal; its rows are the new axes.
    """
    config, weights = checkpoint.config, dict(checkpoint.weights)
    rows = slice(None, config.style)
    for name in ("encoder.out.weight", "encoder.out.bias"):
        new = weights[name].copy()
        new[rows] = rotation @ new[rows]
        weights[name] = new
    for name, first in (
        ("decoder.gru.weight_ih_l0", SLOTS * config.embedding + N_ATTRIBUTES),
        ("prior.read.weight", N_ATTRIBUTES),
    ):
        style = slice(first, first + config.style)
        new = weights[name].copy()
        new[:, style] = new[:, style] @ rotation.T
        weights[name] = new
    for name in ("prior.mixture.weight", "prior.mixture.bias"):
        new = weights[name].reshape(config.components, 2 * config.latent + 1, -1).copy()
        new[:, N_ATTRIBUTES : config.latent] = rotation @ new[:, N_ATTRIBUTES : config.latent]
        weights[name] = new.reshape(weights[name].shape)
    weights[TURN] = rotation @ weights[TURN]
    return replace(
        checkpoint, weights={name: np.asarray(w, np.float32) for name, w in weights.items()}
    )
