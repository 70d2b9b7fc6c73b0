"""Traits of a phrase, by which style axes are labelled in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.features import features
from nesvae_live.latent.attributes import measure
from nesvae_live.music.phrase import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TraitSpec:
    """A trait: its id, and what more and less of it is called."""

    name: str
    more: str
    less: str


TRAITS = (
    TraitSpec("density", "more notes a second", "fewer notes a second"),
    TraitSpec("together", "voices move together", "voices move one by one"),
    TraitSpec("rhythm", "many lengths", "even lengths"),
    TraitSpec("slowing", "slows down", "speeds up"),
    TraitSpec("p1_register", "pulse 1 higher", "pulse 1 lower"),
    TraitSpec("p2_register", "pulse 2 higher", "pulse 2 lower"),
    TraitSpec("tr_register", "triangle higher", "triangle lower"),
    TraitSpec("p1_sounds", "pulse 1 sounds more", "pulse 1 rests more"),
    TraitSpec("p2_sounds", "pulse 2 sounds more", "pulse 2 rests more"),
    TraitSpec("tr_sounds", "triangle sounds more", "triangle rests more"),
    TraitSpec("p1_moves", "pulse 1 busier", "pulse 1 calmer"),
    TraitSpec("p2_moves", "pulse 2 busier", "pulse 2 calmer"),
    TraitSpec("tr_moves", "triangle busier", "triangle calmer"),
    TraitSpec("p1_leaps", "pulse 1 leaps", "pulse 1 steps"),
    TraitSpec("p2_leaps", "pulse 2 leaps", "pulse 2 steps"),
    TraitSpec("tr_leaps", "triangle leaps", "triangle steps"),
    TraitSpec("apart", "pulses far apart", "pulses close"),
    TraitSpec("rising", "pulses rise", "pulses fall"),
    TraitSpec("consonance", "more consonant", "less consonant"),
    TraitSpec("pitch_classes", "more pitch classes", "fewer pitch classes"),
    TraitSpec("repeats", "repeats itself", "always new"),
    TraitSpec("major", "major", "minor"),
    TraitSpec("key_c", "keys near C", "keys near F sharp"),
    TraitSpec("key_a", "keys near A", "keys near E flat"),
)
MAJOR_PROFILE = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR_PROFILE = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
"""Krumhansl and Kessler's profiles: how well each pitch class fits into C major and C minor."""

FIFTHS = np.exp(2j * np.pi * (7 * np.arange(12) % 12) / 12)
"""Each pitch class on the circle of fifths, as a point of the complex plane."""


def traits(phrases: Ints) -> Floats:
    """The traits `[n, TRAITS]` of tuples `[n, t, 4]` (hold 0 is padding); NaN if undefined."""
    measured, featured = measure(phrases), features(phrases)
    notes, held = phrases[:, :, :3], phrases[:, :, 3].astype(np.float64)
    on = (notes > 0) & (held > 0)[:, :, None]  # n t 3
    weight = on * held[:, :, None]
    steps = np.maximum(held.sum(1), 1.0)
    count = np.maximum((held > 0).sum(1), 1)
    starts = on.copy()
    starts[:, 1:] &= (notes[:, 1:] != notes[:, :-1]) | ~on[:, :-1]
    moves = starts.sum(1) / count[:, None]  # n 3
    register = _over((notes * weight).sum(1), weight.sum(1))
    leaps = np.abs(np.diff(notes, axis=1)) * (on[:, 1:] & on[:, :-1])
    leap = _over(leaps.sum(1), (leaps > 0).sum(1))
    both = (on[:, :, 0] & on[:, :, 1]) * held
    apart = _over((np.abs(notes[:, :, 0] - notes[:, :, 1]) * both).sum(1), both.sum(1))
    key = _key(notes, weight)
    columns = (
        measured[:, 0],
        _over(starts.sum((1, 2)), starts.any(2).sum(1)),
        featured[:, 6],
        _slowing(held),
        *register.T,
        *(weight.sum(1) / steps[:, None]).T,
        *moves.T,
        *leap.T,
        apart,
        _rising(notes[:, :, :2], weight[:, :, :2]),
        measured[:, 6],
        featured[:, 9],
        _repeats(notes, held > 0),
        *key.T,
    )
    return np.column_stack(columns)


def _over(total: Floats, count: Floats) -> Floats:
    """The mean; NaN if the count is 0."""
    return np.where(count > 0, total / np.where(count > 0, count, 1), np.nan)


def _slowing(held: Floats) -> Floats:
    """The log2 of the second half's mean hold over the first half's."""
    half = held.shape[1] // 2
    first, second = held[:, :half], held[:, -half:]
    whole = (held > 0).all(1)
    return np.where(
        whole, np.log2(np.maximum(second.mean(1), 1e-9) / np.maximum(first.mean(1), 1e-9)), np.nan
    )


def _rising(notes: Ints, weight: Floats) -> Floats:
    """How many semitones higher the pulses are on average in the second half than in the first."""
    half = notes.shape[1] // 2
    ends = [
        _over((notes[:, at] * weight[:, at]).sum((1, 2)), weight[:, at].sum((1, 2)))
        for at in (slice(None, half), slice(-half, None))
    ]
    return np.asarray(ends[1] - ends[0])


def _repeats(notes: Ints, real: NDArray[np.bool_]) -> Floats:
    """The share of tuples whose three notes have sounded together before in the phrase."""
    word = (notes * np.array([1, 128, 128 * 128])).sum(2)
    same = (word[:, :, None] == word[:, None, :]) & real[:, None, :]
    before = np.tril(np.ones(same.shape[1:], bool), -1)
    return np.asarray(((same & before).any(2) & real).sum(1) / np.maximum(real.sum(1), 1))


def _key(notes: Ints, weight: Floats) -> Floats:
    """How much more major than minor, and how far towards C and A on the circle of fifths."""
    classes = np.zeros((len(notes), 12))
    rows = np.broadcast_to(np.arange(len(notes))[:, None, None], notes.shape)
    np.add.at(classes, (rows, notes % 12), weight)
    total = classes.sum(1, keepdims=True)
    share = np.where(total > 0, classes / np.maximum(total, 1e-9), np.nan)
    centred = share - 1 / 12
    fits = [
        np.stack([centred @ np.roll(p - p.mean(), k) / p.std() for k in range(12)], 1).max(1)
        for p in (MAJOR_PROFILE, MINOR_PROFILE)
    ]
    place = share @ FIFTHS
    return np.column_stack((fits[0] - fits[1], place.real, place.imag))
