"""Voices that are given: who plays each, when that is answered, and what the decoder is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, Ints

OPEN = -1
"""Stands for a note where the decoder is to write it."""
UNKNOWN = 0
"""For how long a note stays of which nobody knows."""
COLUMNS = N_VOICES + 2
"""Of a track: a symbol for each voice, for how long they stay, and the longest hold."""


class Source(StrEnum):
    """Who plays a voice."""

    MODEL = "model"
    KEYS = "keys"
    HELD = "held"
    FILE = "file"


SOURCES = tuple(Source)
"""In the order of the targets' choices."""


class Answer(StrEnum):
    """When what is played is answered: never, when it is over, or after so many bars."""

    OFF = "off"
    PLAYED = "played"
    ONE = "1"
    TWO = "2"
    FOUR = "4"
    EIGHT = "8"

    @property
    def bars(self) -> int | None:
        """After how many bars, and for how many; None: not by bars."""
        return int(self) if self.isdecimal() else None


ANSWERS = tuple(Answer)
"""In the order of the target's choices."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the given voices play, tick by tick from where the music goes on.

    `notes` `[n, 3]` are MIDI's, 0 for silence, `OPEN` where a voice isn't given; after the last row
    they stay. Of voices that are `known` `[3]` the decoder knows for how long each note stays.
    """

    notes: Ints
    known: NDArray[np.bool_]

    def track(self, until: int | None = None) -> Ints:
        """The same in symbols: `[n, 5]`.

        Nothing is given from tick `until` on.

        Returns:
            A row a tick: a symbol for each voice, one past its last where it isn't given; for how
            many ticks the given ones stay, 1 to 32, or `UNKNOWN`; and the longest hold, after which
            a known one changes.
        """
        notes = self.notes
        if until is not None and until < len(notes):
            notes = np.concatenate((notes[: max(until, 0)], np.full((1, N_VOICES), OPEN)))
        out = np.empty((len(notes), COLUMNS), np.int64)
        for voice, slot in enumerate(SLOT_TABLE[:N_VOICES]):
            note = notes[:, voice]
            symbol = np.where(note == 0, 0, note - slot.first + 1)
            out[:, voice] = np.where(note == OPEN, slot.n_symbols, symbol)
        moves = (notes[1:] != notes[:-1])[:, self.known].any(1)
        changes = np.append(np.flatnonzero(moves) + 1, len(notes) + LONGEST_HOLD)
        ticks = np.arange(len(notes))
        stay = np.minimum(changes[np.searchsorted(changes, ticks, "right")] - ticks, LONGEST_HOLD)
        given = notes != OPEN
        told = given.any(1) & ~(given & ~self.known).any(1)
        out[:, N_VOICES] = np.where(told, stay, UNKNOWN)
        out[:, N_VOICES + 1] = stay
        return out


@cache
def nothing_given() -> Ints:
    """`[1, 5]`: the track of no given voice; nobody may change it."""
    open_ = np.full((1, N_VOICES), OPEN, np.int64)
    return Given(open_, np.zeros(N_VOICES, np.bool_)).track()
