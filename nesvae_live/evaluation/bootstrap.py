"""Estimates with bootstrap intervals, for which songs are resampled, never tokens or phrases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Estimate = dict[str, Any]
"""`{value, low, high, n}`; low and high are None if there is nothing to resample."""

Floats = NDArray[np.float64]
DRAWS = 1000


def bootstrap(
    statistic: Callable[..., Floats],
    *samples: NDArray[Any],
    draws: int = DRAWS,
    centred: bool = False,
) -> Estimate:
    """A statistic of sums over songs, with its 95 % bootstrap interval.

    Args:
        statistic: takes one array of sums `[..., k]` per sample and returns `[...]`.
        samples: each `[songs, k]`, what each song adds; they are resampled independently.
        draws: how often they are resampled.
        centred: move the mean of the draws to the value, but not below 0: for a divergence, which
            grows when samples are resampled.

    Returns:
        `{value, low, high, n}`, with n the number of songs in the first sample.
    """
    rng = np.random.default_rng(0)
    value = statistic(*(s.sum(0) for s in samples))
    drawn = [_resample(len(s), draws, rng) @ s for s in samples]
    found = statistic(*drawn)
    if centred and not np.isnan(found).all():
        found = np.maximum(found - np.nanmean(found) + value, 0.0)
    return _figure(value, found, len(samples[0]))


def interval(total: ArrayLike, weight: ArrayLike, draws: int = DRAWS) -> Estimate:
    """The ratio of sums over songs, with its interval; NaN if the weights sum to 0."""
    return bootstrap(_ratio, np.column_stack((total, weight)).astype(np.float64), draws=draws)


def median_interval(values: Floats, draws: int = DRAWS) -> Estimate:
    """The median of values, one per pair or song, with its 95 % bootstrap interval."""
    return quantile_interval(values, 0.5, draws)


def quantile_interval(values: Floats, at: float, draws: int = DRAWS) -> Estimate:
    """A quantile of values, `at` 0..1, with its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(values), size=(draws, len(values)))
    return _figure(np.quantile(values, at), np.quantile(values[picks], at, axis=1), len(values))


def bootstrap_pair(
    statistic: Callable[[Floats, Floats], float], one: Floats, other: Floats, draws: int = DRAWS
) -> Estimate:
    """A statistic of two samples of songs' values (NaNs left out), each of which is resampled."""
    rng = np.random.default_rng(0)
    a, b = (values[~np.isnan(values)] for values in (one, other))
    if not len(a) or not len(b):
        return constant(float("nan"), len(a))
    drawn = [statistic(rng.choice(a, len(a)), rng.choice(b, len(b))) for _ in range(draws)]
    return _figure(statistic(a, b), np.array(drawn), len(a))


def sum_by_song(values: Floats, song: NDArray[np.integer]) -> Floats:
    """Sums `[songs, ...]` of values `[n, ...]`, over the songs that occur in `song` `[n]`."""
    _, row = np.unique(song, return_inverse=True)
    out = np.zeros((row.max() + 1, *values.shape[1:]))
    np.add.at(out, row, values)
    return out


def mean_by_song(values: Floats, song: NDArray[np.integer]) -> Estimate:
    """The mean of values `[n]`, with an interval from resampling songs."""
    return interval(sum_by_song(values, song), sum_by_song(np.ones(len(values)), song))


def constant(value: float, n: int) -> Estimate:
    """An estimate without an interval."""
    return {"value": value, "low": None, "high": None, "n": n}


def to_json(figures: dict[str, Any]) -> str:
    """A tree of estimates as JSON; undefined values become null."""
    return json.dumps(_without_nan(figures), indent=1, allow_nan=False) + "\n"


def flatten(figures: dict[str, Any], prefix: str = "") -> Sequence[tuple[str, Estimate]]:
    """Every estimate in a tree with its full name, such as `seam.held.P1`."""
    out: list[tuple[str, Estimate]] = []
    for name, value in figures.items():
        if not isinstance(value, dict):
            continue
        if "value" in value:
            out.append((prefix + name, value))
        else:
            out += flatten(value, f"{prefix}{name}.")
    return out


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _resample(n: int, draws: int, rng: np.random.Generator) -> Floats:
    """How often each of n songs is drawn, `[draws, n]`."""
    picks = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(picks.reshape(-1), minlength=draws * n).reshape(draws, n).astype(np.float64)


def _ratio(sums: Floats) -> Floats:
    ratio: Floats = sums[..., 0] / np.where(sums[..., 1] > 0, sums[..., 1], np.nan)
    return ratio


def _figure(value: Any, drawn: Floats, n: int) -> Estimate:
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return constant(float("nan"), n)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": float(value), "low": float(low), "high": float(high), "n": n}
