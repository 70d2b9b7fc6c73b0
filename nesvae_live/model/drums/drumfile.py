"""The drummer's file: weights, sizes, the kit, the ranks of places, and provenance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.strokes import LONGEST, StrokeKit
from nesvae_live.model.partfile import Kind, Shapes, load_part, save_part
from nesvae_live.music.metre.place import N_PLACES

KIND = Kind("drummer", "nesvae_live drummer", "1")
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
    kit, tensors = drummer.kit, dict[str, NDArray[Any]]()
    tensors |= {name: np.ascontiguousarray(w, np.float32) for name, w in drummer.weights.items()}
    tensors |= {NOTES: kit.notes, MODES: kit.modes, ENVELOPES: kit.envelopes}
    tensors[RANKS] = np.ascontiguousarray(drummer.ranks, np.float32)
    save_part(path, KIND, asdict(drummer.config), tensors, drummer.about)


def load_drummer(path: Path) -> DrumFile:
    """Read it and check the shape of every tensor.

    Raises:
        CheckpointError: the file is missing, cut short, foreign or of another version, or a tensor is
            missing or has the wrong shape.
    """
    config, tensors, about, sha256 = load_part(path, KIND, DrumConfig, _shapes)
    kit = StrokeKit(tensors.pop(NOTES), tensors.pop(MODES), tensors.pop(ENVELOPES))
    ranks = tensors.pop(RANKS)
    return DrumFile(config, kit, ranks, tensors, about, sha256)


def _shapes(config: DrumConfig) -> Shapes:
    shapes = config.weights()
    shapes |= {NOTES: (config.kinds,), MODES: (config.kinds,)}
    return shapes | {ENVELOPES: (config.kinds, LONGEST), RANKS: (2, N_PLACES, 8)}
