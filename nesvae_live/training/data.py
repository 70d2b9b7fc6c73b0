"""The corpus: NES-MDB's archives or folders, as tuples, and as batches of phrases that go on."""

from __future__ import annotations

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.attributes import Quantiles, measure
from nesvae_live.nesmdb import loads_exprsco, loads_seprsco
from nesvae_live.phrase import (
    SLOTS,
    TUPLES_PER_PHRASE,
    Ints,
    split_holds,
    steps_to_tuples,
    tuples_to_phrases,
    tuples_to_symbols,
)
from nesvae_live.voices import VOICES

SUFFIXES = (".exprsco.pkl", ".seprsco.pkl")


class CorpusError(Exception):
    """The data can't be read; one line says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Corpus:
    """One split: song names, each song's tuples `[n, 4]`, and a hash of the files' bytes."""

    names: tuple[str, ...]
    songs: tuple[Ints, ...]
    sha256: str


def read_split(source: Path, split: str) -> Corpus:
    """Read one split of NES-MDB in the official layout.

    Args:
        source: an archive (`.tar.gz`, `.tar.xz`, `.tar`), or a folder that holds one folder a
            split, of exprsco or seprsco pickles.
        split: `train`, `valid` or `test`.

    Returns:
        The songs in order of their names; a song without a step is left out.

    Raises:
        CorpusError: no such file, not an archive, no such split, or a song that can't be read.
    """
    if not source.exists():
        raise CorpusError(f"{source}: no such archive or folder")
    try:
        files = sorted(_folder(source, split) if source.is_dir() else _archive(source, split))
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CorpusError(f"{source}: not a readable archive ({why})") from error
    if not files:
        raise CorpusError(
            f"{source}: no split {split!r}: expected files {split}/*{SUFFIXES[0]} or *{SUFFIXES[1]}"
        )
    names, songs = [], []
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(name.encode() + b"\0" + data)
        try:
            score = _notes(name, data)
            tuples = steps_to_tuples(score[:, : len(VOICES)])
        except ValueError as error:
            raise CorpusError(f"{source}: {split}/{name}: {error}") from error
        if len(tuples):
            names.append(name)
            songs.append(tuples)
    if not songs:
        raise CorpusError(f"{source}: split {split!r} has no song with a step in it")
    return Corpus(tuple(names), tuple(songs), digest.hexdigest())


def _notes(name: str, data: bytes) -> NDArray[np.uint8]:
    if name.endswith(SUFFIXES[0]):
        return loads_exprsco(data).score[:, :, 0]
    return loads_seprsco(data).score


def _folder(source: Path, split: str) -> Iterator[tuple[str, bytes]]:
    for path in source.rglob("*.pkl"):
        if path.parent.name == split and path.name.endswith(SUFFIXES):
            yield path.name, path.read_bytes()


def _archive(source: Path, split: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source) as archive:
        for member in archive:
            path = Path(member.name)
            if member.isfile() and path.parent.name == split and path.name.endswith(SUFFIXES):
                file = archive.extractfile(member)
                if file is not None:
                    yield path.name, file.read()


def song_phrases(songs: tuple[Ints, ...]) -> tuple[Ints, NDArray[np.bool_]]:
    """All songs' phrases `[n, 13, 4]` one after the other, and `[n]` where a song starts."""
    parts = [tuples_to_phrases(song)[0] for song in songs if len(song)]
    starts = np.zeros(sum(map(len, parts)), bool)
    starts[np.cumsum([0, *map(len, parts[:-1])])] = True
    return np.concatenate(parts), starts


@dataclass(frozen=True)
class Batch:
    """C phrases in a row of each of B streams.

    `symbols` `[B, C, 13, 4]`, `counts` `[B, C]` real tuples, `a` `[B, C, 8]` coordinates,
    `fresh` `[B, C]` where a song starts (so that no state is carried into it).
    """

    symbols: Ints
    counts: Ints
    a: NDArray[np.float32]
    fresh: NDArray[np.bool_]

    def part(self, streams: slice) -> Batch:
        """Those of some of the streams."""
        return Batch(
            self.symbols[streams], self.counts[streams], self.a[streams], self.fresh[streams]
        )


@dataclass(frozen=True)
class Epoch:
    """One pass over the songs, laid out as B streams; batch `i` is a function of (seed, epoch, i).

    Stream b's phrases go on from one batch to the next, so that state can be carried.
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
    """Shuffle and augment the songs and lay them out as streams.

    The same arguments give the same epoch, which is what makes training resumable to the bit.
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


def phrases_to_symbols(phrases: Ints) -> Ints:
    """`[n, 13, 4]` tuples to symbols; a tuple that isn't there is all 0."""
    flat = phrases.reshape(-1, SLOTS)
    real = flat[:, 3] > 0
    out = np.zeros_like(flat)
    out[real] = tuples_to_symbols(flat[real])
    return out.reshape(phrases.shape)


TRANSPOSE = (-4, 5)
TEMPO = (0.95, 1.05)
P_SWAP, P_TEMPO, P_SILENCE, P_SHIFT = 0.25, 0.5, 0.1, 0.75


def augment(song: Ints, rng: np.random.Generator) -> Ints:
    """Vary a song as a musician would: key, tempo, roles of the pulses, a voice that rests.

    Each voice is transposed as far as its range allows; a shift of the phrases' borders drops up
    to 12 tuples of the song's start.
    """
    song = song.copy()
    shift = int(rng.integers(TRANSPOSE[0], TRANSPOSE[1] + 1))
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
        ends = np.rint(np.cumsum(song[:, 3]) * rng.uniform(*TEMPO)).astype(np.int64)
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
