"""The tiny checkpoint, and songs to tell it."""

from __future__ import annotations

import numpy as np

from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.metre.ticks import places_after
from nesvae_live.music.phrase import SLOT_TABLE
from tests.support.tiny import TINY, tiny_checkpoint

TINY_SONG = TINY


def tiny_song_checkpoint(scale: float = 0.6) -> SongCheckpoint:
    """`tiny_checkpoint` with weights of this size."""
    return tiny_checkpoint(scale=scale)


def tick_songs(lengths: tuple[int, ...] = (70, 31, 13), seed: int = 4) -> TickCorpus:
    """Songs in which two bars of a few notes come again and again."""
    rng = np.random.default_rng(seed)
    symbols, places = [], []
    for length in lengths:
        motif = np.stack([rng.integers(0, slot.n_symbols, 9) for slot in SLOT_TABLE], 1)
        motif[:, 3] = rng.choice([2, 5, 11], 9)
        song = np.tile(motif, (length // 9 + 1, 1))[:length]
        symbols.append(song)
        places.append(places_after(place_of(0, 4), song[:, 3] + 1))
    n = len(lengths)
    return TickCorpus(
        tuple(f"{i:03}_Game_{i}.pkl" for i in range(n)),
        np.concatenate(symbols),
        np.concatenate(places),
        np.array(lengths),
        np.array(lengths) / 5.0,
        np.ones(n),
        "none",
    )
