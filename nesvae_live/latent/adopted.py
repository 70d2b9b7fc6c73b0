"""A style of one's own: how z lies over somebody's files, and how it moves from phrase to phrase.

It has regions, as the corpus has (`walk`), of few phrases each; so each region's covariance is drawn
towards its own diagonal. Where a phrase lies says in which region the music is; it stays there as
steadily as the files do, and keeps from phrase to phrase as much of what sets it apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Condition, Joint, Quotes, Standing
from nesvae_live.latent.themes import LETTERS, MOST_PHRASES, Theme
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, tuples_to_symbols

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]

MOST_REGIONS, PHRASES_A_REGION = 6, 60
"""A region for so many phrases, and no more than so many regions."""
ALONE = 40.0
"""The covariances of a region weigh as much as its diagonal when it has so many phrases."""
GRAIN = 0.08
"""No region is narrower, in standard deviations of the corpus."""
FEW, USUAL_VARIANCE = 6.0, 0.35
"""The variance of every axis in a piece; what is usual in the corpus weighs as much as so many phrases."""
ROUNDS = 40
USUAL_KEPT, USUAL_STAY, SURE = 0.5, 0.9, 30.0
"""What is kept from phrase to phrase, and how likely it stays in a region, until so many phrases say."""
MOST_KEPT = 0.9
NOT_PLAYED = -2
"""The number of a phrase that none follows."""


@dataclass(frozen=True)
class AdoptedTheme:
    """A stretch of a piece, as tuples `[n, 4]` from a `place` of the bar on; the first phrase's z `[Z]`."""

    tuples: NDArray[np.int64]
    place: int
    z: Floats
    name: str = ""


@dataclass(frozen=True)
class Adopted:
    """A style.

    `weights` `[K]`, `means` `[K, Z]` and `covariances` `[K, Z, Z]` of the regions of z, along the axes of
    the checkpoint that `checkpoint_sha256` names. From phrase to phrase it stays in a region with the
    probability `stay`, and keeps `kept` `[Z]` of how far it is from the region's mean. Style axis i of
    who plays it is the checkpoint's axis `order[i]`, and `labels` `[U]` say what turning that up does.
    `amount`, 0..1, is how far the music is drawn to it.
    """

    name: str
    checkpoint_sha256: str
    weights: Floats
    means: Floats
    covariances: Floats
    stay: float
    kept: Floats
    order: tuple[int, ...]
    labels: tuple[str, ...]
    pieces: int
    phrases: int
    amount: float = 1.0
    themes: tuple[AdoptedTheme, ...] = field(default=())

    def __str__(self) -> str:
        """Its name and amount, as `--style` takes them."""
        return f"{self.name}:{self.amount:g}"

    def turned(self) -> Adopted:
        """The same along its own axes."""
        return replace(
            self,
            means=self.along(self.means),
            covariances=self.along(self.along(self.covariances).swapaxes(1, 2)).swapaxes(1, 2),
            kept=self.along(self.kept),
            order=tuple(range(len(self.order))),
            themes=tuple(replace(theme, z=self.along(theme.z)) for theme in self.themes),
        )

    def along(self, z: Floats) -> Floats:
        """Numbers of z `[..., Z]` along the checkpoint's axes, along the style's own."""
        axes = [*range(N_ATTRIBUTES), *(N_ATTRIBUTES + i for i in self.order)]
        return np.asarray(z[..., axes])

    def draw(self, rng: np.random.Generator) -> Floats:
        """A place in it `[Z]`, along the checkpoint's axes."""
        which = int(rng.choice(len(self.weights), p=self.weights))
        return np.asarray(rng.multivariate_normal(self.means[which], self.covariances[which]))

    def after(self, z: F32 | None) -> tuple[Floats, Floats, Floats]:
        """Where z may be after a phrase at `z` `[Z]` (None: the first one).

        Returns:
            The regions' weights `[K]`, means `[K, Z]` and covariances `[K, Z, Z]` then.
        """
        if z is None:
            return self.weights, self.means, self.covariances
        here = self.regions_of(z)
        weights = self.stay * here + (1.0 - self.stay) * self.weights
        kept = here[:, None] * self.kept
        means = self.means + kept * (z - self.means)
        left = np.sqrt(1.0 - kept**2)
        return weights, means, self.covariances * left[:, :, None] * left[:, None, :]

    def regions_of(self, z: NDArray[np.floating]) -> Floats:
        """`[..., K]`: how likely z `[..., Z]` is of each region."""
        logits = log_densities(z, self.weights, self.means, self.covariances)
        likely = np.exp(logits - logits.max(-1, keepdims=True))
        out: Floats = likely / likely.sum(-1, keepdims=True)
        return out


def order_of(style: Adopted | None) -> tuple[int, ...] | None:
    """The order of a style's axes; None: as in the checkpoint."""
    return None if style is None else style.order


