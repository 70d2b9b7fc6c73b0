"""The corpus in ticks: expressive scores with the metre that is found in them, or prepared songs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import SUFFIXES, CorpusError, read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.chip.tickfile import TICKS_SUFFIX, loads_ticks
from nesvae_live.music.metre.metre import find_metre
from nesvae_live.music.metre.ticks import TickSong, score_to_ticks
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints, symbols_to_tuples, tuples_to_symbols

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TickCorpus:
    """Songs in ticks, one after the other.

    `names` of the n songs, `symbols` `[N, 4]` and `places` `[N]` of their tuples, `lengths` `[n]`
    how many each has, `seconds` `[n]` how long it is; `sure` `[n]` the share of it whose metre is
    sure; `sha256` of the files' bytes.
    """

    names: tuple[str, ...]
    symbols: Ints
    places: Ints
    lengths: Ints
    seconds: Floats
    sure: Floats
    sha256: str

    @property
    def ends(self) -> Ints:
        """`[n]`: the row after each song's last."""
        return np.cumsum(self.lengths)

    @property
    def songs(self) -> tuple[Ints, ...]:
        """Each song's tuples `[m, 4]`."""
        return tuple(self.song(i)[0] for i in range(len(self.lengths)))

    def song(self, i: int) -> tuple[Ints, Ints]:
        """The i-th song's tuples `[m, 4]` (notes and holds) and their places `[m]`."""
        rows = slice(int(self.ends[i] - self.lengths[i]), int(self.ends[i]))
        return symbols_to_tuples(self.symbols[rows]), self.places[rows]

    def subset(self, songs: NDArray[np.integer]) -> TickCorpus:
        """Some of the songs."""
        ends = self.ends
        index = np.concatenate([np.arange(ends[i] - self.lengths[i], ends[i]) for i in songs])
        return TickCorpus(
            tuple(self.names[i] for i in songs),
            self.symbols[index],
            self.places[index],
            self.lengths[songs],
            self.seconds[songs],
            self.sure[songs],
            self.sha256,
        )


def read_ticks(source: Path, split: str) -> TickCorpus:
    """Read one split of NES-MDB's expressive scores and find each song's metre, or prepared songs.

    Args:
        source: as of `read_split`; separated scores don't say enough.
        split: `train`, `valid` or `test`.

    Raises:
        CorpusError: as `read_split`; or the scores are separated ones.
    """
    files, sha256 = read_files(source, split)
    names, songs, sure = [], [], []
    for name, data in files:
        try:
            song, share = _song(name, data)
        except ValueError as error:
            raise CorpusError(f"{source}: {split}/{name}: {error}") from error
        if len(song.tuples):
            names.append(name)
            songs.append(song)
            sure.append(share)
    if not songs:
        raise CorpusError(f"{source}: split {split!r} has no song with a step in it")
    return songs_to_corpus(names, songs, np.array(sure), sha256)


def score_to_song(score: NDArray[np.uint8]) -> tuple[TickSong, float]:
    """A score `[N, 4, 3]` in ticks by the metre that is found in it, and the share that is sure."""
    stretches = find_metre(score) if len(score) else []
    sure = sum(s.stop - s.start for s in stretches if s.metre) / max(len(score), 1)
    return score_to_ticks(score, stretches), sure


def _song(name: str, data: bytes) -> tuple[TickSong, float]:
    if name.endswith(TICKS_SUFFIX):
        return loads_ticks(data)
    if not name.endswith(SUFFIXES[0]):
        raise ValueError("the metre needs expressive scores (exprsco)")
    return score_to_song(loads_exprsco(data).score)


def songs_to_corpus(
    names: list[str], songs: list[TickSong], sure: Floats, sha256: str
) -> TickCorpus:
    """Lay songs one after the other."""
    return TickCorpus(
        tuple(names),
        tuples_to_symbols(np.concatenate([song.tuples for song in songs])),
        np.concatenate([song.places for song in songs]),
        np.array([len(song.tuples) for song in songs], np.int64),
        np.array([song.steps / STEPS_PER_SECOND for song in songs]),
        sure,
        sha256,
    )
