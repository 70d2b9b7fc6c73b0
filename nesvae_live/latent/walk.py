"""The auto mode: a walk through z that wanders from phrase to phrase as the corpus' songs do.

A song keeps its character for long and varies it from phrase to phrase, so every axis is the sum
of a slow part and a fast one, each an AR(1) process. The parts are correlated as the axes are over
the corpus. Decoding adds variety of its own, so the walk varies less than the corpus does, to make
what is heard vary as much.

The corpus is not one cloud: even lengths go with density, a silent triangle with much else. So z
has regions, each a Gaussian, and a walk stays in one for a minute or so, as a piece has sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES, REACH

Floats = NDArray[np.float64]

SLOW, FAST = 0.985, 0.5
"""How much of each part's position remains after a phrase."""

STAY = 0.96
"""The probability of staying in a region for another phrase."""

STYLE_SLOW = 0.4
"""The share of a style axis' variance that is slow."""

SPREAD = "spread"
"""Where a checkpoint's `about` holds a `Spread`."""


@dataclass(frozen=True, slots=True)
class WalkSpec:
    """An attribute's walk: its variance's slow share, and its correlations with those before it."""

    name: str
    slow: float
    correlations: tuple[float, ...]


WALKS = (  # correlations as over the phrases of the train split
    WalkSpec("density", 0.95, ()),
    WalkSpec("register", 0.95, (0.02,)),
    WalkSpec("bass", 0.92, (0.34, 0.00)),
    WalkSpec("polyphony", 0.90, (0.38, 0.03, 0.70)),
    WalkSpec("regularity", 0.85, (0.65, 0.01, 0.17, 0.15)),
    WalkSpec("motion", 0.75, (0.10, -0.08, -0.01, 0.03, 0.09)),
    WalkSpec("consonance", 0.60, (-0.20, -0.04, -0.13, -0.10, -0.16, 0.14)),
    WalkSpec("focus", 0.60, (-0.22, -0.11, -0.16, -0.22, -0.02, 0.18, 0.27)),
)


@dataclass(frozen=True)
class Spread:
    """How z is distributed over the corpus: K regions, each a Gaussian.

    `weights` `[K]`, the share of phrases in each, `means` `[K, 8 + U]` and `covariances`
    `[K, 8 + U, 8 + U]`.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    @classmethod
    def plain(cls, n_style: int) -> Spread:
        """One region: attributes as over the corpus, style N(0, 1) and independent of them."""
        covariance = np.eye(N_ATTRIBUTES + n_style)
        for i, walk in enumerate(WALKS):
            covariance[i, :i] = covariance[:i, i] = walk.correlations
        return cls(np.ones(1), np.zeros((1, len(covariance))), covariance[None])

    @classmethod
    def of(cls, about: Mapping[str, Any], n_style: int) -> Spread:
        """The spread that a checkpoint's `about` holds, or the plain one."""
        if SPREAD not in about:
            return cls.plain(n_style)
        found = about[SPREAD]
        return cls(*(np.array(found[f.name], float) for f in fields(cls)))

    def to_about(self) -> dict[str, Any]:
        """The spread as a checkpoint's `about` holds it, under `SPREAD`."""
        return {f.name: getattr(self, f.name).round(4).tolist() for f in fields(self)}


class Walk:
    """A walk through z; the same seed gives the same walk.

    Args:
        seed: of the walk.
        spread: where it goes; over hours it is in each place as often as the corpus is.
        reach: `[8, 2]`, the attributes' ends (`Quantiles.reach`).
    """

    def __init__(self, seed: int, spread: Spread, reach: ArrayLike) -> None:
        self._seed = seed
        self._low, self._high = np.asarray(reach, np.float64).T
        self._low_edge = -np.array([_edge(-low) for low in self._low])
        self._high_edge = np.array([_edge(high) for high in self._high])
        self._ends = np.cumsum(spread.weights)[:-1] / spread.weights.sum()
        self._means = spread.means
        # A root that exists even if an axis never moves, or rounding left no valid covariance.
        variances, directions = np.linalg.eigh(spread.covariances)
        self._roots = directions * np.sqrt(np.maximum(variances, 0.0))[:, None]
        n_style = spread.means.shape[1] - N_ATTRIBUTES
        slow = np.array([*(walk.slow for walk in WALKS), *[STYLE_SLOW] * n_style])
        self._weights = np.sqrt(np.stack((slow, 1.0 - slow)))  # 2 n
        self._index = -1
        self._region = 0
        self._parts = np.zeros(self._weights.shape)  # 2 n

    def at(self, index: int) -> NDArray[np.float32]:
        """The z of phrase `index` (0, 1, ...): `[8 + U]` float32, within the attributes' reach.

        Meant to be called with rising indices; an earlier phrase is computed from the start.
        """
        if index < self._index:
            self._index = -1
        while self._index < index:
            self._index += 1
            self._step()
        parts = self._parts @ self._roots[self._region].T  # 2 n, correlated as the axes are
        z = self._means[self._region] + (self._weights * parts).sum(0)
        a = z[:N_ATTRIBUTES]
        a[a <= self._low_edge] = self._low[a <= self._low_edge]
        a[a >= self._high_edge] = self._high[a >= self._high_edge]
        out: NDArray[np.float32] = z.astype(np.float32)
        return out

    def _step(self) -> None:
        rng = np.random.default_rng([self._seed, self._index])
        fresh = np.asarray(rng.standard_normal(self._parts.shape))
        leave, where = (float(x) for x in rng.random(2))
        if self._index == 0 or leave > STAY:
            self._region = int(np.searchsorted(self._ends, where, side="right"))
        if self._index == 0:
            self._parts = fresh
            return
        kept = np.array([[SLOW], [FAST]])
        self._parts = kept * self._parts + np.sqrt(1.0 - kept**2) * fresh


def _edge(end: float) -> float:
    """The coordinate from which on a walk counts as being at an attribute's end.

    An end nearer than the knob's reach is a value that many phrases share (three voices, one length
    of notes) and lies in the middle of their ranks. They begin as far before it as the ranks end
    after it, and a walk must be there as often as the corpus is.
    """
    if end >= REACH:
        return end
    normal = NormalDist()
    beyond = 1.0 - normal.cdf(end)
    return normal.inv_cdf(1.0 - 2.0 * beyond) if beyond < 0.5 else -REACH
