"""The performer's file: weights, sizes, the kit and provenance in one safetensors file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.partfile import Kind, Shapes, load_part, save_part
from nesvae_live.model.performer.casts import N_KINDS
from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import PULSES, STEPS
from nesvae_live.model.performer.performerconfig import PerformerConfig

KIND = Kind("performer", "nesvae_live performer", "2")
SHAPES, DUTIES, CASTS = "kit.shapes", "kit.duties", "kit.casts"
CAST = (len(PULSES), N_KINDS, 3)
"""The shape of a cast."""


@dataclass(frozen=True)
class PerformerFile:
    """What the file holds; `about` is free data, `casts` as of `casts.hint`, `sha256` the file's."""

    config: PerformerConfig
    kit: Kit
    weights: Weights
    about: dict[str, Any] = field(default_factory=dict)
    casts: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, *CAST), np.uint8))
    sha256: str = ""


def save_performer(path: Path, performer: PerformerFile) -> None:
    """Write it; it appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    tensors: dict[str, NDArray[Any]]
    tensors = {name: np.ascontiguousarray(w, np.float32) for name, w in performer.weights.items()}
    tensors |= {SHAPES: performer.kit.shapes, DUTIES: performer.kit.duties}
    config = replace(performer.config, casts=len(performer.casts))
    if config.casts:
        tensors[CASTS] = np.ascontiguousarray(performer.casts)
    save_part(path, KIND, asdict(config), tensors, performer.about)


def load_performer(path: Path) -> PerformerFile:
    """Read it and check the shape of every weight.

    Raises:
        CheckpointError: the file is missing, cut short, foreign or of another version, or a weight is
            missing or has the wrong shape.
    """
    config, tensors, about, sha256 = load_part(path, KIND, PerformerConfig, _shapes)
    kit = Kit(tensors.pop(SHAPES), tensors.pop(DUTIES))
    casts = tensors.pop(CASTS) if config.casts else np.zeros((0, *CAST), np.uint8)
    return PerformerFile(config, kit, tensors, about, casts, sha256)


def _shapes(config: PerformerConfig) -> Shapes:
    kit: Shapes = {SHAPES: (config.shapes, STEPS), DUTIES: (config.duties, STEPS)}
    if config.casts:
        kit[CASTS] = (config.casts, *CAST)
    return config.weights() | kit
