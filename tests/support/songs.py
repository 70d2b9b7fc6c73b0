"""Songs drawn by chance, and corpora of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import Corpus
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.music.phrase import Ints
from nesvae_live.music.voices import VOICES


def make_song(seed: int, tuples: int = 60) -> Ints:
    """Tuples `[tuples, 4]` of a few notes."""
    rng = np.random.default_rng(seed)
    notes = rng.choice([0, 50, 52, 55, 57, 60], size=(tuples, 3))
    return np.column_stack((notes, rng.integers(1, 9, tuples)))


def make_corpus(first: int, n: int) -> Corpus:
    """`n` songs, the first with the seed `first`."""
    songs = tuple(make_song(first + i, 40 + 9 * i) for i in range(n))
    return Corpus(tuple(f"{i:03d}" for i in range(n)), songs, f"hash{first}")


def make_score(rng: np.random.Generator, steps: int = 400) -> NDArray[np.uint8]:
    """An expressive score of a few notes, each held for some steps."""
    score = np.zeros((steps, 4, 3), np.uint8)
    for voice, spec in enumerate(VOICES):
        at = 0
        while at < steps:
            held = int(rng.integers(1, 9))
            note = int(rng.choice([0, spec.lowest + 20, spec.lowest + 24, spec.lowest + 27]))
            score[at : at + held, voice, 0] = note
            if note and voice < 2:
                score[at : at + held, voice, 1] = 15
            at += held
    return score


def write_corpus(root: Path) -> None:
    """Write a corpus in the official layout: 6 songs to train on, 2 to validate."""
    rng = np.random.default_rng(0)
    for split, n in (("train", 6), ("valid", 2)):
        (root / split).mkdir()
        for i in range(n):
            score = make_score(rng)
            data = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
            (root / split / f"{i:03d}_Game_00_01Song.exprsco.pkl").write_bytes(data)
