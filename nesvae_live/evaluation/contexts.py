"""Contexts in songs: phrases with their attributes and style, and the past before each."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.chip.corpus import phrases_to_symbols
from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.latent.walk import Spread
from nesvae_live.model.song.song import SongVae
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints, tuples_to_phrases

F32 = NDArray[np.float32]
BATCH = 512
REGIONS, LEAST = 12, 400
"""The most regions of z, and the fewest phrases for each."""

ATTRIBUTE_NOISE = 0.1
"""The grain of the attribute coordinates (a standard deviation): no region of z is narrower, and
they are paid for as N(a, 0.1) against N(0, 1)."""


@dataclass(frozen=True)
class EncodedPhrases:
    """Phrases of songs as the encoder sees them.

    `symbols` `[n, 13, 4]`, `counts` `[n]` of real tuples and `song` `[n]`; attributes `a` `[n, 8]`.
    `mu` and `u` `[n, U]` are the style's mean and one draw of it, `log_sigma` its spread, and
    `first` `[n]` is true where a song starts.
    """

    symbols: Ints
    counts: Ints
    song: Ints
    first: NDArray[np.bool_]
    a: F32
    mu: F32
    log_sigma: F32
    u: F32

    def __len__(self) -> int:
        return len(self.counts)


class HasSongs(Protocol):
    """A corpus, in steps or in ticks."""

    @property
    def songs(self) -> tuple[Ints, ...]:
        """Each song's tuples `[m, 4]`."""


@torch.no_grad()
def encode(
    model: SongVae, quantiles: Quantiles, corpus: HasSongs, rng: np.random.Generator
) -> EncodedPhrases:
    """Encode every phrase of every song."""
    cut = [tuples_to_phrases(song) for song in corpus.songs]
    phrases = np.concatenate([p for p, _ in cut])
    counts = np.concatenate([c for _, c in cut])
    song = np.repeat(np.arange(len(cut)), [len(p) for p, _ in cut])
    symbols = phrases_to_symbols(phrases)
    parts = [
        model.encoder(
            torch.from_numpy(symbols[i : i + BATCH]), torch.from_numpy(counts[i : i + BATCH])
        )
        for i in range(0, len(symbols), BATCH)
    ]
    mu, log_sigma = (torch.cat(p).numpy() for p in zip(*parts, strict=True))
    noise = torch.from_numpy(rng.standard_normal(mu.shape, dtype=np.float32))
    scatter = model.encoder.scatter(torch.from_numpy(log_sigma), noise).numpy()
    return EncodedPhrases(
        symbols=symbols,
        counts=counts,
        song=song,
        first=np.diff(song, prepend=-1) > 0,
        a=quantiles.to_coordinates(measure(phrases)).astype(np.float32),
        mu=mu,
        log_sigma=log_sigma,
        u=mu + scatter,
    )


def measure_spread(encoded: EncodedPhrases) -> Spread:
    """The distribution of z over the phrases, for the auto mode: a mixture of Gaussians."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    z = np.concatenate((encoded.a, encoded.u), 1).astype(np.float64)
    regions = max(1, min(REGIONS, len(z) // LEAST))
    mixture = GaussianMixture(regions, reg_covar=ATTRIBUTE_NOISE**2, max_iter=60, random_state=0)
    with warnings.catch_warnings():  # more iterations would change nothing audible
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(z)
    return Spread(mixture.weights_, mixture.means_, mixture.covariances_)


def choose_phrases(
    encoded: EncodedPhrases, n: int, rng: np.random.Generator, *, with_past: bool = False
) -> Ints:
    """Up to n rows of whole phrases (only those with a past, if wanted), distinct and in order."""
    fits = encoded.counts == TUPLES_PER_PHRASE
    if with_past:
        fits &= ~encoded.first
    rows = np.flatnonzero(fits)
    return np.sort(rng.choice(rows, min(n, len(rows)), replace=False))
