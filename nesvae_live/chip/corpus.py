"""The corpus: NES-MDB's archives or folders, or prepared ones, read as tuples and phrases."""

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

from nesvae_live import NesvaeError
from nesvae_live.chip.nesmdb import loads_exprsco, loads_seprsco
from nesvae_live.chip.tickfile import TICKS_SUFFIX, loads_ticks
from nesvae_live.music.metre.ticks import ticks_to_steps
from nesvae_live.music.phrase import (
    SLOTS,
    Ints,
    steps_to_tuples,
    tuples_to_phrases,
    tuples_to_symbols,
)
from nesvae_live.music.voices import VOICES

SUFFIXES = (".exprsco.pkl", ".seprsco.pkl")
SONGS = (*SUFFIXES, TICKS_SUFFIX)
"""How the files of songs are named: NES-MDB's, and those that `prepare` makes."""


class CorpusError(NesvaeError):
    """The data can't be read; one line says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Corpus:
    """One split: song names, each song's tuples `[n, 4]`, and a hash of the files' bytes."""

    names: tuple[str, ...]
    songs: tuple[Ints, ...]
    sha256: str


def read_split(source: Path, split: str) -> Corpus:
    """Read one split of a corpus in NES-MDB's official layout.

    Args:
        source: an archive (`.tar.gz`, `.tar.xz`, `.tar`) or a folder; it holds one folder per
            split, with exprsco or seprsco pickles, or songs in ticks.
        split: `train`, `valid` or `test`.

    Returns:
        The songs in order of their names; songs without a step are left out.

    Raises:
        CorpusError: the file is missing or not an archive, the split is missing, or a song can't
            be read.
    """
    files, sha256 = read_files(source, split)
    names, songs = [], []
    for name, data in files:
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
    return Corpus(tuple(names), tuple(songs), sha256)


def read_files(source: Path, split: str) -> tuple[list[tuple[str, bytes]], str]:
    """The files of a split in order of their names, each with its bytes, and a hash of them all.

    Raises:
        CorpusError: as `read_split`, but for what is in a song.
    """
    if not source.exists():
        raise CorpusError(f"{source}: no such archive or folder")
    try:
        files = sorted(_folder(source, split) if source.is_dir() else _archive(source, split))
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        why = str(error).splitlines()[0].rstrip(": ") if str(error) else type(error).__name__
        raise CorpusError(f"{source}: not a readable archive ({why})") from error
    if not files:
        raise CorpusError(
            f"{source}: no split {split!r}: expected files {split}/*{SUFFIXES[0]} or *{SUFFIXES[1]}; "
            "`nesvae-live prepare FOLDER -o mine.tar` makes an archive of MIDI, VGM and score files"
        )
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(name.encode() + b"\0" + data)
    return files, digest.hexdigest()


def _notes(name: str, data: bytes) -> NDArray[np.integer]:
    if name.endswith(TICKS_SUFFIX):
        return ticks_to_steps(loads_ticks(data)[0])
    if name.endswith(SUFFIXES[0]):
        return loads_exprsco(data).score[:, :, 0]
    return loads_seprsco(data).score


def _folder(source: Path, split: str) -> Iterator[tuple[str, bytes]]:
    for path in source.rglob("*"):
        if path.parent.name == split and path.name.endswith(SONGS) and path.is_file():
            yield path.name, path.read_bytes()


def _archive(source: Path, split: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(source) as archive:
        for member in archive:
            path = Path(member.name)
            if member.isfile() and path.parent.name == split and path.name.endswith(SONGS):
                file = archive.extractfile(member)
                if file is not None:
                    yield path.name, file.read()


def song_phrases(songs: tuple[Ints, ...]) -> tuple[Ints, NDArray[np.bool_]]:
    """All songs' phrases in order, `[n, 13, 4]`, and whether a song starts there, `[n]`."""
    parts = [tuples_to_phrases(song)[0] for song in songs if len(song)]
    starts = np.zeros(sum(map(len, parts)), bool)
    starts[np.cumsum([0, *map(len, parts[:-1])])] = True
    return np.concatenate(parts), starts


def phrases_to_symbols(phrases: Ints) -> Ints:
    """Tuples `[n, 13, 4]` to symbols; padding becomes 0 throughout."""
    flat = phrases.reshape(-1, SLOTS)
    real = flat[:, 3] > 0
    out = np.zeros_like(flat)
    out[real] = tuples_to_symbols(flat[real])
    return out.reshape(phrases.shape)
