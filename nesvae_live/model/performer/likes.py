"""What a note's duty is chosen by, beside what is read for its volume: how loud it begins, and who used which duty when.

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

N_LIKE, N_HEARD = 18, 17
"""How many numbers are read of a pair, and of a note, by which its duty is chosen."""
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
def read_heard(volume: int, out: F32) -> None:
    """Read the `volume` 0-15 with which a note begins into `out` `[N_HEARD]`."""
    out[:] = 0.0
    out[volume] = 1.0
    out[16] = volume / 15.0


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
    volume: int,
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
        volume: 0-15, with which the note begins.
        out: gets the numbers.
    """
    voice = rows[i, VOICE]
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
        louder = volume - np.int64(volumes[j, 0])
        out[0, f] = louder == 0
        out[1, f] = louder / 15.0
        out[2, f] = abs(louder) / 15.0
        for k in range(3):
            out[3 + k, f] = began == recent[k]
        out[6, f] = share[d] / min(max(n, 1), LATELY)
        out[7, f] = LOGS[ago[d]] / 6.0
        other = last[1 - rows[j, VOICE]] if rows[j, VOICE] < 2 else NEVER
        out[8, f] = other != NEVER and beside == np.int64(duties[other, 0])
        out[9, f] = other != NEVER and beside_duty == codes[other] & MOST_DUTIES - 1
        out[10, f] = began != np.int64(duties[j, 1])
        out[11, f] = out[12, f] = 0.0
        if rows[i, LATE] != UNTOLD and rows[j, LATE] != UNTOLD:
            later = (rows[i, LATE] - rows[j, LATE]) / LATENESSES
            out[11, f] = min(max(later, 0.0), 1.0)
            out[12, f] = min(max(-later, 0.0), 1.0)
        out[13, f] = began == beside
        out[14, f] = d == beside_duty
        out[15, f] = other != NEVER
        last[rows[j, VOICE]] = j
        a, b, whole, rhythm, more = after[i], after[j], 0, 0, True
        while rhythm < RUN and 0 <= a < until and 0 <= b < end and rows[a, TICKS] == rows[b, TICKS]:
            rhythm += 1
            more = more and rows[a, PITCH] == rows[b, PITCH]
            whole += more
            a, b = after[a], after[b]
        out[16, f] = whole / RUN
        out[17, f] = rhythm / RUN
