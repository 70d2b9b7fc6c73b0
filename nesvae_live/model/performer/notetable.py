"""All the notes of a split in one table, with the patches of the kit that they were played with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import SUFFIXES, CorpusError, read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.model.performer.kit import Kit, assign, volume_table
from nesvae_live.model.performer.notes import COLUMNS, STEPS, SongNotes, song_to_notes
from nesvae_live.model.performer.pairs import previous

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

SLACK = 0.5
"""Nats by which a patch may be less likely than the best and still be a note's."""
HELD_OUT = 7, 33
"""Games whose number is 7 modulo 33 are held out of the train split, to choose by."""


@dataclass(frozen=True)
class NoteTable:
    """`n` notes of songs, list after list; see `SongNotes` for what is in it.

    `first` `[n]` is the first row of each note's list, `before` `[n]` the row of its voice's note before
    (-1: none), `song` `[n]` the number of its song.
    """

    rows: Ints
    volume: Bytes
    duty: Bytes
    steps: Ints
    start: Ints
    phrase: Ints
    first: Ints
    before: Ints
    song: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, keep: NDArray[np.bool_]) -> NoteTable:
        """The notes of some songs; `keep` `[n]` is the same throughout a song."""
        moved = np.cumsum(keep) - 1
        kept = {f.name: getattr(self, f.name)[keep] for f in fields(self)}
        kept["first"] = moved[kept["first"]]
        kept["before"] = np.where(kept["before"] < 0, -1, moved[kept["before"]])
        return NoteTable(**kept)

    def patches(self, kit: Kit) -> Ints:
        """`[n, 3]`: the shape, level and duty of each note."""
        group = 4 * self.first + self.rows[:, 0]
        order = np.argsort(group, kind="stable")
        found = assign(
            self.volume[order],
            self.duty[order],
            self.steps[order],
            group[order],
            kit.volumes(),
            kit.duties,
            volume_table(),
            SLACK,
        )
        out = np.empty((len(self), 3), np.int64)
        out[order] = found
        return out

    def save(self, path: Path) -> None:
        """Write it as an npz."""
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> NoteTable:
        """Read what `save` wrote."""
        with np.load(path) as data:
            return cls(**{f.name: data[f.name] for f in fields(cls)})


@dataclass(frozen=True)
class Performances:
    """A split: songs' names, their scores `[N, 4, 3]`, all their notes, and the data's hash."""

    names: tuple[str, ...]
    scores: tuple[Bytes, ...]
    notes: NoteTable
    sha256: str

    def held_out(self) -> NDArray[np.bool_]:
        """`[songs]`: whether a song is one of those to choose by."""
        left, by = HELD_OUT
        games = [name.split("_")[0] for name in self.names]
        return np.array([game.isdigit() and int(game) % by == left for game in games])


def read_performances(source: Path, split: str, kept: Path | None = None) -> Performances:
    """Read a split of NES-MDB's expressive scores.

    Args:
        source: as of `chip.corpus.read_split`; separated scores don't say enough.
        split: `train`, `valid` or `test`.
        kept: a folder in which the notes are kept, as finding songs' metres takes minutes.

    Raises:
        CorpusError: as `read_split`; or the scores are separated ones.
    """
    files, sha256 = read_files(source, split)
    names, scores = [], []
    for name, data in files:
        if not name.endswith(SUFFIXES[0]):
            raise CorpusError(f"{source}: {split}/{name}: the performer needs expressive scores")
        try:
            score = loads_exprsco(data).score
        except ValueError as error:
            raise CorpusError(f"{source}: {split}/{name}: {error}") from error
        if len(score):
            names.append(name)
            scores.append(score)
    if not names:
        raise CorpusError(f"{source}: split {split!r} has no song with a step in it")
    code = hashlib.sha256(f"{sha256} {COLUMNS}".encode()).hexdigest()[:12]
    path = None if kept is None else kept / f"notes-{split}-{code}.npz"
    if path is not None and path.exists():
        notes = NoteTable.load(path)
    else:
        notes = to_table([song_to_notes(score) for score in scores])
        if path is not None:
            notes.save(path)
    return Performances(tuple(names), tuple(scores), notes, sha256)


def to_table(songs: Sequence[tuple[SongNotes, SongNotes]]) -> NoteTable:
    """Lay the lists of songs one after the other."""
    lists = [(i, notes) for i, song in enumerate(songs) for notes in song if len(notes.rows)]
    if not lists:
        none = np.zeros(0, np.int64)
        nothing = np.zeros((0, STEPS), np.uint8)
        return NoteTable(
            np.zeros((0, COLUMNS), np.int64), nothing, nothing, none, none, none, none, none, none
        )
    lengths = np.array([len(notes.rows) for _, notes in lists])
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.concatenate([notes.rows for _, notes in lists])
    return NoteTable(
        rows,
        np.concatenate([notes.volume for _, notes in lists]),
        np.concatenate([notes.duty for _, notes in lists]),
        np.concatenate([notes.steps for _, notes in lists]),
        np.concatenate([notes.start for _, notes in lists]),
        np.concatenate([notes.phrase for _, notes in lists]),
        first,
        previous(rows, first),
        np.repeat([i for i, _ in lists], lengths),
    )


def known_volumes(notes: NoteTable, patches: Ints, kit: Kit) -> Bytes:
    """`[n, STEPS]`: what the score has, and from a note's end on what its patch says."""
    said = kit.volumes()[patches[:, 0], patches[:, 1]]
    inside = np.arange(said.shape[1]) < notes.steps[:, None]
    return np.where(inside, notes.volume, said)
