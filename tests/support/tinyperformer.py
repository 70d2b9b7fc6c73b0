"""A performer of random weights, and a score that is made of its kit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import STEPS
from nesvae_live.model.performer.performerfile import PerformerConfig, PerformerFile

TINY = PerformerConfig(shapes=5, duties=6, hidden=12, pair_hidden=8)


def tiny_kit() -> Kit:
    """Steady, falling, struck, swelling and pulsing; four duties that stay and two that change."""
    ages = np.arange(STEPS)
    shapes = [
        np.full(STEPS, 15),
        np.maximum(15 - ages, 3),
        np.where(ages < 2, 15, 5),
        np.minimum(5 + 2 * ages, 15),
        np.where(ages % 4 < 2, 15, 8),
    ]
    duties = [np.full(STEPS, d) for d in range(4)]
    duties += [np.where(ages < 2, 0, 2), np.where(ages < 1, 1, 3)]
    return Kit(np.array(shapes, np.uint8), np.array(duties, np.uint8))


def tiny_performer(seed: int = 0) -> PerformerFile:
    """A performer that chooses by chance."""
    rng = np.random.default_rng(seed)
    weights = {
        name: (0.5 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in TINY.weights().items()
    }
    return PerformerFile(TINY, tiny_kit(), weights)


def performed_score(seed: int = 0, notes: int = 40) -> NDArray[np.uint8]:
    """A score `[N, 4, 3]`: each voice keeps to one patch of the kit, at one level."""
    rng, kit = np.random.default_rng(seed), tiny_kit()
    lengths = rng.choice([3, 4, 6, 12], notes)
    score = np.zeros((int(lengths.sum()), 4, 3), np.uint8)
    levels = rng.integers(6, 16, 2)
    shapes, duties = rng.integers(len(kit.shapes), size=2), rng.integers(4, size=2)
    at = 0
    for i, length in enumerate(lengths):
        for voice in (0, 1):
            part = score[at : at + length - int(voice == 0), voice]
            part[:, 0] = rng.integers(50, 64) + 14 * (i % 2)  # never the same twice
            part[:, 1] = kit.volumes()[shapes[voice], levels[voice], : len(part)]
            part[:, 2] = kit.duties[duties[voice], : len(part)]
        score[at : at + length, 2, 0] = rng.integers(30, 50)
        score[at : at + 2, 3] = (12, 9, 0)
        at += length
    return score
