"""Eleven features of a phrase, and how far the distributions of two bodies of music differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import measure
from nesvae_live.music.phrase import Ints

Floats = NDArray[np.float64]
BINS = 40
"""The bins of a histogram; one more holds the phrases in which there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A feature: its id, its unit, and the ends of its histogram, at which values are clipped."""

    name: str
    unit: str
    low: float
    high: float


FEATURES = (
    FeatureSpec("onsets", "onsets/s", 0.0, 60.0),
    FeatureSpec("length", "log2 steps a phrase", 3.7, 8.7),
    FeatureSpec("register", "MIDI note, pulses", 33.0, 108.0),
    FeatureSpec("triangle", "share of time TR sounds", 0.0, 1.0),
    FeatureSpec("polyphony", "voices", 0.0, 3.0),
    FeatureSpec("short", "share of one-step tuples", 0.0, 1.0),
    FeatureSpec("rhythm", "bits, entropy of the holds", 0.0, 3.7),
    FeatureSpec("interval", "semitones, mean of P1's", 0.0, 24.0),
    FeatureSpec("consonance", "share of sounding pairs", 0.0, 1.0),
    FeatureSpec("pitch_classes", "bits, entropy", 0.0, 3.6),
    FeatureSpec("diatonic", "share in the best scale", 0.0, 1.0),
)
MAJOR_SCALE = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], float)
MAJOR_SCALES = np.stack([np.roll(MAJOR_SCALE, k) for k in range(12)], 1)  # pitch class, scale


def features(phrases: Ints) -> Floats:
    """The features `[n, 11]` of tuples `[n, t, 4]` (hold 0 is padding); NaN if undefined."""
    measured = measure(phrases)
    notes, held = phrases[:, :, :3], phrases[:, :, 3].astype(np.float64)
    on = (notes > 0) & (held > 0)[:, :, None]
    steps = np.maximum(held.sum(1), 1.0)
    return np.column_stack(
        (
            measured[:, 0],
            np.log2(steps),
            measured[:, 1],
            (on[:, :, 2] * held).sum(1) / steps,
            measured[:, 3],
            (held == 1).sum(1) / np.maximum((held > 0).sum(1), 1),
            -measured[:, 4],
            _mean_interval(notes[:, :, 0], on[:, :, 0]),
            measured[:, 6],
            -measured[:, 7],
            _diatonic(notes, on * held[:, :, None]),
        )
    )


def _mean_interval(notes: Ints, on: NDArray[np.bool_]) -> Floats:
    leap = np.abs(notes[:, 1:] - notes[:, :-1]) * (on[:, 1:] & on[:, :-1])
    count = (leap > 0).sum(1)
    return np.where(count > 0, leap.sum(1) / np.maximum(count, 1), np.nan)


def _diatonic(notes: Ints, weight: Floats) -> Floats:
    classes = np.zeros((len(notes), 12))
    rows = np.broadcast_to(np.arange(len(notes))[:, None, None], notes.shape)
    np.add.at(classes, (rows, notes % 12), weight)
    total = classes.sum(1)
    best: Floats = (classes @ MAJOR_SCALES).max(1) / np.maximum(total, 1e-9)
    return np.where(total > 0, best, np.nan)


def to_bins(values: Floats) -> NDArray[np.int64]:
    """The bins of features `[n, 11]`, 0..BINS - 1; `BINS` for NaN."""
    low = np.array([f.low for f in FEATURES])
    high = np.array([f.high for f in FEATURES])
    place = np.clip(np.nan_to_num((values - low) / (high - low)), 0.0, 1.0)
    bins = np.minimum((place * BINS).astype(np.int64), BINS - 1)
    return np.where(np.isnan(values), BINS, bins)


def histograms(values: Floats, group: NDArray[np.integer], n_groups: int) -> Floats:
    """Histograms `[11, groups, BINS + 1]` of features `[n, 11]`, each of a group (song) `[n]`."""
    out = np.zeros((len(FEATURES), n_groups, BINS + 1))
    bins = to_bins(values)
    for i in range(len(FEATURES)):
        np.add.at(out[i], (group, bins[:, i]), 1.0)
    return out


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """The divergence of two histograms `[..., bins]` in bits, from 0 (equal) to 1 (disjoint)."""
    p = one / one.sum(-1, keepdims=True)
    q = other / other.sum(-1, keepdims=True)
    middle = (p + q) / 2
    js: Floats = (_relative(p, middle) + _relative(q, middle)) / 2
    return js


def _relative(p: Floats, q: Floats) -> Floats:
    bits: Floats = (p * np.log2(np.where(p > 0, p, 1) / np.where(q > 0, q, 1))).sum(-1)
    return bits
