"""Checkpoints: weights, configuration, quantiles and provenance in one safetensors file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, Quantiles
from nesvae_live.model.intervals import N_SCORES
from nesvae_live.music.phrase import SLOT_TABLE, SLOTS, TUPLES_PER_PHRASE
from nesvae_live.paths import replacing

FORMAT = "nesvae_live checkpoint"
VERSION = 2
LONGEST_HEADER = 1 << 20
"""Bytes of a header that are looked at."""
TURN, MAP_Z, MAP_XY = "axes.turn", "map.z", "map.xy"
"""The tensors that a finished checkpoint has beside its weights."""

Weights = dict[str, NDArray[np.float32]]


class CheckpointError(NesvaeError):
    """A checkpoint can't be used; one line says which, what is wrong and what to do."""


@dataclass(frozen=True)
class ModelConfig:
    """The network's sizes."""

    embedding: int = 48
    encoder_hidden: int = 256
    hidden: int = 384
    layers: int = 2
    head_hidden: int = 192
    style: int = 32

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape; the names are those of `nesvae_live.model.vae`."""
        e, n_in = self.embedding, SLOTS * self.embedding
        out: dict[str, tuple[int, ...]] = {}
        for i, slot in enumerate(SLOT_TABLE):
            out[f"encoder.embed.{i}.weight"] = (slot.n_symbols, e)
            out[f"decoder.embed.{i}.weight"] = (slot.n_symbols + 1, e)
            out |= _linear(f"decoder.lift.{i}", self.hidden, self.head_hidden)
            out |= _linear(f"decoder.logits.{i}", self.head_hidden, slot.n_symbols)
            for j, given in enumerate(SLOT_TABLE[:i]):
                out[f"decoder.given.{i}.{j}.weight"] = (given.n_symbols, self.head_hidden)
        for i, n in enumerate(N_SCORES):
            out |= _linear(f"decoder.relative.{i}", self.hidden, n)
        for end in ("l0", "l0_reverse"):
            out |= _gru("encoder.gru", end, n_in, self.encoder_hidden)
        out |= _linear("encoder.out", 4 * self.encoder_hidden, 2 * self.style)
        wide = n_in + 2 * N_ATTRIBUTES + self.style
        for layer in range(self.layers):
            out |= _gru(
                "decoder.gru", f"l{layer}", wide if layer == 0 else self.hidden, self.hidden
            )
        return out


def _linear(name: str, n_in: int, n_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def _gru(name: str, end: str, n_in: int, n_hidden: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.weight_ih_{end}": (3 * n_hidden, n_in),
        f"{name}.weight_hh_{end}": (3 * n_hidden, n_hidden),
        f"{name}.bias_ih_{end}": (3 * n_hidden,),
        f"{name}.bias_hh_{end}": (3 * n_hidden,),
    }


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    `about` is free-form: the training command, the data's hash, the evaluation. `sha256` is that of
    the file; presets, snapshots and logs refer to it. A finished checkpoint (`training.finish`)
    has a map of the corpus in `atlas`, and in `turn` `[U, U]` the rotation of its style axes after
    training: it is contained in the encoder's mean and the decoder's weights, but sigma lies along
    the old axes.
    """

    config: ModelConfig
    weights: Weights
    quantiles: Quantiles
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    path: Path | None = None
    turn: NDArray[np.float32] | None = None
    atlas: Atlas | None = None


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, which appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays, and nothing else is left behind.
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]]
    tensors = {name: np.ascontiguousarray(w, np.float32) for name, w in checkpoint.weights.items()}
    tensors["attributes.values"] = checkpoint.quantiles.values
    tensors["attributes.coordinates"] = checkpoint.quantiles.coordinates
    if checkpoint.turn is not None:
        tensors[TURN] = np.ascontiguousarray(checkpoint.turn, np.float32)
    if checkpoint.atlas is not None:
        tensors[MAP_Z] = checkpoint.atlas.z.astype(np.float16)
        tensors[MAP_XY] = checkpoint.atlas.xy.astype(np.float32)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "vocabulary": vocabulary(),
        "config": json.dumps(asdict(checkpoint.config)),
        "about": json.dumps(checkpoint.about),
    }
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def load_checkpoint(path: Path) -> Checkpoint:
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
    metadata = read_metadata(path, data, VERSION)
    try:
        tensors = load(data)
        config = ModelConfig(**json.loads(metadata["config"]))
        about = json.loads(metadata["about"])
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"checkpoint {path}: damaged or cut short ({error})") from error
    check_shapes(path, config.shapes(), tensors)
    quantiles = Quantiles(tensors.pop("attributes.values"), tensors.pop("attributes.coordinates"))
    turn, atlas = tensors.pop(TURN, None), _atlas(path, config, tensors)
    if turn is not None and turn.shape != (config.style, config.style):
        raise CheckpointError(f"checkpoint {path}: {TURN} has shape {list(turn.shape)}")
    sha256 = hashlib.sha256(data).hexdigest()
    return Checkpoint(config, tensors, quantiles, about, sha256, path, turn, atlas)


