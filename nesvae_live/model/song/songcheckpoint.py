"""Checkpoints: weights, sizes, quantiles, the map and provenance in one safetensors file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.model.checkpoint import (
    FORMAT,
    VERSION,
    CheckpointError,
    Weights,
    atlas_to_tensors,
    check_shapes,
    pop_atlas,
    read_metadata,
    vocabulary,
)
from nesvae_live.model.song.songconfig import TURN, SongConfig
from nesvae_live.paths import replacing


@dataclass(frozen=True)
class SongCheckpoint:
    """What a checkpoint's file holds.

    `about` is free data: settings, the data's hash, the evaluation. `sha256` is the file's; presets,
    snapshots and logs refer to it. A finished checkpoint (`training.finish`) has its style axes
    turned and a map of the corpus in `atlas`.
    """

    config: SongConfig
    weights: Weights
    quantiles: Quantiles
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    path: Path | None = None
    atlas: Atlas | None = None


def save_song_checkpoint(path: Path, checkpoint: SongCheckpoint) -> None:
    """Write a checkpoint, which appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]]
    tensors = {name: np.ascontiguousarray(w, np.float32) for name, w in checkpoint.weights.items()}
    tensors["attributes.values"] = checkpoint.quantiles.values
    tensors["attributes.coordinates"] = checkpoint.quantiles.coordinates
    if checkpoint.atlas is not None:
        tensors |= atlas_to_tensors(checkpoint.atlas)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "vocabulary": vocabulary(),
        "config": json.dumps(asdict(checkpoint.config)),
        "about": json.dumps(checkpoint.about),
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def load_song_checkpoint(path: Path) -> SongCheckpoint:
    """Read a checkpoint and check the shape of every weight.

    Raises:
        CheckpointError: the file is missing, truncated, foreign, or of another version or
            vocabulary, or a weight is missing or has the wrong shape.
    """
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"checkpoint {path}: {error.strerror}; name another with --checkpoint FILE"
        ) from error
    metadata = read_metadata(path, data)
    try:
        tensors = load(data)
        config = SongConfig(**json.loads(metadata["config"]))
        about = json.loads(metadata["about"])
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"checkpoint {path}: damaged or cut short ({error})") from error
    tensors.setdefault(TURN, np.eye(config.style, dtype=np.float32))  # never turned
    check_shapes(path, config.shapes(), tensors)
    quantiles = Quantiles(tensors.pop("attributes.values"), tensors.pop("attributes.coordinates"))
    atlas = pop_atlas(path, config.latent, tensors)
    sha256 = hashlib.sha256(data).hexdigest()
    return SongCheckpoint(config, tensors, quantiles, about, sha256, path, atlas)
