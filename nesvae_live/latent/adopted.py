"""A style of one's own: how z lies over somebody's files, and how it moves from phrase to phrase.

It has regions, as the corpus has (`walk`), but of a dozen phrases each: so each has deviations of its own, and
all share the correlations between axes. Where a phrase lies says in which region the music is; it stays there as
steadily as the files do, and keeps from phrase to phrase as much of what sets it apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Condition, Joint, Quotes, Standing
from nesvae_live.latent.themes import LETTERS, MOST_PHRASES, Theme
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, tuples_to_symbols

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]

MOST_REGIONS, PHRASES_A_REGION = 16, 12
"""A region for so many phrases, and no more than so many regions."""
ALONE = 40.0
"""Correlations weigh as much as none when there are so many phrases."""
GRAIN = 0.08
"""No region is narrower, in standard deviations of the corpus."""
FEW, USUAL_VARIANCE = 6.0, 0.35
"""The variance of an axis in a piece of the corpus. What is usual weighs as much as so many phrases:
in the corpus for the files, and in the files for a region."""
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

    `weights` `[K]`, `means` `[K, Z]` and `deviations` `[K, Z]` of the regions of z, and their
    `correlations` `[Z, Z]`, along the axes of the checkpoint that `checkpoint_sha256` names. From phrase to phrase it stays in a region with the
    probability `stay`, and keeps `kept` `[Z]` of how far it is from the region's mean. Style axis i of
    who plays it is the checkpoint's axis `order[i]`, and `labels` `[U]` say what turning that up does.
    `amount`, 0..1, is how far the music is drawn to it.
    """

    name: str
    checkpoint_sha256: str
    weights: Floats
    means: Floats
    deviations: Floats
    correlations: Floats
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
            deviations=self.along(self.deviations),
            correlations=self.along(self.along(self.correlations).T),
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
        noise = np.linalg.cholesky(self.correlations) @ rng.standard_normal(len(self.kept))
        return np.asarray(self.means[which] + self.deviations[which] * noise)

    def after(self, z: F32 | None) -> tuple[Floats, Floats, Floats]:
        """Where z may be after a phrase at `z` `[Z]` (None: the first one).

        Returns:
            The regions' weights `[K]`, means `[K, Z]` and deviations `[K, Z]` then.
        """
        if z is None:
            return self.weights, self.means, self.deviations
        here = self.regions_of(z)
        weights = self.stay * here + (1.0 - self.stay) * self.weights
        kept = here[:, None] * self.kept
        means = self.means + kept * (z - self.means)
        return weights, means, self.deviations * np.sqrt(1.0 - kept**2)

    def regions_of(self, z: NDArray[np.floating]) -> Floats:
        """`[..., K]`: how likely z `[..., Z]` is of each region."""
        return shares(z, Regions(self.weights, self.means, self.deviations, self.correlations))


def order_of(style: Adopted | None) -> tuple[int, ...] | None:
    """The order of a style's axes; None: as in the checkpoint."""
    return None if style is None else style.order


class Regions(NamedTuple):
    """`weights` `[K]`, `means` `[K, Z]` and `deviations` `[K, Z]`; `correlations` `[Z, Z]` of all."""

    weights: Floats
    means: Floats
    deviations: Floats
    correlations: Floats


def fit_regions(z: Floats, seed: int = 0) -> Regions:
    """Regions of phrases `[n, Z]`, by expectation and maximisation."""
    n, size = z.shape
    k = int(np.clip(n // PHRASES_A_REGION, 1, MOST_REGIONS))
    rng = np.random.default_rng(seed)
    spread = np.sqrt(_shrunk(z.var(0), n, USUAL_VARIANCE))
    centres = z[[int(rng.integers(n))]]
    for _ in range(k - 1):  # each as far from the others as it can be
        apart = (np.square(z[:, None] - centres) / spread**2).sum(-1).min(1)
        centres = np.concatenate((centres, z[[int(apart.argmax())]]))
    apart = (np.square(z[:, None] - centres) / spread**2).sum(-1)
    of: Floats = np.eye(k)[apart.argmin(1)]
    for _ in range(ROUNDS):
        counts = np.maximum(of.sum(0), 1e-6)
        means = of.T @ z / counts[:, None]
        variances = np.stack([of[:, i] @ np.square(z - means[i]) / counts[i] for i in range(k)])
        inside = _shrunk(counts @ variances / n, n, USUAL_VARIANCE)
        deviations = np.sqrt(_shrunk(variances, counts[:, None], inside))
        correlations = np.zeros((size, size))
        for i in range(k):
            off = (z - means[i]) / deviations[i]
            correlations += (of[:, i, None] * off).T @ off
        correlations /= n + ALONE
        np.fill_diagonal(correlations, 1.0)
        found = Regions(counts / counts.sum(), means, deviations, correlations)
        of = shares(z, found)
    return found


def _shrunk(variances: Floats, n: Floats | float, usual: Floats | float) -> Floats:
    """Variances over n phrases, and what is usual; none is narrower than the grain."""
    return np.asarray((n * variances + FEW * usual) / (n + FEW) + GRAIN**2)


def fit_movement(pieces: Sequence[Floats], regions: Regions) -> tuple[float, Floats]:
    """How steady pieces are: how likely they stay in a region, and what they keep `[Z]` there.

    Args:
        pieces: `[n, Z]` each, phrases in a row.
        regions: of all of them.
    """
    stays = goes = 0.0
    both = np.zeros(regions.means.shape[1])
    alone = np.zeros(regions.means.shape[1])
    for z in pieces:
        of = shares(z, regions)
        stay = (of[:-1] * of[1:]).sum(1)
        stays, goes = stays + float(stay.sum()), goes + float((1.0 - stay).sum())
        off = z - of @ regions.means
        both += (stay[:, None] * off[:-1] * off[1:]).sum(0)
        alone += (stay[:, None] * (np.square(off[:-1]) + np.square(off[1:])) / 2.0).sum(0)
    stay_there = (stays + SURE * USUAL_STAY) / (stays + goes + SURE)
    kept = np.clip(both / np.maximum(alone, 1e-9), 0.0, MOST_KEPT)
    return float(stay_there), (stays * kept + SURE * USUAL_KEPT) / (stays + SURE)


def shares(z: NDArray[np.floating], regions: Regions) -> Floats:
    """`[..., K]`: how likely z `[..., Z]` is of each region."""
    whiten = np.linalg.inv(np.linalg.cholesky(regions.correlations))
    logits = [
        np.log(max(float(weight), 1e-12))
        - 0.5 * np.square(((z - mean) / deviation) @ whiten.T).sum(-1)
        - np.log(deviation).sum()
        for weight, mean, deviation in zip(*regions[:3], strict=True)
    ]
    likely = np.stack(logits, -1)
    likely = np.exp(likely - likely.max(-1, keepdims=True))
    return np.asarray(likely / likely.sum(-1, keepdims=True))


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
