"""The latent space: its layout, and how knobs become a point in it.

z = [a | u], float32: `a` holds the phrase's attributes and `u` its style; over the corpus every
axis is about N(0, 1). A knob's middle is the median. Its ends are +-2.5, or where the corpus itself
ends (no phrase has more than three voices), so that the whole turn has an effect.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES, REACH
from nesvae_live.latent.knobs import KNOB_BY_NAME, NO_AXIS

Vector = NDArray[np.float32]

NEARLY_PARALLEL = 1e-4
"""The sine of the angle below which an arc and its chord are the same in float32."""


def value_to_coordinate(value: float, low: float = -REACH, high: float = REACH) -> float:
    """A knob's 0..1 to `low`..`high` on its axis; 0.5 becomes 0."""
    return (1.0 - 2.0 * value) * low if value < 0.5 else (2.0 * value - 1.0) * high


def coordinate_to_value(coordinate: float, low: float = -REACH, high: float = REACH) -> float:
    """A coordinate on an axis to the knob's 0..1; what lies beyond the knob's reach is clipped."""
    end = low if coordinate < 0.0 else high
    part = min(coordinate / end, 1.0) if end else 0.0
    return 0.5 - 0.5 * part if coordinate < 0.0 else 0.5 + 0.5 * part


def assemble(
    knobs: Mapping[str, float], style: ArrayLike, reach: ArrayLike
) -> tuple[Vector, Vector]:
    """The point in z that the knobs select.

    Args:
        knobs: the values in 0..1 of the knobs that are set. An attribute that is missing is
            released, a style axis that is missing rests at `style`. Knobs of the sound may be
            among them and are ignored.
        style: `[n_style]`, where the style axes rest.
        reach: `[8, 2]`, the least and greatest coordinate of each attribute
            (`Quantiles.reach`).

    Returns:
        z `[8 + n_style]` float32, with 0 for released attributes, and the attributes' mask `[8]`
        float32: 1 for set, 0 for released. A style knob beyond `n_style` is ignored, since the
        checkpoint has no such axis.
    """
    ends = np.asarray(reach, np.float64)
    z = np.concatenate((np.zeros(N_ATTRIBUTES, np.float32), np.asarray(style, np.float32)))
    mask = np.zeros(N_ATTRIBUTES, np.float32)
    for name, value in knobs.items():
        axis = KNOB_BY_NAME[name].axis
        if axis == NO_AXIS:
            continue
        if axis < N_ATTRIBUTES:
            z[axis] = value_to_coordinate(value, *ends[axis])
            mask[axis] = 1.0
        elif axis < len(z):
            z[axis] = value_to_coordinate(value)
    return z, mask


def slerp(a: ArrayLike, b: ArrayLike, alpha: float) -> Vector:
    """The point between `a` and `b` on the arc that joins them, at an even speed.

    Args:
        a: `[n]`, reached at `alpha` 0.
        b: `[n]`, reached at `alpha` 1.
        alpha: 0..1.

    Returns:
        `[n]` float32. Where no arc is defined (a zero vector, the same or the opposite direction)
        the point lies on the straight line.
    """
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    lengths = float(np.linalg.norm(start) * np.linalg.norm(end))
    cosine = float(start @ end) / lengths if lengths > 0.0 else 1.0
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    if sine < NEARLY_PARALLEL:
        point = (1.0 - alpha) * start + alpha * end
    else:
        point = (np.sin((1.0 - alpha) * angle) * start + np.sin(alpha * angle) * end) / sine
    return np.asarray(point, np.float32)
