"""The drummed parts of a split's songs, tick by tick, for training and evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import SUFFIXES, CorpusError, read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.model.drums.cells import (
    LENGTHS,
    LINES,
    NO_STROKE,
    Cell,
    tuples_to_cells,
)
from nesvae_live.model.drums.strokes import LONGEST, StrokeKit, Struck, to_kinds
from nesvae_live.model.performer.notes import strokes_of
from nesvae_live.model.performer.notetable import HELD_OUT
from nesvae_live.music.metre.metre import find_metre
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.metre.ticks import score_to_ticks, steps_to_ticks
from nesvae_live.music.voices import SILENCE, Voice

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

REST = 96
"""Where so many ticks have no stroke, the drums are not playing."""
SWEEP = 3
"""Steps within which a stroke may sweep to another note."""
FEWEST = 8
"""Strokes of a part that is drummed at all."""


@dataclass(frozen=True)
class DrumTable:
    """Drummed parts of songs, one after the other; `n` ticks, `m` strokes.

    `cells` `[n, CELLS]` without their strokes' kinds (1 where one begins); `first` `[n]` the first tick
    of each one's part; `song` `[n]`. `at` `[m]` is the tick of each stroke, the rest as in `Struck`.
    """

    cells: Bytes
    first: Ints
    song: Ints
    at: Ints
    notes: Bytes
    modes: Bytes
    volumes: Bytes
    known: Ints

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def struck(self) -> Struck:
        """The strokes."""
        return Struck(self.notes, self.modes, self.volumes, self.known, self.song[self.at])

    def with_kinds(self, kit: StrokeKit) -> Bytes:
        """`[n, CELLS]`: the cells with the kinds of their strokes."""
        out = self.cells.copy()
        out[self.at, Cell.STROKE] = to_kinds(self.struck, kit)
        return out

    def only(self, keep: NDArray[np.bool_]) -> DrumTable:
        """The ticks of some songs; `keep` `[n]` is the same throughout a song."""
        moved, struck = np.cumsum(keep) - 1, keep[self.at]
        return DrumTable(
            self.cells[keep],
            moved[self.first[keep]],
            self.song[keep],
            moved[self.at[struck]],
            self.notes[struck],
            self.modes[struck],
            self.volumes[struck],
            self.known[struck],
        )

    def parts(self) -> list[tuple[int, int]]:
        """The first tick of each part, and the one after its last."""
        begins = np.flatnonzero(self.first == np.arange(len(self)))
        return list(zip(begins.tolist(), [*begins[1:].tolist(), len(self)], strict=True))

    def save(self, path: Path) -> None:
        """Write it as an npz."""
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> DrumTable:
        """Read what `save` wrote."""
        with np.load(path) as data:
            return cls(**{f.name: data[f.name] for f in fields(cls)})


@dataclass(frozen=True)
class DrummedSongs:
    """A split: songs' names, the drummed parts of them all, and the data's hash."""

    names: tuple[str, ...]
    table: DrumTable
    sha256: str

    def held_out(self) -> NDArray[np.bool_]:
        """`[songs]`: whether a song is one of those to choose by (as the performer's are)."""
        left, by = HELD_OUT
        games = [name.split("_")[0] for name in self.names]
        return np.array([game.isdigit() and int(game) % by == left for game in games])


def read_drummed(source: Path, split: str, kept: Path | None = None) -> DrummedSongs:
    """Read the drummed parts of a split of NES-MDB's expressive scores.

    Args:
        source: as of `chip.corpus.read_split`; separated scores have no envelopes.
        split: `train`, `valid` or `test`.
        kept: a folder in which the parts are kept, as finding songs' metres takes minutes.

    Raises:
        CorpusError: as `read_split`; or the scores are separated ones, or none has drums.
    """
    files, sha256 = read_files(source, split)
    for name, _ in files:
        if not name.endswith(SUFFIXES[0]):
            raise CorpusError(f"{source}: {split}/{name}: the drums need expressive scores")
    names = tuple(name for name, _ in files)
    code = hashlib.sha256(sha256.encode()).hexdigest()[:12]
    path = None if kept is None else kept / f"drums-{split}-{code}.npz"
    if path is not None and path.exists():
        return DrummedSongs(names, DrumTable.load(path), sha256)
    songs = []
    for name, data in files:
        try:
            score = loads_exprsco(data).score
        except ValueError as error:
            raise CorpusError(f"{source}: {split}/{name}: {error}") from error
        songs.append(drummed_parts(score) if len(score) else [])
    if not any(songs):
        raise CorpusError(f"{source}: no song of split {split!r} has drums")
    table = to_table(songs)
    if path is not None:
        table.save(path)
    return DrummedSongs(names, table, sha256)


Part = tuple[Bytes, Ints, Bytes, Bytes, Bytes, Ints]
"""Cells; and the tick, note, mode, volumes and known steps of each stroke."""


def drummed_parts(score: Bytes) -> list[Part]:
    """The parts of an exprsco's array `[N, 4, 3]` in which the noise plays, in order."""
    stretches = find_metre(score)
    song = score_to_ticks(score, stretches)
    cells = tuples_to_cells(song.tuples.tolist(), song.places.tolist(), (0, 0, 0), 0)
    cells[:, Cell.STROKE] = NO_STROKE
    noise = score[:, Voice.NO]
    steps, ends = _strikes(noise)
    rested = (steps == 0) | (noise[steps - 1, 0] == SILENCE)
    ticks = steps_to_ticks(stretches, steps, rested)
    chosen = np.flatnonzero(np.append(ticks[1:] != ticks[:-1], True)[: len(ticks)])
    at = ticks[chosen]  # of two on a tick the later one is heard
    cells[at, Cell.STROKE] = 1
    parts = []
    for begin, end in _parts(cells, at):
        mine = chosen[(at >= begin) & (at < end)]
        if len(mine) < FEWEST:
            continue
        volumes = np.zeros((len(mine), LONGEST), np.uint8)
        known = np.full(len(mine), LONGEST)
        for k, i in enumerate(mine.tolist()):
            heard = noise[steps[i] : min(ends[i], steps[i] + LONGEST), 1]
            volumes[k, : len(heard)] = heard
            if ends[i] < len(noise) and noise[ends[i], 0] != SILENCE:
                known[k] = len(heard)  # the next stroke cuts it
        first = steps[mine]
        modes = np.minimum(noise[first, 2], 1)
        parts.append(
            (cells[begin:end], ticks[mine] - begin, noise[first, 0], modes, volumes, known)
        )
    return parts


def _strikes(noise: Bytes) -> tuple[Ints, Ints]:
    """The first step of each stroke of a noise voice `[N, 3]`, and the one after its last.

    A note that changes soon after, while the volume falls, is the same stroke going on: a sweep.
    """
    begins: list[int] = []
    ends: list[int] = []
    for begin, end in strokes_of(noise):
        goes_on = bool(ends) and ends[-1] == begin and begin - begins[-1] <= SWEEP
        if goes_on and noise[begin, 1] < noise[begin - 1, 1]:
            ends[-1] = end
        else:
            begins.append(begin)
            ends.append(end)
    return np.array(begins, np.int64), np.array(ends, np.int64)


def _parts(cells: Bytes, at: Ints) -> list[tuple[int, int]]:
    """The bars from the first stroke to the last one before a rest."""
    if not len(at):
        return []
    out: list[tuple[int, int]] = []
    for group in np.split(at, np.flatnonzero(np.diff(at) > REST) + 1):
        begin, end = int(group[0]), int(group[-1]) + 1
        place = int(cells[begin, Cell.PLACE])
        if place != FREE:
            begin = max(begin - (place - int(LINES[place])), out[-1][1] if out else 0)
        place = int(cells[end - 1, Cell.PLACE])
        if place != FREE:
            end = min(end + int(LENGTHS[place] - 1 - (place - LINES[place])), len(cells))
        out.append((begin, end))
    return out


def to_table(songs: Sequence[list[Part]]) -> DrumTable:
    """Lay the parts of songs one after the other; there is at least one."""
    parts = [(i, part) for i, song in enumerate(songs) for part in song]
    lengths = np.array([len(part[0]) for _, part in parts], np.int64)
    first = np.cumsum(lengths) - lengths
    return DrumTable(
        np.concatenate([part[0] for _, part in parts]),
        np.repeat(first, lengths),
        np.repeat(np.array([i for i, _ in parts], np.int64), lengths),
        np.concatenate([part[1] + f for (_, part), f in zip(parts, first.tolist(), strict=True)]),
        np.concatenate([part[2] for _, part in parts]),
        np.concatenate([part[3] for _, part in parts]),
        np.concatenate([part[4] for _, part in parts]),
        np.concatenate([part[5] for _, part in parts]),
    )
