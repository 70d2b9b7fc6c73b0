"""The drummer's file: weights, sizes, the kit, the ranks of places, and provenance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import CheckpointError, Weights
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.strokes import LONGEST, StrokeKit
from nesvae_live.music.metre.place import N_PLACES
from nesvae_live.paths import replacing

KIND = "nesvae_live drummer", "1"
"""The format and its version."""
NOTES, MODES, ENVELOPES, RANKS = "kit.notes", "kit.modes", "kit.envelopes", "ranks"
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class DrumFile:
    """What the file holds.

    `ranks` `[2, N_PLACES, 8]`, 0 to 1, are of each place of the bar where such of the other voices
    begin a note (bit by bit): of the corpus' strokes the share that lies where it strikes more often,
    and the same of what could be struck besides; 1 where nothing should. `about` is free data,
    `sha256` the file's.
    """

    config: DrumConfig
    kit: StrokeKit
    ranks: F32
    weights: Weights
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def save_drummer(path: Path, drummer: DrumFile) -> None:
    """Write it; it appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    from safetensors.numpy import save

    kit, tensors = drummer.kit, dict[str, NDArray[Any]]()
    tensors |= {name: np.ascontiguousarray(w, np.float32) for name, w in drummer.weights.items()}
    tensors |= {NOTES: kit.notes, MODES: kit.modes, ENVELOPES: kit.envelopes}
    tensors[RANKS] = np.ascontiguousarray(drummer.ranks, np.float32)
    metadata = {
        "format": KIND[0],
        "version": KIND[1],
        "config": json.dumps(asdict(drummer.config)),
        "about": json.dumps(drummer.about),
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def load_drummer(path: Path) -> DrumFile:
    """Read it and check the shape of every tensor.

    Raises:
        CheckpointError: the file is missing, cut short, foreign or of another version, or a tensor is
            missing or has the wrong shape.
    """
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"drummer {path}: {error.strerror}") from error
    try:
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        kind = metadata.get("format"), metadata.get("version")
        config = DrumConfig(**json.loads(metadata["config"])) if kind == KIND else None
        about, tensors = json.loads(metadata["about"]), load(data)
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"drummer {path}: damaged or cut short ({error})") from error
    if config is None:
        raise CheckpointError(f"drummer {path}: not a drummer of version {KIND[1]}")
    shapes = config.weights()
    shapes |= {NOTES: (config.kinds,), MODES: (config.kinds,)}
    shapes |= {ENVELOPES: (config.kinds, LONGEST), RANKS: (2, N_PLACES, 8)}
    for name, shape in shapes.items():
        if name not in tensors:
            raise CheckpointError(f"drummer {path}: {name} is missing")
        if tensors[name].shape != shape:
            raise CheckpointError(
                f"drummer {path}: {name} has shape {list(tensors[name].shape)}, "
                f"its configuration says {list(shape)}"
            )
    kit = StrokeKit(tensors.pop(NOTES), tensors.pop(MODES), tensors.pop(ENVELOPES))
    ranks = tensors.pop(RANKS)
    return DrumFile(config, kit, ranks, tensors, about, hashlib.sha256(data).hexdigest())
