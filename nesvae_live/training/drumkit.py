"""Finds the drummer's kit: the kinds of strokes that the corpus has most of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.drums.strokes import LONGEST, StrokeKit, Struck, nearest_kinds

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENVELOPES = 12
"""Envelopes that are clustered; kinds share them."""
ROUNDS = 12
LOOKED_AT = 40_000
"""So many strokes are looked at, drawn from all."""


def find_stroke_kit(struck: Struck, kinds: int, seed: int = 0) -> StrokeKit:
    """A kit of so many kinds: the commonest of a note, a mode and a clustered envelope together.

    If there are fewer in the corpus, the commonest stand in it more than once.
    """
    rng = np.random.default_rng(seed)
    picks = rng.permutation(len(struck.notes))[:LOOKED_AT]
    volumes, known = struck.volumes[picks], struck.known[picks]
    envelopes = _cluster(volumes, known, ENVELOPES, rng)
    shape = _nearest(volumes, known, envelopes)
    rows = np.column_stack((struck.notes[picks], struck.modes[picks], shape))
    both, counts = np.unique(rows, axis=0, return_counts=True)
    common = np.resize(both[np.argsort(-counts, kind="stable")], (kinds, 3))
    return StrokeKit(
        common[:, 0].astype(np.uint8), common[:, 1].astype(np.uint8), envelopes[common[:, 2]]
    )


def _cluster(volumes: Bytes, known: Ints, count: int, rng: np.random.Generator) -> Bytes:
    """k-medians `[count, LONGEST]`: each step of a centre is the median volume there.

    Steps that are not known of a stroke don't count; where they are of none, silence follows.
    """
    whole = np.flatnonzero(known == LONGEST)
    begin = whole if len(whole) >= count else np.arange(len(volumes))
    centres = volumes[rng.choice(begin, count, replace=len(begin) < count)].copy()
    inside = np.arange(LONGEST) < known[:, None]
    for _ in range(ROUNDS):
        nearest = _nearest(volumes, known, centres)
        for k in range(count):
            mine = nearest == k
            if not mine.any():
                centres[k] = volumes[begin[rng.integers(len(begin))]]
                continue
            for t in range(LONGEST):
                here = mine & inside[:, t]
                centres[k, t] = round(float(np.median(volumes[here, t]))) if here.any() else 0
    centres[:, 0] = np.maximum(centres[:, 0], 1)
    return np.asarray(centres, np.uint8)


def _nearest(volumes: Bytes, known: Ints, centres: Bytes) -> Ints:
    same = np.zeros(len(volumes), np.uint8), np.zeros(len(centres), np.uint8)
    alone = np.arange(len(volumes))
    found = nearest_kinds(
        *(same[0], same[0], volumes, known, alone), *(same[1], same[1], centres, 0.0)
    )
    return np.asarray(found, np.int64)
