"""A performer plays the notes of songs: told all that came before, after a hint, or alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.choosing import DRAWS, choose
from nesvae_live.model.performer.choosingtables import KitTables, Notes, choosing_tables
from nesvae_live.model.performer.likes import phrase_ends
from nesvae_live.model.performer.notetable import NoteTable, known_volumes
from nesvae_live.model.performer.performerfile import PerformerFile

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

HINT = 8
"""Phrases that a hint is."""


class Mode(Enum):
    """What a performer is told of how the song was played."""

    FORCED = "forced"
    """Everything before each note."""
    HINTED = "hinted"
    """The first eight phrases, and nothing later."""
    ALONE = "alone"
    """Nothing; it goes on from what it chose."""
    APART = "apart"
    """Nothing; each note is chosen from the score alone."""


@dataclass(frozen=True)
class PlayedNotes:
    """How notes are played: `volume` and `duty` `[n, STEPS]`, `patches` `[n, 3]`."""

    volume: Bytes
    duty: Bytes
    patches: Ints


def play_notes(
    performer: PerformerFile,
    notes: NoteTable,
    truth: Ints,
    mode: Mode,
    *,
    temperature: float = 0.0,
    guessed: bool = False,
    seed: int = 0,
) -> PlayedNotes:
    """Let a performer play all notes of a table, whose own patches `truth` `[n, 3]` are.

    `temperature` 0 is the likeliest, and `seed` that of the draws. With a hint what is played after it
    is taken from the hint, however long ago that was. `guessed`: no note's volume is told before its duty is chosen.
    """
    kit, n = performer.kit, len(notes)
    taught = {
        Mode.FORCED: np.ones(n, np.bool_),
        Mode.HINTED: notes.phrase < HINT,
    }.get(mode, np.zeros(n, np.bool_))
    draws = np.random.default_rng(seed).random((n, DRAWS), dtype=np.float32)
    tables, kit_tables = choosing_tables(performer.weights), KitTables.of(kit)
    known = known_volumes(notes, truth, kit)
    out, volume, duty = truth.copy(), known.copy(), notes.duty.copy()
    until = phrase_ends(notes.phrase, notes.first)
    begins = np.flatnonzero(notes.first == np.arange(n))
    for begin, end in zip(begins, np.append(begins[1:], n), strict=True):
        part = slice(begin, end)
        told = int(taught[part].sum()) if mode is Mode.HINTED else 0
        choose(
            Notes(
                notes.rows[part],
                np.where(notes.before[part] < 0, -1, notes.before[part] - begin),
                truth[part].copy(),
                known[part].copy(),
                notes.duty[part].copy(),
                out[part],
                volume[part],
                duty[part],
                taught[part],
                0 if mode is Mode.APART else told or int(end - begin),
                until[part] - begin,
                guessed,
            ),
            0,
            tables,
            kit_tables,
            draws[part],
            temperature,
        )
    return PlayedNotes(volume, duty, out)
