"""Batches: the corpus' songs, augmented and laid out as streams of consecutive phrases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import phrases_to_symbols, song_phrases
from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.music.phrase import (
    SLOTS,
    TUPLES_PER_PHRASE,
    Ints,
    split_holds,
)
from nesvae_live.music.voices import VOICES


@dataclass(frozen=True)
class Batch:
    """C consecutive phrases of each of B streams.

    `symbols` `[B, C, 13, 4]`, `counts` `[B, C]` real tuples, `a` `[B, C, 8]` coordinates,
    `fresh` `[B, C]` where a song starts (so that no state is carried into it).
    """

    symbols: Ints
    counts: Ints
    a: NDArray[np.float32]
    fresh: NDArray[np.bool_]

    def part(self, streams: slice) -> Batch:
        """The batch of some of the streams."""
        return Batch(
            self.symbols[streams], self.counts[streams], self.a[streams], self.fresh[streams]
        )


@dataclass(frozen=True)
class Epoch:
    """One pass over the songs, laid out as B streams; batch `i` is a function of (seed, epoch, i).

    Each stream's phrases continue from one batch to the next, so that state can be carried.
    """

    symbols: Ints  # B n 13 4
    counts: Ints  # B n
    a: NDArray[np.float32]  # B n 8
    fresh: NDArray[np.bool_]  # B n
    chunk: int

    def __len__(self) -> int:
        return int(self.symbols.shape[1]) // self.chunk

    def batch(self, i: int) -> Batch:
        """The `i`-th chunk of every stream."""
        at = slice(i * self.chunk, (i + 1) * self.chunk)
        return Batch(self.symbols[:, at], self.counts[:, at], self.a[:, at], self.fresh[:, at])


def make_epoch(
    songs: tuple[Ints, ...],
    quantiles: Quantiles,
    *,
    streams: int,
    chunk: int,
    seed: int,
    epoch: int,
) -> Epoch:
    """Shuffle and augment the songs, and lay them out as streams.

    The same arguments give the same epoch, which makes training resumable to the bit.
    """
    rng = np.random.default_rng([seed, epoch])
    shuffled = [augment(songs[i], rng) for i in rng.permutation(len(songs))]
    phrases, starts = song_phrases(tuple(shuffled))
    a = quantiles.to_coordinates(measure(phrases)).astype(np.float32)
    length = max(len(phrases) // (streams * chunk), 1) * chunk
    rows = np.resize(np.arange(len(phrases)), streams * length).reshape(streams, length)
    fresh = starts[rows]
    fresh[:, 0] = True
    flat = phrases[rows.reshape(-1)]
    return Epoch(
        symbols=phrases_to_symbols(flat).reshape(streams, length, TUPLES_PER_PHRASE, SLOTS),
        counts=(flat[:, :, 3] > 0).sum(1).reshape(streams, length),
        a=a[rows],
        fresh=fresh,
        chunk=chunk,
    )


AUGMENT_SEMITONES = (-4, 5)
AUGMENT_TEMPO = (0.95, 1.05)
P_SWAP, P_TEMPO, P_SILENCE, P_SHIFT = 0.25, 0.5, 0.1, 0.75
"""How far songs are transposed, how much faster they get, and the probability of each change."""


def augment(song: Ints, rng: np.random.Generator) -> Ints:
    """Vary a song as a musician would: its key, tempo, the roles of the pulses, a voice that rests.

    Each voice is transposed as far as its range allows. Shifting the borders of phrases drops up to
    12 tuples from the start of the song.
    """
    song = song.copy()
    shift = int(rng.integers(AUGMENT_SEMITONES[0], AUGMENT_SEMITONES[1] + 1))
    for i, voice in enumerate(VOICES):
        notes = song[:, i]
        sounding = notes[notes > 0]
        if len(sounding):
            low, high = voice.lowest - sounding.min(), voice.highest - sounding.max()
            song[:, i] = np.where(notes > 0, notes + np.clip(shift, low, high), 0)
    if rng.random() < P_SWAP:
        song[:, [0, 1]] = song[:, [1, 0]]
    merge = False
    if rng.random() < P_TEMPO:
        ends = np.rint(np.cumsum(song[:, 3]) * rng.uniform(*AUGMENT_TEMPO)).astype(np.int64)
        song[:, 3] = np.diff(np.concatenate(([0], ends)))
        song, merge = song[song[:, 3] > 0], True
    if rng.random() < P_SILENCE:
        voice_at = int(rng.integers(len(VOICES)))
        if (song[:, [i for i in range(len(VOICES)) if i != voice_at]] > 0).any():
            song[:, voice_at] = 0
            merge = True
    if merge:
        song = _merge(song)
    if rng.random() < P_SHIFT and len(song) > 2 * TUPLES_PER_PHRASE:
        song = song[int(rng.integers(TUPLES_PER_PHRASE)) :]
    return song


def _merge(song: Ints) -> Ints:
    changed = np.flatnonzero((song[1:, :3] != song[:-1, :3]).any(1)) + 1
    starts = np.concatenate(([0], changed))
    merged = song[starts].copy()
    merged[:, 3] = np.add.reduceat(song[:, 3], starts)
    return split_holds(merged)
