"""Casts: with which patches a song plays its pulses, as a hint that is there before anything is played.

A cast has a patch for each pulse and each kind of note: how long it is, and whether it falls on a beat.
Notes that were never played stand for it where the performer looks for earlier ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.notes import COLUMNS, ON_TIME, PULSES, Column
from nesvae_live.music.metre.place import FREE, N_PLACES, TICKS_PER_BEAT, bar_line, place_of

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

LENGTHS = (3, 6, 12)
"""The longest notes, in ticks, of all lengths but the last."""
N_LENGTHS = len(LENGTHS) + 1
N_KINDS = 2 * N_LENGTHS
TYPICAL = (3, 6, 12, 24)
"""The ticks of a note that stands for each length."""
PITCHES = {0: (64, 72), 1: (55, 62)}
"""The pitches of those that stand for a pulse's notes."""
BEATS = 4

ON_BEAT = np.array(
    [p != FREE and (p - bar_line(p)) % TICKS_PER_BEAT == 0 for p in range(N_PLACES)], np.bool_
)
"""Whether a place lies on a beat."""


def kinds_of(rows: Ints) -> Ints:
    """`[n]`: of which kind notes are."""
    longer = np.searchsorted(LENGTHS, rows[:, Column.TICKS], "left")
    return np.asarray(longer + N_LENGTHS * ON_BEAT[rows[:, Column.PLACE]], np.int64)


def hint(cast: Bytes, begins: int) -> tuple[Ints, Ints]:
    """Notes `[n, COLUMNS]` that end before the tick `begins`, and their patches `[n, 3]`.

    `cast` is `[2, N_KINDS, 3]`: of each pulse and kind of note the shape, level and duty.
    """
    rows, patches = [], []
    per_voice = N_KINDS * len(PITCHES[0])
    tick = begins - per_voice * BEATS * TICKS_PER_BEAT
    before = [0, 0]
    for k in range(per_voice):
        kind, high = k % N_KINDS, k // N_KINDS
        offset = 0 if kind >= N_LENGTHS else TICKS_PER_BEAT // 2
        for voice in PULSES:
            pitch, other = PITCHES[voice][high], PITCHES[1 - voice][high]
            row = np.zeros(COLUMNS, np.int64)
            row[Column.VOICE], row[Column.PITCH] = voice, pitch
            row[Column.TICKS] = TYPICAL[kind % N_LENGTHS]
            row[Column.PLACE] = place_of(k * TICKS_PER_BEAT + offset, BEATS)
            row[Column.BEGINS] = tick + offset
            row[Column.BEFORE], row[Column.RESTED] = before[voice], 1
            row[Column.BASS], row[Column.OTHER] = 40, other
            row[Column.LATE] = ON_TIME
            before[voice] = pitch
            rows.append(row)
            patches.append(cast[voice, kind])
        tick += BEATS * TICKS_PER_BEAT
    return np.array(rows), np.array(patches, np.int64)
