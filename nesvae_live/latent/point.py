"""A point in z, and the snapshot that points to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS, Setting
from nesvae_live.latent.space import coordinate_to_value, value_to_coordinate


@dataclass(frozen=True)
class LatentPoint:
    """A point in z: attribute coordinates `a` `[8]`, `mask` `[8]` of those that are set, style `u`.

    `u` is `[U]` float32, or None where it is unknown (the point is of another checkpoint).
    """

    name: str
    a: NDArray[np.float32]
    mask: NDArray[np.float32]
    u: NDArray[np.float32] | None


def point_to_setting(point: LatentPoint, reach: NDArray[np.float64], temperature: float) -> Setting:
    """The snapshot for a point: the attribute knobs are set, and the style rests there.

    `reach` `[8, 2]` holds the attributes' ends (`Quantiles.reach`); what lies beyond is clipped.
    """
    ends = reach.tolist()
    knobs = {
        knob.name: coordinate_to_value(float(point.a[i]), *ends[i])
        for i, knob in enumerate(ATTRIBUTE_KNOBS)
        if point.mask[i]
    }
    return Setting(knobs, point.u, temperature, 0)


def setting_to_point(name: str, setting: Setting, reach: NDArray[np.float64]) -> LatentPoint:
    """The point in z of a snapshot."""
    a, mask = np.zeros(N_ATTRIBUTES, np.float32), np.zeros(N_ATTRIBUTES, np.float32)
    for i, knob in enumerate(ATTRIBUTE_KNOBS):
        if knob.name in setting.knobs:
            a[i], mask[i] = value_to_coordinate(setting.knobs[knob.name], *reach[i]), 1.0
    u = None if setting.style is None else setting.pose(setting.style)
    return LatentPoint(name, a, mask, u)
