"""Checkpoints of format 3, the network that knows the bar and the song: one safetensors file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import Quantiles
from nesvae_live.model.checkpoint import (
    FORMAT,
    Checkpoint,
    CheckpointError,
    Weights,
    check_shapes,
    load_checkpoint,
    read_metadata,
    version_of,
    vocabulary,
)
from nesvae_live.model.song.songconfig import SongConfig
from nesvae_live.paths import replacing

SONG_VERSION = 3


@dataclass(frozen=True)
class SongCheckpoint:
    """What a checkpoint file of format 3 holds.

    `about` is free data: settings, the data's hash, the evaluation. `sha256` is the file's.
    """

    config: SongConfig
    weights: Weights
    quantiles: Quantiles
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    path: Path | None = None


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
    metadata = {
        "format": FORMAT,
        "version": str(SONG_VERSION),
        "vocabulary": vocabulary(),
        "config": json.dumps(asdict(checkpoint.config)),
        "about": json.dumps(checkpoint.about),
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def load_song_checkpoint(path: Path) -> SongCheckpoint:
    """Read a checkpoint of format 3 and check the shape of every weight.

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
    metadata = read_metadata(path, data, SONG_VERSION)
    try:
        tensors = load(data)
        config = SongConfig(**json.loads(metadata["config"]))
        about = json.loads(metadata["about"])
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"checkpoint {path}: damaged or cut short ({error})") from error
    check_shapes(path, config.shapes(), tensors)
    quantiles = Quantiles(tensors.pop("attributes.values"), tensors.pop("attributes.coordinates"))
    return SongCheckpoint(config, tensors, quantiles, about, hashlib.sha256(data).hexdigest(), path)


AnyCheckpoint = Checkpoint | SongCheckpoint


def load_any_checkpoint(path: Path) -> AnyCheckpoint:
    """Read a checkpoint of version 2 or 3.

    Raises:
        CheckpointError: it can't be used; one line says why.
    """
    if version_of(path) == str(SONG_VERSION):
        return load_song_checkpoint(path)
    return load_checkpoint(path)