def fit_regions(z: Floats, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Regions of phrases `[n, Z]`: their weights `[K]`, means `[K, Z]` and covariances `[K, Z, Z]`."""
    n, size = z.shape
    regions = int(np.clip(n // PHRASES_A_REGION, 1, MOST_REGIONS))
    rng = np.random.default_rng(seed)
    usual = np.maximum(z.var(0), GRAIN**2)
    centres = z[[int(rng.integers(n))]]
    for _ in range(regions - 1):  # each as far from the others as it can be
        apart = (np.square(z[:, None] - centres) / usual).sum(-1).min(1)
        centres = np.concatenate((centres, z[[int(apart.argmax())]]))
    apart = (np.square(z[:, None] - centres) / usual).sum(-1)
    of = np.eye(regions)[apart.argmin(1)]
    for _ in range(ROUNDS):
        counts = of.sum(0)
        weights = np.maximum(counts, 1e-6) / n
        means = of.T @ z / np.maximum(counts, 1e-6)[:, None]
        covariances = np.empty((regions, size, size))
        for k in range(regions):
            off = z - means[k]
            spread = (of[:, k, None] * off).T @ off / max(counts[k], 1e-6)
            few = FEW / (FEW + counts[k])
            diagonal = (1.0 - few) * np.diag(spread) + few * USUAL_VARIANCE + GRAIN**2
            covariances[k] = spread * counts[k] / (ALONE + counts[k])
            np.fill_diagonal(covariances[k], diagonal)
        logits = log_densities(z, weights, means, covariances)
        of = np.exp(logits - logits.max(1, keepdims=True))
        of /= of.sum(1, keepdims=True)
    return weights / weights.sum(), means, covariances


def fit_movement(
    pieces: Sequence[Floats], weights: Floats, means: Floats, covariances: Floats
) -> tuple[float, Floats]:
    """How steady pieces are: how likely they stay in a region, and what they keep `[Z]` there.

    Args:
        pieces: `[n, Z]` each, phrases in a row.
        weights: `[K]`, of the regions.
        means: `[K, Z]`.
        covariances: `[K, Z, Z]`.
    """
    stays = goes = 0.0
    both = np.zeros(means.shape[1])
    alone = np.zeros(means.shape[1])
    for z in pieces:
        logits = log_densities(z, weights, means, covariances)
        of = np.exp(logits - logits.max(1, keepdims=True))
        of /= of.sum(1, keepdims=True)
        stay = (of[:-1] * of[1:]).sum(1)
        stays, goes = stays + float(stay.sum()), goes + float((1.0 - stay).sum())
        off = z - of @ means
        both += (stay[:, None] * off[:-1] * off[1:]).sum(0)
        alone += (stay[:, None] * (np.square(off[:-1]) + np.square(off[1:])) / 2.0).sum(0)
    seen = stays + goes
    stay_there = (stays + SURE * USUAL_STAY) / (seen + SURE)
    kept = np.clip(both / np.maximum(alone, 1e-9), 0.0, MOST_KEPT)
    return float(stay_there), (stays * kept + SURE * USUAL_KEPT) / (stays + SURE)


def log_densities(
    z: NDArray[np.floating], weights: Floats, means: Floats, covariances: Floats
) -> Floats:
    """`[..., K]`: the log of each region's weight times its density at z `[..., Z]`, but for a constant."""
    roots = np.linalg.cholesky(covariances)
    whiten = np.linalg.inv(roots)
    apart = [np.square((z - mean) @ w.T).sum(-1) for mean, w in zip(means, whiten, strict=True)]
    sizes = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(1)
    out: Floats = np.log(np.maximum(weights, 1e-12)) - 0.5 * np.stack(apart, -1) - sizes
    return out


def themes_of(style: Adopted | None, origin: Standing) -> dict[str, Theme]:
    """A style's themes by their letters, to be come back to from where `origin` has no past."""
    if style is None or not isinstance(origin, Quotes):
        return {}
    out = {}
    for letter, theme in zip(LETTERS, style.themes, strict=False):
        rows = tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in theme.tuples)
        end = Joint(_Quoted(origin, theme), len(rows))
        mask = np.ones(N_ATTRIBUTES, np.float32)
        z = style.along(theme.z).astype(np.float32)
        condition = Condition(z, mask, SAMPLING.temperature, 0)
        first = rows[:TUPLES_PER_PHRASE]
        out[letter] = Theme(first, end, condition, None, NOT_PLAYED, len(rows), MOST_PHRASES)
    return out


@dataclass(frozen=True)
class _Quoted:
    """A theme as if it had been spelt."""

    origin: Quotes
    theme: AdoptedTheme

    @property
    def symbols(self) -> NDArray[np.int64]:
        """`[T, 4]`."""
        return tuples_to_symbols(self.theme.tuples)

    def state(self, tuples: int) -> Standing:
        """The state after `tuples` of them."""
        return self.origin.having(self.symbols[:tuples], self.theme.place)
