"""Attributes that stay where they are while other knobs turn: which, and where the music stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nesvae_live.latent.attributes import ATTRIBUTES, Floats, Quantiles, measure
from nesvae_live.latent.space import coordinate_to_value
from nesvae_live.music.ranges import nearest

LATELY = 4
"""So many phrases, the last ones, say where the music stands."""

CAN_BE_STEADY = tuple(spec.name for spec in ATTRIBUTES)
"""What can be kept."""


def checked_steady(names: Collection[str]) -> tuple[str, ...]:
    """The names of attributes, each once, in their order.

    Raises:
        ValueError: one is none.
    """
    for name in names:
        if name not in CAN_BE_STEADY:
            meant = nearest(name, CAN_BE_STEADY)
            raise ValueError(
                f"{name!r} can't be kept{meant or ': one of ' + ', '.join(CAN_BE_STEADY)}"
            )
    return tuple(name for name in CAN_BE_STEADY if name in names)


def text_to_steady(text: str) -> tuple[str, ...]:
    """`density,register`, or `none`.

    Raises:
        ValueError: one is no attribute.
    """
    names = [name.strip().lower() for name in text.split(",")]
    return () if names in ([""], ["none"], ["off"]) else checked_steady(names)


def standing(phrases: Sequence[Sequence[Sequence[int]]], quantiles: Quantiles) -> Floats | None:
    """Where the music stands: the coordinates `[8]` of phrases of tuples, the mean over their time.

    None: there are no phrases.
    """
    if not phrases:
        return None
    longest = max(map(len, phrases))
    tuples = np.zeros((len(phrases), longest, 4), np.int64)
    for i, phrase in enumerate(phrases):
        tuples[i, : len(phrase)] = phrase
    weight = np.maximum(tuples[:, :, 3].sum(1), 1)
    coordinates = quantiles.to_coordinates(measure(tuples))
    return np.asarray(weight @ coordinates / weight.sum())


def standing_value(name: str, coordinates: Floats, reach: Floats) -> float:
    """The value in 0..1 at which an attribute's knob stands; `reach` `[8, 2]` are the knobs' ends."""
    axis = CAN_BE_STEADY.index(name)
    return coordinate_to_value(float(coordinates[axis]), *map(float, reach[axis]))
