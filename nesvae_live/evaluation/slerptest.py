"""Tests whether interpolation is even: whether equal steps of z make equal changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import median_interval
from nesvae_live.evaluation.knobtest import F32, Contexts
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.space import slerp
from nesvae_live.music.phrase import Ints

POINTS = 17
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ways:
    """The phrases along each way from one point to another, `[pairs, points, 13, 4]`."""

    phrases: Ints

    def steps(self) -> Floats:
        """How many tokens change from each point to the next, `[pairs, points - 1]`."""
        return token_distance(self.phrases[:, 1:], self.phrases[:, :-1])

    def distances(self) -> Floats:
        """How many tokens differ from the start's, `[pairs, points]`."""
        return token_distance(self.phrases, self.phrases[:, :1])


def walk_ways(
    play: Callable[[F32, F32, Contexts], Ints],
    start: F32,
    end: F32,
    past: Contexts,
    points: int = POINTS,
) -> Ways:
    """Decode points from each `start` to its `end` `[pairs, 8 + U]`, with all attributes set."""
    alphas = np.linspace(0.0, 1.0, points)
    z = np.stack([slerp(a, b, t) for a, b in zip(start, end, strict=True) for t in alphas])
    row = np.repeat(np.arange(len(start)), points)
    mask = np.ones((len(z), N_ATTRIBUTES), np.float32)
    phrases = play(z, mask, past.rows(row))
    return Ways(phrases.reshape(len(start), points, *phrases.shape[1:]))


def token_distance(one: Ints, other: Ints) -> Floats:
    """How many tokens differ, position by position: `[..., 13, 4]` -> `[...]`, 0 to 52."""
    return np.asarray((one != other).sum((-1, -2)), np.float64)


def evenness(ways: Ways) -> tuple[Floats, Floats]:
    """For each way, its largest step over its mean step, and the R2 of its distance on alpha.

    Ways along which nothing changes are left out.
    """
    steps, distances = ways.steps(), ways.distances()
    moves = steps.sum(1) > 0
    steps, distances = steps[moves], distances[moves]
    ratio = steps.max(1) / steps.mean(1)
    x = np.linspace(-1.0, 1.0, distances.shape[1])
    y = distances - distances.mean(1, keepdims=True)
    explained = (y @ x) ** 2 / (x @ x)
    whole = (y**2).sum(1)
    r2 = np.where(whole > 0, explained / np.where(whole > 0, whole, 1), 0.0)
    return ratio, r2


def slerp_figures(ways: Ways) -> dict[str, Any]:
    """`slerp.max_over_mean` and `slerp.r2`: the medians over pairs."""
    ratio, r2 = evenness(ways)
    return {"slerp": {"max_over_mean": median_interval(ratio), "r2": median_interval(r2)}}
