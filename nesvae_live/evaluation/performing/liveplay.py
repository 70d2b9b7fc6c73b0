"""A performer plays songs' pulses as it does live: phrase after phrase, told nothing of how they sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.performing.played import PlayedNotes
from nesvae_live.latent.performing import LEARNT, Manner
from nesvae_live.model.performer.notes import PULSES, STEPS, Column
from nesvae_live.model.performer.notetable import NoteTable
from nesvae_live.model.performer.performer import KEPT, Known, Performer
from nesvae_live.model.performer.performerfile import PerformerFile

Playing = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""The volumes and duties of all notes of a table, `[n, STEPS]` each."""


def play_live(
    file: PerformerFile,
    notes: NoteTable,
    playing: Playing,
    *,
    manner: Manner = LEARNT,
    seed: int = 0,
) -> PlayedNotes:
    """Let a performer play the pulses of all songs; `playing` has the other voices' volumes and duties."""
    performer = Performer(file)
    volume, duty = playing[0].copy(), playing[1].copy()
    patches = np.zeros((len(notes), 3), np.int64)
    mine = np.isin(notes.rows[:, Column.VOICE], PULSES)
    begins = np.append(True, (np.diff(notes.song) != 0) | (np.diff(notes.phrase) != 0))
    group = np.cumsum(begins)
    kit = file.kit.volumes()
    order = np.flatnonzero(mine)
    past: list[Known] = []
    song = -1
    for part in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if not len(part):
            continue
        if notes.song[part[0]] != song:
            song, past = int(notes.song[part[0]]), []
        rows = [tuple(row) for row in notes.rows[part].tolist()]
        phrase = int(notes.phrase[part[0]])
        found = performer.play(rows, past[-KEPT:], (seed, song, phrase), manner)
        past += found
        patches[part] = [note.patch for note in found]
    volume[mine] = kit[patches[mine, 0], patches[mine, 1]][:, :STEPS]
    duty[mine] = file.kit.duties[patches[mine, 2]]
    return PlayedNotes(volume, duty, patches)
