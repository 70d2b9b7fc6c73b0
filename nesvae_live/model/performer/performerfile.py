"""The performer's sizes, and its file: weights, sizes, the kit and provenance in one safetensors file."""

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
from nesvae_live.model.performer.likes import N_HEARD, N_LIKE
from nesvae_live.model.performer.notes import PULSES, STEPS
from nesvae_live.model.performer.pairs import N_NOTE, N_PAIR
from nesvae_live.music.events import LOUDEST

SIDES = 2
"""A patch has two sides, each of which may be taken again from a note of its own: volume and duty."""


@dataclass(frozen=True, slots=True)
class PerformerConfig:
    """Sizes: `shapes` and `duties` of the kit, the width of what stands for each in the input, layers.

    So many `casts` are in its file.
    """

    shapes: int = 100
    duties: int = 16
    shape_width: int = 16
    level_width: int = 4
    duty_width: int = 6
    hidden: int = 128
    pair_hidden: int = 64
    told_hidden: int = 128
    casts: int = 0

    @property
    def patch_width(self) -> int:
        """Numbers that stand for a patch in the input."""
        return self.shape_width + self.level_width + self.duty_width

    def weights(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape, as torch names them."""
        h = self.hidden
        out: dict[str, tuple[int, ...]] = {}
        for name, n_in, n_out in (
            ("read", N_NOTE + 2 * self.patch_width, h),
            ("think", h, h),
            ("to_shape", h, self.shapes),
            ("to_level", h, LOUDEST),
            ("gate", h, 1),
            ("pair", N_PAIR, self.pair_hidden),
            ("tell", h + N_HEARD, self.told_hidden),
            ("to_duty", self.told_hidden, self.duties),
            ("told_gate", self.told_hidden, 1),
            ("told_pair", N_PAIR + N_LIKE, self.pair_hidden),
        ):
            out |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
        return out | {
            "shape_in.weight": (self.shapes + 1, self.shape_width),
            "level_in.weight": (LOUDEST + 1, self.level_width),
            "duty_in.weight": (self.duties + 1, self.duty_width),
            "level_of.weight": (self.shapes, LOUDEST),
            "wanted.weight": (self.pair_hidden, h),
            "score.weight": (1, self.pair_hidden),
            "told_wanted.weight": (self.pair_hidden, self.told_hidden),
            "told_score.weight": (1, self.pair_hidden),
        }


KIND = Kind("performer", "nesvae_live performer", "3")
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
