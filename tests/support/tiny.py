"""A tiny checkpoint with fixed random weights: retraining changes no test."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songconfig import TURN, SongConfig
from nesvae_live.model.song.songweights import round_song_weights

TINY = SongConfig(
    embedding=4,
    place=3,
    given=3,
    left=2,
    encoder_hidden=8,
    hidden=12,
    head_hidden=10,
    style=5,
    keys=6,
    candidates=7,
    prior_hidden=9,
    components=3,
    memory=5,
)


def tiny_checkpoint(config: SongConfig = TINY, scale: float = 0.6) -> SongCheckpoint:
    """Weights N(0, scale) from a fixed seed, rounded as saved ones are, and plausible quantiles."""
    rng = np.random.default_rng(9)
    weights = {
        name: (scale * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    weights[TURN] = np.eye(config.style, dtype=np.float32)
    normal = NormalDist()
    coordinates = np.array([normal.inv_cdf((i + 0.5) / 33) for i in range(33)])
    quantiles = Quantiles(
        np.tile(np.linspace(0.0, 30.0, 33), (N_ATTRIBUTES, 1)),
        np.tile(coordinates, (N_ATTRIBUTES, 1)),
    )
    about = {"note": "random weights for tests"}
    return SongCheckpoint(config, round_song_weights(weights, config), quantiles, about)


def rewrite(path: Path, tensors: dict[str, NDArray[Any]], **metadata: str) -> None:
    """Put other tensors and metadata into a checkpoint's file, right or wrong."""
    header = path.read_bytes()
    size = int.from_bytes(header[:8], "little")
    old = json.loads(header[8 : 8 + size])["__metadata__"]
    save_file(tensors, path, {**old, **metadata})
