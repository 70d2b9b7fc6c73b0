"""Draws the map of the corpus: lays phrases out on a surface so that neighbours are alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.contexts import EncodedPhrases
from nesvae_live.evaluation.song.songplaying import F32
from nesvae_live.latent.atlas import BLENDED, MOST_POINTS, Atlas
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.music.phrase import TUPLES_PER_PHRASE

Floats = NDArray[np.float64]

PERPLEXITY = 30.0
LEFT_OUT = 500
"""How many points are left out to measure how well their neighbours represent them."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How well the blend of a point's eight neighbours predicts it, with the point left out.

    It is R2: the mean over the eight `attributes`, and over the `style` axes weighted by what they
    do. 1 is a perfect prediction, 0 is no better than the mean of the corpus.
    """

    attributes: float
    style: float


def draw_atlas(encoded: EncodedPhrases, effects: Floats, rng: np.random.Generator) -> Atlas | None:
    """Lay up to 5,000 whole phrases out on the unit square.

    Args:
        encoded: the corpus' phrases.
        effects: `[U]`, how much each style axis does to the output: the strongest counts as much
            as an attribute, the others less.
        rng: chooses the phrases; the layout (t-SNE, started from the principal axes) draws nothing.

    Returns:
        The map, or None if there are too few phrases for one.
    """
    whole = np.flatnonzero(encoded.counts == TUPLES_PER_PHRASE)
    rows = np.sort(rng.choice(whole, min(MOST_POINTS, len(whole)), replace=False))
    z = np.concatenate((encoded.a[rows], encoded.mu[rows]), 1).astype(np.float32)
    if len(z) <= 2 * BLENDED:
        return None
    return Atlas(z, _lay_out(z * weigh(effects)))


def weigh(effects: Floats) -> F32:
    """How much a step along each axis of z counts, `[8 + U]`."""
    style = effects / max(float(effects.max()), 1e-9)
    return np.concatenate((np.ones(N_ATTRIBUTES), style)).astype(np.float32)


def _lay_out(points: F32) -> F32:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    layout = TSNE(2, perplexity=perplexity, init="pca", random_state=0, n_jobs=1)
    with threadpool_limits(1):  # sums in a fixed order, and no spinning threads
        xy = np.asarray(layout.fit_transform(points), np.float64)
    low, high = xy.min(0), xy.max(0)
    out: F32 = ((xy - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
    return out


def measure_fidelity(atlas: Atlas, effects: Floats, rng: np.random.Generator) -> Fidelity:
    """Leave points out, one at a time, and measure how close the blend at their place comes."""
    n = len(atlas.z)
    left_out = rng.choice(n, min(LEFT_OUT, n - BLENDED - 1), replace=False)
    blends = []
    for i in left_out:
        others = np.arange(n) != i
        x, y = atlas.xy[i].tolist()
        blends.append(Atlas(atlas.z[others], atlas.xy[others]).blend(x, y))
    true = atlas.z[left_out].astype(np.float64)
    error = np.square(true - np.stack(blends)).mean(0)
    r2 = 1.0 - error / np.maximum(true.var(0), 1e-9)
    weights = weigh(effects)[N_ATTRIBUTES:].astype(np.float64) ** 2
    style = float((r2[N_ATTRIBUTES:] * weights).sum() / max(weights.sum(), sqrt(1e-9)))
    return Fidelity(round(float(r2[:N_ATTRIBUTES].mean()), 3), round(style, 3))
