"""The map of the corpus: phrases in z, and where each lies on a surface to drag across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES

F32 = NDArray[np.float32]

BLENDED = 8
"""How many points are blended."""

MOST_POINTS = 5_000


@dataclass(frozen=True)
class Atlas:
    """A map: `z` `[n, 8 + U]` float32 of phrases, and `xy` `[n, 2]` float32 in 0..1.

    Neighbours on the surface are alike. Raises ValueError for sizes that a map can't have.
    """

    z: F32
    xy: F32

    def __post_init__(self) -> None:
        n = len(self.z)
        if not BLENDED < n <= MOST_POINTS or self.z.ndim != 2 or self.xy.shape != (n, 2):
            raise ValueError(f"a map is {BLENDED + 1} to {MOST_POINTS} rows of z and of (x, y)")

    def near(self, x: float, y: float) -> tuple[NDArray[np.int64], F32]:
        """The eight points nearest to (x, y) `[8]`, and their weights `[8]`, which sum to 1.

        A weight falls to 0 where its point stops being one of the nearest, so that dragging never
        makes z jump; on a point itself that point has all the weight.
        """
        distance = np.square(self.xy - np.array([x, y], np.float32)).sum(1, dtype=np.float64)
        nearest = np.argpartition(distance, BLENDED)[: BLENDED + 1]
        nearest = nearest[np.argsort(distance[nearest], kind="stable")]
        from_here = np.sqrt(distance[nearest])
        farthest = max(from_here[-1], 1e-9)
        closeness = np.maximum(1.0 - from_here[:-1] / farthest, 0.0) ** 2
        weights = closeness / np.maximum(from_here[:-1] / farthest, 1e-6)
        total = weights.sum()
        weights = weights / total if total > 0 else np.full(BLENDED, 1.0 / BLENDED)
        return nearest[:-1].astype(np.int64), weights.astype(np.float32)

    def blend(self, x: float, y: float) -> F32:
        """The z at (x, y), `[8 + U]`: a blend of the eight nearest points.

        The mean of several styles is shorter than each of them and lies where there is no music, so
        it is extended to their mean length.
        """
        nearest, weights = self.near(x, y)
        blended = weights @ self.z[nearest]
        style = blended[N_ATTRIBUTES:]
        lengths = np.linalg.norm(self.z[nearest, N_ATTRIBUTES:], axis=1)
        length = float(np.linalg.norm(style))
        if length > 0.0:
            style *= float(weights @ lengths) / length
        out: F32 = blended.astype(np.float32)
        return out

    def locate(self, z: F32) -> tuple[float, float]:
        """Where z `[8 + U]` lies on the surface: the weighted mean of its eight nearest points."""
        distance = np.linalg.norm(self.z - z, axis=1)
        nearest = np.argpartition(distance, BLENDED)[:BLENDED]
        weights = 1.0 / np.maximum(distance[nearest], 1e-6) ** 4
        x, y = weights @ self.xy[nearest] / weights.sum()
        return float(x), float(y)
