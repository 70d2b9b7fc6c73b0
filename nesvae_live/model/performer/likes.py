"""What the duty of a note is chosen by, beside what is read for its volume: the volume it was given, and who used which duty when.

The same compiled functions serve training and the live process.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.performer.notes import LATENESSES, UNTOLD
from nesvae_live.model.performer.pairs import (
    LATE,
    LOGS,
    NEVER,
    PITCH,
    RUN,
    TICKS,
    VOICE,
    WINDOW,
)

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

N_LIKE, N_HEARD = 25, 24
"""How many numbers are read of a pair, and of a note, by which its duty is chosen."""
HEARD = 8
"""So many steps of a note's volumes are looked at."""
LATELY = 8
"""Of so many of a voice's last notes it is counted which duty they had."""
MOST_DUTIES = 32
"""As many as a patch's code has room for."""


@njit(cache=True, nogil=True)
def following(before: Ints) -> Ints:
    """`[n]`: the row of each voice's next note, in the same list; -1 if there is none."""
    out = np.full(len(before), NEVER)
    for i in range(len(before)):
        if before[i] >= 0:
            out[before[i]] = i
    return out


@njit(cache=True, nogil=True)
def phrase_ends(phrase: Ints, first: Ints) -> Ints:
    """`[n]`: the first row after each note's phrase, or list; of later notes nothing is told, as live.

    `phrase` `[n]` is the number of its phrase, and `first` `[n]` the first row of its list.
    """
    n = len(phrase)
    out = np.full(n, n)
    for i in range(n - 2, -1, -1):
        same = phrase[i] == phrase[i + 1] and first[i] == first[i + 1]
        out[i] = out[i + 1] if same else i + 1
    return out


@njit(cache=True, nogil=True)
def read_heard(volume: Bytes, ticks: int, out: F32) -> None:
    """Read a note's `volume` `[STEPS]`, as far as it lasts, into `out` `[N_HEARD]`."""
    out[:] = 0.0
    out[volume[0]] = 1.0  # 0..15
    out[16] = volume[0] / 15.0
    for k in range(1, min(ticks, HEARD)):
        out[16 + k] = (np.float32(volume[k]) - np.float32(volume[k - 1])) / 5.0


@njit(cache=True, nogil=True)
def _read_volumes(volume: Bytes, other: Bytes, steps: int, f: int, out: F32) -> None:
    """Compare a note's `volume` with that of an `other`, in so many `steps`, into column `f`."""
    first = np.int64(volume[0]) - np.int64(other[0])
    equal, moved, apart = 0, 0, np.int64(0)
    sooner, later = steps > 1, steps > 1  # the same, cut into steps a whole step off
    for t in range(steps):
        off = np.int64(volume[t]) - np.int64(other[t])
        equal += off == 0
        moved += off == first
        apart += abs(off)
        if t + 1 < steps:
            sooner = sooner and volume[t + 1] == other[t]
            later = later and volume[t] == other[t + 1]
    out[0, f] = first == 0
    out[1, f] = first / 15.0
    out[2, f] = equal == steps
    out[3, f] = equal / steps
    out[4, f] = moved == steps
    out[5, f] = apart / (15.0 * steps)
    out[6, f] = sooner
    out[7, f] = later


@njit(cache=True, nogil=True)
def read_likes(
    rows: Ints,
    volumes: Bytes,
    duties: Bytes,
    codes: Ints,
    after: Ints,
    until: int,
    i: int,
    begin: int,
    end: int,
    volume: Bytes,
    code: int,
    out: F32,
) -> None:
    """Compare note `i` with earlier ones, `begin` to `end`, into `out` `[N_LIKE, >= end - begin]`.

    Args:
        rows: `[n, COLUMNS]`.
        volumes: `[n, STEPS]` of the earlier notes.
        duties: `[n, STEPS]`, likewise.
        codes: `[n]`, as of `pairs.read_pairs`, likewise.
        after: `[n]` of `following`.
        until: the row from which on the notes aren't known yet.
        i: the note.
        begin: the first earlier one.
        end: the one after the last.
        volume: `[STEPS]` of the note.
        code: the shape and level of the note; its duty, in the lowest five bits, isn't read.
        out: gets the numbers.
    """
    voice, ticks = rows[i, VOICE], rows[i, TICKS]
    steps = min(max(ticks, 1), HEARD)
    ago, share = np.full(MOST_DUTIES, WINDOW), np.zeros(MOST_DUTIES, np.float32)
    recent = np.full(3, NEVER)  # the duties with which the voice's last notes began
    beside, beside_duty, n = np.int64(NEVER), np.int64(NEVER), 0
    for j in range(end - 1, begin - 1, -1):
        d = codes[j] & MOST_DUTIES - 1
        if rows[j, VOICE] == voice:
            if ago[d] == WINDOW:
                ago[d] = n
            if n < LATELY:
                share[d] += 1.0
            if n < 3:
                recent[n] = duties[j, 0]
            n += 1
        elif beside == NEVER:  # the other pulse's last one
            beside, beside_duty = np.int64(duties[j, 0]), d
    last = np.full(4, NEVER)
    for j in range(begin, end):
        f = j - begin
        d, began = codes[j] & MOST_DUTIES - 1, np.int64(duties[j, 0])
        _read_volumes(volume, volumes[j], steps, f, out)
        out[8, f] = codes[j] >> 9 == code >> 9
        out[9, f] = codes[j] >> 5 & 15 == code >> 5 & 15
        for k in range(3):
            out[10 + k, f] = began == recent[k]
        out[13, f] = share[d] / min(max(n, 1), LATELY)
        out[14, f] = LOGS[ago[d]] / 6.0
        other = last[1 - rows[j, VOICE]] if rows[j, VOICE] < 2 else NEVER
        out[15, f] = other != NEVER and beside == np.int64(duties[other, 0])
        out[16, f] = other != NEVER and beside_duty == codes[other] & MOST_DUTIES - 1
        out[17, f] = began != np.int64(duties[j, 1])
        out[18, f] = out[19, f] = 0.0
        if rows[i, LATE] != UNTOLD and rows[j, LATE] != UNTOLD:
            later = (rows[i, LATE] - rows[j, LATE]) / LATENESSES
            out[18, f] = min(max(later, 0.0), 1.0)
            out[19, f] = min(max(-later, 0.0), 1.0)
        out[20, f] = began == beside
        out[21, f] = d == beside_duty
        out[22, f] = other != NEVER
        last[rows[j, VOICE]] = j
        a, b, whole, rhythm, more = after[i], after[j], 0, 0, True
        while rhythm < RUN and 0 <= a < until and 0 <= b < end and rows[a, TICKS] == rows[b, TICKS]:
            rhythm += 1
            more = more and rows[a, PITCH] == rows[b, PITCH]
            whole += more
            a, b = after[a], after[b]
        out[23, f] = whole / RUN
        out[24, f] = rhythm / RUN
