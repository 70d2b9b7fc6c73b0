"""The attributes that knobs turn: eight measures of a phrase, and their ranks in the corpus.

An attribute's value is what `measure` computes from the tuples. Its coordinate is the value's rank
in the corpus as a Gaussian quantile: 0 is the median of the corpus, and the ends are +-2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.phrase import LONGEST_HOLD, STEPS_PER_SECOND

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """An attribute: its id (the same everywhere), its unit, and what turning it up does."""

    name: str
    unit: str
    more: str


ATTRIBUTES = (
    AttributeSpec("density", "onsets/s", "more notes a second"),
    AttributeSpec("register", "MIDI note", "the pulses play higher"),
    AttributeSpec("bass", "0..1", "the triangle plays more of the time, and lower"),
    AttributeSpec("polyphony", "voices", "more voices at once"),
    AttributeSpec("regularity", "-bit", "fewer different note lengths"),
    AttributeSpec("motion", "semitones", "the pulses leap farther"),
    AttributeSpec("consonance", "0..1", "more thirds, fifths, sixths and octaves between voices"),
    AttributeSpec("focus", "-bit", "fewer different pitch classes"),
)
N_ATTRIBUTES = len(ATTRIBUTES)
REACH = 2.5
"""The ends of an attribute's knob, in standard deviations of the corpus."""

CONSONANT = np.array([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0], float)  # by interval class, 0 = unison
TR_LOWEST, TR_HIGHEST = 21, 108


def measure(phrases: NDArray[np.integer]) -> Floats:
    """Measure phrases.

    Args:
        phrases: `[n, t, 4]` tuples (notes and hold); a hold of 0 marks padding.

    Returns:
        `[n, 8]` float64 in the order of `ATTRIBUTES`; NaN where a phrase has nothing to measure
        (no pulse: register; fewer than two voices at once: consonance; no leap: motion; silence:
        focus).
    """
    notes = phrases[:, :, :3].astype(np.int64)
    held = phrases[:, :, 3].astype(np.float64)  # n t
    on = (notes > 0) & (held > 0)[:, :, None]  # n t 3
    weight = on * held[:, :, None]
    total = np.maximum(held.sum(1), 1e-9)
    return np.column_stack(
        (
            _onsets(notes, on) / total * STEPS_PER_SECOND,
            _mean(notes[:, :, :2], weight[:, :, :2]),
            (weight[:, :, 2] * (0.5 + 0.5 * _depth(notes[:, :, 2]))).sum(1) / total,
            weight.sum((1, 2)) / total,
            -_entropy(_histogram(phrases[:, :, 3].astype(np.int64) - 1, held > 0, LONGEST_HOLD)),
            _motion(notes, on),
            _consonance(notes, on, held),
            -_entropy(
                _histogram(
                    (notes % 12).reshape(len(notes), -1),
                    on.reshape(len(on), -1),
                    12,
                    weight.reshape(len(on), -1),
                ),
                empty=np.nan,
            ),
        )
    )


def _onsets(notes: NDArray[np.int64], on: NDArray[np.bool_]) -> Floats:
    starts = on[:, 0].sum(1)
    new = on[:, 1:] & ((notes[:, 1:] != notes[:, :-1]) | ~on[:, :-1])
    return np.asarray(starts + new.sum((1, 2)), float)


def _depth(notes: NDArray[np.int64]) -> Floats:
    return (TR_HIGHEST - notes) / (TR_HIGHEST - TR_LOWEST)


def _mean(values: NDArray[np.int64], weight: Floats) -> Floats:
    total = weight.sum((1, 2))
    return np.where(total > 0, (values * weight).sum((1, 2)) / np.maximum(total, 1e-9), np.nan)


def _histogram(
    values: NDArray[np.int64], real: NDArray[np.bool_], bins: int, weight: Floats | None = None
) -> Floats:
    out = np.zeros((len(values), bins))
    rows = np.broadcast_to(np.arange(len(values))[:, None], values.shape)
    w = np.ones(values.shape) if weight is None else weight
    np.add.at(out, (rows[real], values[real]), w[real])
    return out


