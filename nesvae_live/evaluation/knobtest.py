"""Tests whether each knob does what it says, and only that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import bootstrap, mean_by_song, sum_by_song
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.space import value_to_coordinate
from nesvae_live.music.phrase import Ints

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]


class HasRows(Protocol):
    """Where phrases go on from, of which some can be had, or some several times."""

    def rows(self, index: NDArray[np.integer] | slice) -> Self:
        """Those of `index`."""


Contexts = TypeVar("Contexts", bound=HasRows)


@dataclass(frozen=True)
class Responses:
    """The phrases' attributes while each knob was turned alone, the others released.

    `values` `[s]` are the knob's, 0..1. `measured` is `[8 knobs, contexts, s, 8 attributes]`, NaN
    if there is nothing to measure. `song` is `[contexts]`.
    """

    values: Floats
    measured: Floats
    song: Ints

    def correlations(self) -> Floats:
        """Spearman's rho `[8 knobs, contexts, 8 attributes]`; 0 where it is undefined."""
        return spearman(self.values, np.moveaxis(self.measured, 2, -1))


def turn_knobs(
    play: Callable[[F32, F32, Contexts], Ints],
    quantiles: Quantiles,
    style: F32,
    past: Contexts,
    song: Ints,
    settings: int = 33,
) -> Responses:
    """Turn each knob over its whole range in every context, and decode once per value.

    Args:
        play: decodes as the instrument does.
        quantiles: for the knobs' ends.
        style: `[contexts, U]`.
        past: that of the contexts.
        song: `[contexts]`, the song that each belongs to.
        settings: how many values of the knob.
    """
    values = np.linspace(0.0, 1.0, settings)
    n = len(style)
    row = np.repeat(np.arange(n), settings)
    measured = np.empty((N_ATTRIBUTES, n, settings, N_ATTRIBUTES))
    for knob, (low, high) in enumerate(quantiles.reach()):
        z = np.zeros((n * settings, N_ATTRIBUTES + style.shape[1]), np.float32)
        z[:, knob] = np.tile([value_to_coordinate(v, low, high) for v in values], n)
        z[:, N_ATTRIBUTES:] = style[row]
        mask = np.zeros((n * settings, N_ATTRIBUTES), np.float32)
        mask[:, knob] = 1.0
        phrases = play(z, mask, past.rows(row))
        measured[knob] = measure(phrases).reshape(n, settings, N_ATTRIBUTES)
    return Responses(values, measured, song)


def spearman(values: Floats, measured: Floats) -> Floats:
    """Spearman's rank correlation of `[s]` with each of `[..., s]`; ties share their rank.

    NaNs are left out together with their values. The correlation is 0 where it is undefined: if all
    measures are equal, or fewer than half could be measured.
    """
    out = np.zeros(measured.shape[:-1])
    for at in np.ndindex(out.shape):
        y = measured[at]
        real = ~np.isnan(y)
        if 2 * real.sum() < len(y) or real.sum() < 2:
            continue
        a, b = ranks(values[real]), ranks(y[real])
        a, b = a - a.mean(), b - b.mean()
        size = np.sqrt((a @ a) * (b @ b))
        out[at] = a @ b / size if size > 0 else 0.0
    return out


def ranks(values: Floats) -> Floats:
    """The ranks of values `[n]`, 0..n - 1; equal values share the middle of their ranks."""
    _, row, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: Floats = np.cumsum(count) - (count + 1) / 2
    return middle[row]


def own_correlation(measured: Floats) -> Floats:
    """Spearman's correlations `[8, 8]` among the attributes of phrases `[n, 8]`, NaNs left out."""
    out = np.eye(N_ATTRIBUTES)
    for i in range(N_ATTRIBUTES):
        for j in range(i):
            real = ~np.isnan(measured[:, i] + measured[:, j])
            pair = spearman(measured[real, i], measured[real, j]) if real.sum() > 1 else 0.0
            out[i, j] = out[j, i] = pair
    return out


def leaks(rho: Floats, own: Floats) -> Floats:
    """How far each `rho` `[..., 8 knobs, 8 attributes]` lies outside the range from 0 to `own`.

    A knob may affect what is correlated with it in the data, as strongly as there; anything more,
    or in the other direction, is a leak. It is 0 on the diagonal.
    """
    beyond = np.maximum(rho - np.maximum(own, 0), np.minimum(own, 0) - rho)
    leak: Floats = np.maximum(beyond, 0) * (1 - np.eye(N_ATTRIBUTES))
    return leak


def knob_figures(responses: Responses, own: Floats) -> dict[str, Any]:
    """`knob_spearman.mean|worst|<knob>`, `leak` (mean of the 56 pairs) and `leak_worst`."""
    rho = responses.correlations()  # knob, context, attribute
    direct = np.stack([rho[i, :, i] for i in range(N_ATTRIBUTES)])  # knob, context
    each = {spec.name: mean_by_song(direct[i], responses.song) for i, spec in enumerate(ATTRIBUTES)}
    worst = min(each, key=lambda name: float(each[name]["value"]))
    contexts = rho.swapaxes(0, 1).reshape(rho.shape[1], -1)
    sums = sum_by_song(np.column_stack((contexts, np.ones(len(contexts)))), responses.song)

    def leak(total: Floats) -> Floats:
        mean = total[..., :-1] / total[..., -1:]
        return leaks(mean.reshape(*total.shape[:-1], N_ATTRIBUTES, N_ATTRIBUTES), own)

    def mean_leak(total: Floats) -> Floats:
        mean: Floats = leak(total).sum((-1, -2)) / (N_ATTRIBUTES * (N_ATTRIBUTES - 1))
        return mean

    pairs = leak(sums.sum(0))
    knob, attribute = (int(i) for i in np.unravel_index(pairs.argmax(), pairs.shape))
    return {
        "knob_spearman": {
            "mean": mean_by_song(direct.mean(0), responses.song),
            "worst": each[worst] | {"knob": worst},
            **each,
        },
        "leak": bootstrap(mean_leak, sums),
        "leak_worst": bootstrap(lambda total: leak(total)[..., knob, attribute], sums)
        | {"knob": ATTRIBUTES[knob].name, "attribute": ATTRIBUTES[attribute].name},
    }
