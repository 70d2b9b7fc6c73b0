"""The file of a network that is a part beside the song's: sizes, weights, tables and provenance.

The performer and the drummer have one each, in safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from numpy.typing import NDArray

from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.paths import replacing

C = TypeVar("C")
Shapes = dict[str, tuple[int, ...]]


class Kind(NamedTuple):
    """What a file is: `part` names it to people, `format` and `version` stand in it."""

    part: str
    format: str
    version: str


class Part(NamedTuple, Generic[C]):
    """What a file holds: the network's sizes, its tensors by name, free data, the file's SHA-256."""

    config: C
    tensors: dict[str, NDArray[Any]]
    about: dict[str, Any]
    sha256: str


def save_part(
    path: Path,
    kind: Kind,
    config: Mapping[str, Any],
    tensors: Mapping[str, NDArray[Any]],
    about: Mapping[str, Any],
) -> None:
    """Write it; it appears whole or not at all.

    Raises:
        OSError: it can't be written; what was there before stays.
    """
    from safetensors.numpy import save

    metadata = {
        "format": kind.format,
        "version": kind.version,
        "config": json.dumps(config),
        "about": json.dumps(about),
    }
    with replacing(path) as part:
        part.write_bytes(save(dict(tensors), metadata))


def load_part(
    path: Path, kind: Kind, config_of: Callable[..., C], shapes_of: Callable[[C], Shapes]
) -> Part[C]:
    """Read it and check the shape of every tensor.

    Raises:
        CheckpointError: the file is missing, cut short, foreign or of another version, or a tensor is
            missing or has the wrong shape.
    """
    from safetensors.numpy import load

    name = f"{kind.part} {path}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{name}: {error.strerror}") from error
    try:
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        ours = (metadata.get("format"), metadata.get("version")) == kind[1:]
        config = config_of(**json.loads(metadata["config"])) if ours else None
        about, tensors = json.loads(metadata["about"]), load(data)
    except Exception as error:  # whatever safetensors or json raise for a damaged file
        raise CheckpointError(f"{name}: damaged or cut short ({error})") from error
    if config is None:
        raise CheckpointError(f"{name}: not a {kind.part} of version {kind.version}")
    for tensor, shape in shapes_of(config).items():
        if tensor not in tensors:
            raise CheckpointError(f"{name}: {tensor} is missing")
        if tensors[tensor].shape != shape:
            raise CheckpointError(
                f"{name}: {tensor} has shape {list(tensors[tensor].shape)}, "
                f"its configuration says {list(shape)}"
            )
    return Part(config, tensors, about, hashlib.sha256(data).hexdigest())