def check_shapes(
    path: Path, shapes: dict[str, tuple[int, ...]], tensors: dict[str, NDArray[Any]]
) -> None:
    """Check every weight, and the attributes' places.

    Raises:
        CheckpointError: one is missing or has the wrong shape.
    """
    knots = tensors.get("attributes.values", np.zeros((0, 0))).shape
    shapes = shapes | {
        f"attributes.{n}": (N_ATTRIBUTES, *knots[1:]) for n in ("values", "coordinates")
    }
    for name, shape in shapes.items():
        if name not in tensors:
            raise CheckpointError(f"checkpoint {path}: the weight {name} is missing")
        if tensors[name].shape != shape:
            raise CheckpointError(
                f"checkpoint {path}: {name} has shape {list(tensors[name].shape)}, "
                f"its configuration says {list(shape)}"
            )


def _atlas(path: Path, config: ModelConfig, tensors: dict[str, NDArray[Any]]) -> Atlas | None:
    if MAP_Z not in tensors and MAP_XY not in tensors:
        return None
    try:
        z, xy = (tensors.pop(name).astype(np.float32) for name in (MAP_Z, MAP_XY))
        atlas = Atlas(z, xy)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"checkpoint {path}: its map is damaged ({error})") from error
    if z.shape[1] != N_ATTRIBUTES + config.style:
        raise CheckpointError(f"checkpoint {path}: its map has shape {list(z.shape)}")
    return atlas


def vocabulary() -> str:
    """The vocabulary and attributes that weights were made for, as one line to compare."""
    slots = ",".join(f"{s.name}:{s.n_symbols}" for s in SLOT_TABLE)
    return f"{slots};{TUPLES_PER_PHRASE};{','.join(a.name for a in ATTRIBUTES)}"


def version_of(path: Path) -> str:
    """The version that a checkpoint's file says it has; empty where it says none."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, LONGEST_HEADER)))
        return str(header["__metadata__"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def read_metadata(path: Path, data: bytes, version: int) -> dict[str, str]:
    """The metadata in a safetensors header, checked before any tensor is read.

    Raises:
        CheckpointError: the file is foreign, or of another version or vocabulary.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        metadata: dict[str, str] = header["__metadata__"]
        kind = metadata["format"], metadata["version"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"checkpoint {path}: not a nesvae_live checkpoint, or cut short"
        ) from error
    if kind[0] != FORMAT:
        raise CheckpointError(f"checkpoint {path}: not a nesvae_live checkpoint")
    if kind[1] != str(version):
        raise CheckpointError(
            f"checkpoint {path}: version {kind[1]}, this program reads {version}: "
            "take a checkpoint made for this release"
        )
    if metadata.get("vocabulary") != vocabulary():
        raise CheckpointError(f"checkpoint {path}: made for another vocabulary or other attributes")
    return metadata