def _entropy(histogram: Floats, empty: float = 0.0) -> Floats:
    total = histogram.sum(1, keepdims=True)
    p = histogram / np.maximum(total, 1e-9)
    bits = -(p * np.log2(np.maximum(p, 1e-12))).sum(1)
    return np.where(total[:, 0] > 0, bits, empty)


def _motion(notes: NDArray[np.int64], on: NDArray[np.bool_]) -> Floats:
    both = on[:, 1:, :2] & on[:, :-1, :2]
    leap = np.abs(notes[:, 1:, :2] - notes[:, :-1, :2]) * both
    count = (leap > 0).sum((1, 2))
    return np.where(count > 0, leap.sum((1, 2)) / np.maximum(count, 1), np.nan)


def _consonance(notes: NDArray[np.int64], on: NDArray[np.bool_], held: Floats) -> Floats:
    good = np.zeros(len(notes))
    all_ = np.zeros(len(notes))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = (on[:, :, a] & on[:, :, b]) * held
        good += (both * CONSONANT[np.abs(notes[:, :, a] - notes[:, :, b]) % 12]).sum(1)
        all_ += both.sum(1)
    return np.where(all_ > 0, good / np.maximum(all_, 1e-9), np.nan)


@dataclass(frozen=True)
class Quantiles:
    """Each attribute's ranks in the corpus, to convert values to coordinates and back.

    `values` `[8, k]` rising in each row (the last may repeat), `coordinates` `[8, k]` the Gaussian
    quantile of each.
    """

    values: Floats
    coordinates: Floats

    def to_coordinates(self, measured: Floats) -> Floats:
        """Measures `[n, 8]` to coordinates in -2.5..2.5; what could not be measured becomes 0."""
        out = np.empty(measured.shape)
        for i, (values, coordinates) in enumerate(self.steps):
            out[:, i] = np.interp(measured[:, i], values, coordinates)
        return np.nan_to_num(np.clip(out, -REACH, REACH), nan=0.0)

    @cached_property
    def steps(self) -> tuple[tuple[Floats, Floats], ...]:
        """Each attribute's values without what repeats, and the coordinate of each."""
        found = []
        for values, coordinates in zip(self.values, self.coordinates, strict=True):
            steps, first = np.unique(values, return_index=True)
            found.append((steps, coordinates[first]))
        return tuple(found)

    def reach(self) -> Floats:
        """The least and greatest coordinate that the corpus has, within +-2.5, `[8, 2]`."""
        ends = np.column_stack((self.coordinates[:, 0], self.coordinates[:, -1]))
        return np.clip(ends, -REACH, REACH)


def fit_quantiles(
    measured: Floats, normal_quantile: NDArray[np.float64], size: int = 129
) -> Quantiles:
    """Fit the ranks on a corpus.

    Args:
        measured: `[n, 8]` of the corpus' phrases, NaN where there was nothing to measure.
        normal_quantile: `[m]`, the standard normal's quantile at (i + .5) / m, i = 0..m - 1.
        size: how many knots are kept for each attribute.

    Returns:
        Knots at the corpus' own values; equal values share the middle of their ranks.
    """
    m = len(normal_quantile)
    values = np.empty((N_ATTRIBUTES, size))
    coordinates = np.empty((N_ATTRIBUTES, size))
    for i in range(N_ATTRIBUTES):
        column = np.sort(measured[~np.isnan(measured[:, i]), i])
        unique, first, count = np.unique(column, return_index=True, return_counts=True)
        rank = (first + (count - 1) / 2 + 0.5) / len(column)
        place = np.interp(rank, (np.arange(m) + 0.5) / m, normal_quantile)
        # Knots evenly spaced in the coordinate, each moved to the nearest value that exists.
        wanted = np.linspace(place[0], place[-1], size)
        nearest = (
            np.abs(place[:, None] - wanted[None, :]).argmin(0)
            if len(place) < size
            else (np.searchsorted(place, wanted).clip(0, len(place) - 1))
        )
        knots = np.unique(nearest)
        values[i] = np.pad(unique[knots], (0, size - len(knots)), mode="edge")
        coordinates[i] = np.pad(place[knots], (0, size - len(knots)), mode="edge")
    return Quantiles(values, coordinates)
