"""What a checkpoint's file says of itself, and the checks before anything in it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES
from nesvae_live.music.phrase import SLOT_TABLE, TUPLES_PER_PHRASE

FORMAT = "nesvae_live checkpoint"
VERSION = 3
"""1 and 2 were networks that knew neither the bar nor the song so far."""
MAP_Z, MAP_XY = "map.z", "map.xy"
"""The tensors of the map, which a finished checkpoint has beside its weights."""

Weights = dict[str, NDArray[np.float32]]


class CheckpointError(NesvaeError):
    """A checkpoint can't be used; one line says which, what is wrong and what to do."""


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


def atlas_to_tensors(atlas: Atlas) -> dict[str, NDArray[Any]]:
    """A map as the tensors of a checkpoint's file."""
    return {MAP_Z: atlas.z.astype(np.float16), MAP_XY: atlas.xy.astype(np.float32)}


def pop_atlas(path: Path, latent: int, tensors: dict[str, NDArray[Any]]) -> Atlas | None:
    """Take the map out of a file's tensors; z has `latent` numbers. None if there is none.

    Raises:
        CheckpointError: it is damaged, or of another z.
    """
    if MAP_Z not in tensors and MAP_XY not in tensors:
        return None
    try:
        z, xy = (tensors.pop(name).astype(np.float32) for name in (MAP_Z, MAP_XY))
        atlas = Atlas(z, xy)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"checkpoint {path}: its map is damaged ({error})") from error
    if z.shape[1] != latent:
        raise CheckpointError(f"checkpoint {path}: its map has shape {list(z.shape)}")
    return atlas


def vocabulary() -> str:
    """The vocabulary and attributes that weights were made for, as one line to compare."""
    slots = ",".join(f"{s.name}:{s.n_symbols}" for s in SLOT_TABLE)
    return f"{slots};{TUPLES_PER_PHRASE};{','.join(a.name for a in ATTRIBUTES)}"


def read_metadata(path: Path, data: bytes) -> dict[str, str]:
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
    if kind[1] != str(VERSION):
        raise CheckpointError(
            f"checkpoint {path}: version {kind[1]}, and this program reads version {VERSION}: use the "
            "shipped one, or train one (takes played with it still replay)"
        )
    if metadata.get("vocabulary") != vocabulary():
        raise CheckpointError(f"checkpoint {path}: made for another vocabulary or other attributes")
    return metadata
