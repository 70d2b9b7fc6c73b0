"""A place in z, and the snapshot that stands there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS, Setting
from nesvae_live.latent.space import coordinate_to_value, value_to_coordinate


@dataclass(frozen=True)
class LatentPoint:
    """A place in z: `a` `[8]` attribute coordinates, `mask` `[8]` which of them are set, and `u`.

    `u` `[U]` float32 is the style, None where it is not known (of another checkpoint).
    """

    name: str
    a: NDArray[np.float32]
    mask: NDArray[np.float32]
    u: NDArray[np.float32] | None


def place_to_setting(place: LatentPoint, reach: NDArray[np.float64], temperature: float) -> Setting:
    """The snapshot that points there: attribute knobs are set, the style rests there.

    `reach` `[8, 2]` are the attributes' ends (`Quantiles.reach`); what lies beyond is at them.
    """
    ends = reach.tolist()
    knobs = {
        knob.name: coordinate_to_value(float(place.a[i]), *ends[i])
        for i, knob in enumerate(ATTRIBUTE_KNOBS)
        if place.mask[i]
    }
    return Setting(knobs, place.u, temperature, 0)


def setting_to_place(name: str, setting: Setting, reach: NDArray[np.float64]) -> LatentPoint:
    """Where a snapshot points."""
    a, mask = np.zeros(N_ATTRIBUTES, np.float32), np.zeros(N_ATTRIBUTES, np.float32)
    for i, knob in enumerate(ATTRIBUTE_KNOBS):
        if knob.name in setting.knobs:
            a[i], mask[i] = value_to_coordinate(setting.knobs[knob.name], *reach[i]), 1.0
    u = None if setting.style is None else setting.pose(setting.style)
    return LatentPoint(name, a, mask, u)
