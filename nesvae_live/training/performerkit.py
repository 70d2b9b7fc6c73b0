"""Finds the performer's kit: envelopes clustered from the corpus' notes, and its duty sequences."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.kit import DUTIES, Kit
from nesvae_live.model.performer.notes import STEPS
from nesvae_live.music.events import LOUDEST

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 12
LOOKED_AT = 60_000
"""So many notes are clustered, drawn from all."""
WORTH = 0.15
"""How much a 15th of the volume off costs beside a step that isn't the same."""


def find_kit(
    volume: Bytes, duty: Bytes, steps: Ints, shapes: int, duties: int, seed: int = 0
) -> Kit:
    """The kit of notes, so many `shapes` and `duties`, at least 4.

    `volume` and `duty` are `[n, STEPS]`; each note lasts `steps` `[n]`.
    """
    rng = np.random.default_rng(seed)
    picks = rng.permutation(len(volume))[:LOOKED_AT]
    found = _cluster(*_distinct(volume[picks], steps[picks]), shapes, rng)
    return Kit(found, _duties(duty, steps, duties))


def _distinct(volume: Bytes, steps: Ints) -> tuple[Bytes, Ints, Floats]:
    """Notes in 15ths of their loudest, how long each is, and how often there is such a one."""
    steps = np.minimum(steps, STEPS)
    inside = np.arange(STEPS) < steps[:, None]
    loudest = np.where(inside, volume, 0).max(1, keepdims=True).astype(np.int64)
    scaled = (2 * volume.astype(np.int64) * LOUDEST + loudest) // (2 * np.maximum(loudest, 1))
    scaled = np.where(inside, np.clip(scaled, 0, LOUDEST), 0)
    rows, counts = np.unique(np.column_stack((steps, scaled)), axis=0, return_counts=True)
    return rows[:, 1:].astype(np.uint8), rows[:, 0], counts.astype(np.float64)


def _cluster(
    notes: Bytes, steps: Ints, counts: Floats, k_all: int, rng: np.random.Generator
) -> Bytes:
    """k-modes `[k_all, STEPS]`: each step of a centre is the commonest value of its notes there."""
    inside = np.arange(STEPS) < steps[:, None]
    weight = counts * np.sqrt(steps)
    long = np.flatnonzero(steps >= 8)
    begin = long if len(long) >= k_all else np.arange(len(notes))
    few, chance = len(begin) < k_all, weight[begin] / weight[begin].sum()
    chosen = rng.choice(begin, k_all, replace=few, p=chance)
    centres = np.where(inside[chosen], notes[chosen], notes[chosen, steps[chosen] - 1][:, None])
    for _ in range(ROUNDS):
        nearest = _nearest(notes, inside, centres)
        for k in range(k_all):
            mine = nearest == k
            if mine.any():
                centres[k] = _mode(notes[mine], inside[mine], weight[mine], centres[k])
            else:  # nobody's: it goes where the most is missed
                centres[k] = centres[rng.integers(k_all)]
    shares = np.bincount(_nearest(notes, inside, centres), weight, k_all)
    return _loudest_first(centres[np.argsort(-shares)])


def _loudest_first(centres: Bytes) -> Bytes:
    """Centres whose greatest value is the loudest; none begins with silence or falls to it for good."""
    top = centres.max(1, keepdims=True).astype(np.int64)
    scaled = (2 * centres.astype(np.int64) * LOUDEST + top) // (2 * np.maximum(top, 1))
    return np.asarray(np.clip(scaled, 1, LOUDEST), np.uint8)


def _nearest(notes: Bytes, inside: NDArray[np.bool_], centres: Bytes) -> Ints:
    out = np.zeros(len(notes), np.int64)
    for part in np.array_split(np.arange(len(notes)), 1 + len(notes) // 500):
        apart = np.abs(notes[part, None].astype(np.int16) - centres[None].astype(np.int16))
        cost = ((apart > 0) + WORTH * apart) * inside[part, None]
        out[part] = cost.sum(-1).argmin(1)
    return out


def _mode(notes: Bytes, inside: NDArray[np.bool_], weight: Floats, before: Bytes) -> Bytes:
    out = before.copy()
    for t in range(STEPS):
        here = inside[:, t]
        if here.any():
            out[t] = np.bincount(notes[here, t], weight[here], LOUDEST + 1).argmax()
        elif t:
            out[t] = out[t - 1]
    return out


def _duties(duty: Bytes, steps: Ints, count: int) -> Bytes:
    """`[count, STEPS]`: the four that stay, and the commonest that change, as far as there are any."""
    counts: Counter[bytes] = Counter()
    for row, long in zip(duty, np.minimum(steps, STEPS), strict=True):
        if long >= 4 and (row[:long] != row[0]).any():
            settled = row.copy()
            settled[8:] = row[min(long, 8) - 1]
            counts[settled.tobytes()] += 1
    common = [np.frombuffer(key, np.uint8) for key, _ in counts.most_common(count - DUTIES)]
    still = [np.full(STEPS, d, np.uint8) for d in range(DUTIES)]
    return np.resize(np.stack([*still, *common]), (count, STEPS))
