"""A file of places in z: what `encode` writes, and what a snapshot can be made of.

JSON: `format`, `version`, the checkpoint's `sha256`, and `snapshots`, each with a `name`, its
`attributes` (knob -> coordinate on its axis; one that isn't there is let go) and its `style` (knob
-> coordinate). Axes are named by their ids. Under another checkpoint the attributes stay, and the
style means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.attributes import ATTRIBUTES, N_ATTRIBUTES

FORMAT = "nesvae_live snapshots"
VERSION = 1
FARTHEST = 20.0
"""The farthest coordinate that is taken; music lies within 5."""


@dataclass(frozen=True)
class Place:
    """A place in z: `a` `[8]` attribute coordinates, `mask` `[8]` which of them are set, and `u`.

    `u` `[U]` float32 is the style, None where it is not known (of another checkpoint).
    """

    name: str
    a: NDArray[np.float32]
    mask: NDArray[np.float32]
    u: NDArray[np.float32] | None


def places_to_text(places: Iterable[Place], checkpoint_sha256: str, source: str = "") -> str:
    """Write a file; `source` says where the places are from."""
    snapshots = []
    for place in places:
        attributes = {
            spec.name: round(float(place.a[i]), 5)
            for i, spec in enumerate(ATTRIBUTES)
            if place.mask[i]
        }
        style: list[float] = [] if place.u is None else place.u.tolist()
        snapshots.append(
            {
                "name": place.name,
                "attributes": attributes,
                "style": {f"style{i + 1}": round(c, 5) for i, c in enumerate(style)},
            }
        )
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "checkpoint_sha256": checkpoint_sha256,
        "source": source,
        "snapshots": snapshots,
    }
    return json.dumps(whole, indent=1) + "\n"


def text_to_places(text: str, checkpoint_sha256: str, n_style: int) -> tuple[list[Place], str]:
    """Read a file for a checkpoint.

    Returns:
        The places, and a line that says what was dropped ("" if nothing was).

    Raises:
        ValueError: it is no such file, or a newer one; one line says what is wrong.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a file of snapshots: not JSON ({error})") from None
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ValueError("not a file of snapshots")
    if whole.get("version") != VERSION:
        raise ValueError(f"snapshots of version {whole.get('version')}: this program reads 1")
    ours = whole.get("checkpoint_sha256") == checkpoint_sha256
    listed = whole.get("snapshots")
    if not isinstance(listed, list) or not listed:
        raise ValueError("a file of snapshots without a snapshot")
    places = [_place(i, raw, n_style if ours else 0) for i, raw in enumerate(listed)]
    return places, "" if ours else "made with another checkpoint: its style is dropped"


def _place(index: int, raw: Any, n_style: int) -> Place:
    where = f"snapshot {index + 1}"
    fields = raw if isinstance(raw, dict) else {}
    attributes = _coordinates(where, fields.get("attributes"), [s.name for s in ATTRIBUTES])
    a, mask = np.zeros(N_ATTRIBUTES, np.float32), np.zeros(N_ATTRIBUTES, np.float32)
    for i, spec in enumerate(ATTRIBUTES):
        if spec.name in attributes:
            a[i], mask[i] = attributes[spec.name], 1.0
    u = None
    if n_style:
        axes = [f"style{i + 1}" for i in range(n_style)]
        style = _coordinates(where, fields.get("style"), axes)
        u = np.array([style.get(axis, 0.0) for axis in axes], np.float32)
    return Place(str(fields.get("name", where)), a, mask, u)


def _coordinates(where: str, raw: Any, known: list[str]) -> Mapping[str, float]:
    if not isinstance(raw, dict):
        raise ValueError(f"{where} lacks its attributes or its style")  # noqa: TRY004
    for axis, value in raw.items():
        if axis not in known:
            raise ValueError(f"{where}: there is no axis {axis!r}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not isfinite(value) or abs(value) > FARTHEST:
            raise ValueError(f"{where}: {axis} is {value!r}, no coordinate")
    return raw
