"""The performer's file: weights, sizes, the kit and provenance in one safetensors file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import CheckpointError, Weights
from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import STEPS
from nesvae_live.model.performer.performerconfig import PerformerConfig
from nesvae_live.paths import replacing

KIND = "nesvae_live performer", "1"
"""The format and its version."""
SHAPES, DUTIES = "kit.shapes", "kit.duties"


@dataclass(frozen=True)
class PerformerFile:
    """What the file holds; `about` is free data, `sha256` the file's."""

    config: PerformerConfig
    kit: Kit
    weights: Weights
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def save_performer(path: Path, performer: PerformerFile) -> None:
    """Write it; it appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]]
    tensors = {name: np.ascontiguousarray(w, np.float32) for name, w in performer.weights.items()}
    tensors |= {SHAPES: performer.kit.shapes, DUTIES: performer.kit.duties}
    metadata = {
        "format": KIND[0],
        "version": KIND[1],
        "config": json.dumps(asdict(performer.config)),
        "about": json.dumps(performer.about),
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def load_performer(path: Path) -> PerformerFile:
    """Read it and check the shape of every weight.

    Raises:
        CheckpointError: the file is missing, cut short, foreign or of another version, or a weight is
            missing or has the wrong shape.
    """
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"performer {path}: {error.strerror}") from error
    try:
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        kind = metadata.get("format"), metadata.get("version")
        config = PerformerConfig(**json.loads(metadata["config"])) if kind == KIND else None
        about, tensors = json.loads(metadata["about"]), load(data)
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"performer {path}: damaged or cut short ({error})") from error
    if config is None:
        raise CheckpointError(f"performer {path}: not a performer of version {KIND[1]}")
    shapes = config.weights()
    shapes |= {SHAPES: (config.shapes, STEPS), DUTIES: (config.duties, STEPS)}
    for name, shape in shapes.items():
        if name not in tensors:
            raise CheckpointError(f"performer {path}: {name} is missing")
        if tensors[name].shape != shape:
            raise CheckpointError(
                f"performer {path}: {name} has shape {list(tensors[name].shape)}, "
                f"its configuration says {list(shape)}"
            )
    kit = Kit(tensors.pop(SHAPES), tensors.pop(DUTIES))
    return PerformerFile(config, kit, tensors, about, hashlib.sha256(data).hexdigest())
