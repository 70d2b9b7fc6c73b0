"""What volumes and timbres would be by a rule: what the performer has to be better than."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.evaluation.performing.played import HINT
from nesvae_live.model.performer.notes import STEPS, Column
from nesvae_live.model.performer.notetable import NoteTable
from nesvae_live.music.events import LOUDEST

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

VOICES = 4
SILENT = 0


@njit(cache=True)
def _count(
    voice: Ints, group: Ints, steps: Ints, values: Bytes, keep: NDArray[np.bool_], out: Ints
) -> None:
    for i in range(len(voice)):
        if keep[i]:
            for t in range(min(steps[i], values.shape[1])):
                out[group[i], voice[i], t, values[i, t]] += 1


def templates(
    notes: NoteTable, group: Ints, groups: int, values: Bytes, keep: NDArray[np.bool_] | None = None
) -> Bytes:
    """`[groups, VOICES, STEPS]`: the commonest value at each age of a voice's notes.

    What no note reaches stays as it was; a voice without notes has 0 throughout.
    """
    counts = np.zeros((groups, VOICES, STEPS, LOUDEST + 1), np.int64)
    keep = np.ones(len(notes), np.bool_) if keep is None else keep
    _count(notes.rows[:, Column.VOICE], group, notes.steps, values, keep, counts)
    found = counts.argmax(-1)
    some = counts.sum(-1) > 0
    for t in range(1, STEPS):
        found[:, :, t] = np.where(some[:, :, t], found[:, :, t], found[:, :, t - 1])
    return np.asarray(found, np.uint8)


def at_once(notes: NoteTable, table: Bytes, group: Ints) -> Bytes:
    """`[n, STEPS]`: each note as the template of its group and voice has it."""
    return table[group, notes.rows[:, Column.VOICE]]


def of_corpus(notes: NoteTable, train: NoteTable) -> tuple[Bytes, Bytes]:
    """Volumes and duties as most notes of the corpus have them, by voice and age."""
    one, all_ = np.zeros(len(notes), np.int64), np.zeros(len(train), np.int64)
    return (
        at_once(notes, templates(train, all_, 1, train.volume), one),
        at_once(notes, templates(train, all_, 1, train.duty), one),
    )


def of_song(notes: NoteTable, *, hint: bool) -> tuple[Bytes, Bytes]:
    """As most of the song's own notes have them: of all, or (`hint`) of its first eight phrases.

    A voice that has no note in those has what is commonest in them in any song.
    """
    keep = notes.phrase < HINT if hint else np.ones(len(notes), np.bool_)
    groups, everywhere = int(notes.song.max()) + 1, np.zeros(len(notes), np.int64)
    out = []
    for values in (notes.volume, notes.duty):
        own = at_once(notes, templates(notes, notes.song, groups, values, keep), notes.song)
        other = at_once(notes, templates(notes, everywhere, 1, values, keep), everywhere)
        voices = np.zeros((groups, VOICES), np.bool_)
        voices[notes.song[keep], notes.rows[keep, Column.VOICE]] = True
        known = voices[notes.song, notes.rows[:, Column.VOICE]]
        out.append(np.where(known[:, None], own, other))
    return out[0], out[1]


def traits(notes: NoteTable, songs: int) -> Floats:
    """`[songs, 15]`: each song's mean pitch, its spread, mean and spread of lengths, notes a tick."""
    out = np.zeros((songs, 3, 5))
    for k, voice in enumerate((0, 1, 3)):
        mine = notes.rows[:, Column.VOICE] == voice
        song = notes.song[mine]
        count = np.maximum(np.bincount(song, minlength=songs), 1)
        for at, values in (
            (0, notes.rows[mine, Column.PITCH].astype(np.float64)),
            (2, np.log2(notes.rows[mine, Column.TICKS] + 1.0)),
        ):
            mean = np.bincount(song, values, songs) / count
            square = np.bincount(song, values**2, songs) / count
            out[:, k, at], out[:, k, at + 1] = mean, np.sqrt(np.maximum(square - mean**2, 0))
        out[:, k, 4] = np.log1p(np.bincount(song, minlength=songs))
    return out.reshape(songs, -1)


def of_nearest(notes: NoteTable, train: NoteTable) -> tuple[Bytes, Bytes]:
    """As most notes have them of the song of the corpus whose score is most like it."""
    songs, others = int(notes.song.max()) + 1, int(train.song.max()) + 1
    there, here = traits(train, others), traits(notes, songs)
    scale = there.std(0) + 1e-9
    played = np.bincount(train.song, minlength=others) > 0
    nearest = np.zeros(songs, np.int64)
    for i in range(songs):
        apart = (((there - here[i]) / scale) ** 2).sum(1)
        nearest[i] = np.argmin(np.where(played, apart, np.inf))
    group = nearest[notes.song]
    return (
        at_once(notes, templates(train, train.song, others, train.volume), group),
        at_once(notes, templates(train, train.song, others, train.duty), group),
    )
