"""What the performer reads of a note, and of each earlier note whose patch it may take again.

The same compiled functions serve training and the live process.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.performer.notes import LATENESSES, ON_TIME, STEPS, UNTOLD, Column
from nesvae_live.music.metre.place import FREE, N_PLACES, TICKS_PER_BEAT, bar_line

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

WINDOW = 64
"""Of so many earlier notes one may be taken again."""
RUN = 6
"""Up to so many notes before two are compared."""
N_PAIR, N_NOTE = 27, 57
"""How many numbers are read of a pair, and of a note."""
NEVER = -1

LONGEST = 4096
LOGS = np.log2(np.arange(LONGEST + 1) + 1.0).astype(np.float32)
HALVES = np.log2(np.arange(LONGEST + 1) + 0.5).astype(np.float32)
LINES = np.array([bar_line(p) for p in range(N_PLACES)], np.int64)

VOICE, PITCH, TICKS = int(Column.VOICE), int(Column.PITCH), int(Column.TICKS)
PLACE, BEGINS, BEFORE = int(Column.PLACE), int(Column.BEGINS), int(Column.BEFORE)
RESTED, BASS, OTHER = int(Column.RESTED), int(Column.BASS), int(Column.OTHER)
LATE = int(Column.LATE)

EARLIEST, EVERY, MARKS = -0.625, 0.25, 8
"""How late a note is in its step is read at so many marks, so many steps apart, from the earliest on."""
SAME_LATE = 0.1
"""By so many steps two notes may differ and still be cut into steps nearly alike."""


@njit(cache=True, nogil=True)
def previous(rows: Ints, first: Ints) -> Ints:
    """`[n]`: the row of each voice's note before, in the same list; -1 if there is none.

    `first` `[n]` is the first row of each note's list.
    """
    out = np.full(len(rows), NEVER)
    last = np.full(4, NEVER)
    for i in range(len(rows)):
        if first[i] == i:
            last[:] = NEVER
        voice = rows[i, VOICE]
        out[i] = last[voice]
        last[voice] = i
    return out


@njit(cache=True, nogil=True)
def read_note(rows: Ints, before: Ints, i: int, begin: int, out: F32) -> None:
    """Read note `i`, of whose list `begin` is the first row that is known, into `out` `[N_NOTE]`."""
    out[:] = 0.0
    row = rows[i]
    voice, ticks, place = row[VOICE], row[TICKS], row[PLACE]
    out[0 if voice == 0 else 1 if voice == 1 else 2] = 1.0
    out[3] = row[PITCH] / 64.0 - 1.0 if voice < 3 else row[PITCH] / 8.0 - 1.0
    out[4] = np.log2(ticks + 1.0) / 5.0
    if ticks <= 4:
        out[4 + ticks] = 1.0  # 5..8; a note lasts at least a tick
    elif ticks <= 6:
        out[9] = 1.0
    elif ticks <= 8:
        out[10] = 1.0
    elif ticks <= 12:
        out[11] = 1.0
    elif ticks <= 24:
        out[12] = 1.0
    else:
        out[13] = 1.0
    if place == FREE:
        out[14] = 1.0
    else:
        tick = place - LINES[place]
        out[15 + min(tick // TICKS_PER_BEAT, 3)] = 1.0
        inside = tick % TICKS_PER_BEAT
        if inside % 3 == 0:
            out[19 + inside // 3] = 1.0
        elif inside % 4 == 0:
            out[23] = 1.0
        else:
            out[24] = 1.0
    out[25] = row[RESTED]
    if row[BEFORE] == 0:
        out[26] = 1.0
    else:
        step = row[PITCH] - row[BEFORE]
        out[27] = min(max(step, -12), 12) / 12.0
        out[28] = step == 0
        out[29] = abs(step) >= 12
    out[30] = row[BASS] > 0
    out[31] = row[OTHER] > 0
    if row[OTHER] > 0 and voice < 3:
        apart = row[PITCH] - row[OTHER]
        out[32] = apart > 0
        out[33] = apart == 0
        out[34] = min(max(apart, -24), 24) / 24.0
    count, last_ticks = 0, 0
    j = before[i]
    while j >= begin and count < 16:
        count += 1
        if row[BEGINS] - rows[j, BEGINS] <= 48:
            out[35] += 0.125
        last_ticks += rows[j, TICKS]
        j = before[j]
    out[36] = np.log2(count + 1.0) / 4.0
    out[37] = count == 0
    if count:
        out[38] = np.log2(last_ticks / count + 1.0) / 5.0
    j = before[i]
    if j >= begin:
        out[39] = rows[j, PITCH] == row[PITCH]
        out[40] = np.log2((rows[j, TICKS] + 1.0) / (ticks + 1.0)) / 3.0
    pitch = row[PITCH]
    if voice == 3:
        out[41] = pitch <= 4
        out[42] = 4 < pitch <= 8
        out[43] = 8 < pitch <= 11
        out[44] = 11 < pitch <= 13
        out[45] = 13 < pitch <= 14
        out[46] = pitch > 14
    else:
        out[41] = pitch < 48
        out[42] = 48 <= pitch < 56
        out[43] = 56 <= pitch < 64
        out[44] = 64 <= pitch < 72
        out[45] = 72 <= pitch < 82
        out[46] = pitch >= 82
    if row[LATE] != UNTOLD:
        out[47] = 1.0
        at = ((row[LATE] - ON_TIME) / LATENESSES - EARLIEST) / EVERY
        for k in range(MARKS):
            out[48 + k] = max(0.0, 1.0 - abs(min(max(at, 0.0), MARKS - 1.0) - k))
    if j >= begin:
        gap = row[BEGINS] - rows[j, BEGINS] - rows[j, TICKS]
        out[56] = np.log2(max(gap, 0) + 1.0) / 5.0


@njit(cache=True, nogil=True)
def read_pairs(
    rows: Ints, codes: Ints, before: Ints, i: int, begin: int, end: int, out: F32
) -> None:
    """Compare note `i` with earlier ones, `begin` to `end`, into `out` `[N_PAIR, >= end - begin]`.

    `codes` `[n]` say which patch each earlier note has: shape * 512 + level * 32 + duty.
    """
    last, voice, ticks, place = before[i], rows[i, VOICE], rows[i, TICKS], rows[i, PLACE]
    code = codes[last] if last >= 0 else NEVER
    log_ticks, mine = HALVES[min(ticks, LONGEST)], 0
    own = np.full(end - begin, NEVER)  # the voice's patches
    for j in range(begin, end):
        if rows[j, VOICE] == voice:
            own[j - begin] = codes[j]
            mine += 1
    for j in range(begin, end):
        f = j - begin
        same = rows[j, VOICE] == voice
        equal, level = rows[j, TICKS] == ticks, rows[j, PITCH] == rows[i, PITCH]
        apart = rows[i, PITCH] - rows[j, PITCH]
        out[0, f] = same
        out[1, f] = j == last
        out[2, f] = LOGS[min(i - j, WINDOW)] / 6.0
        out[3, f] = equal
        out[4, f] = min(abs(log_ticks - HALVES[min(rows[j, TICKS], LONGEST)]), 3.0) / 3.0
        out[5, f] = level
        out[6, f] = min(abs(apart), 24) / 24.0
        out[7, f] = min(max(apart, -12), 12) / 12.0
        out[8, f] = out[9, f] = 0.0
        if place != FREE and rows[j, PLACE] != FREE:
            here, there = place - LINES[place], rows[j, PLACE] - LINES[rows[j, PLACE]]
            out[8, f] = here == there
            out[9, f] = here % TICKS_PER_BEAT == there % TICKS_PER_BEAT
        out[10, f] = rows[j, RESTED] == rows[i, RESTED]
        out[11, f] = rows[i, PITCH] - rows[i, BEFORE] == rows[j, PITCH] - rows[j, BEFORE]
        a, b, whole, rhythm, more = before[i], before[j], 0, 0, True
        while rhythm < RUN and a >= 0 and b >= begin and rows[a, TICKS] == rows[b, TICKS]:
            rhythm += 1
            more = more and rows[a, PITCH] == rows[b, PITCH]
            whole += more
            a, b = before[a], before[b]
        out[12, f] = whole / RUN
        out[13, f] = rhythm / RUN
        late = rows[i, BEGINS] - rows[j, BEGINS]
        out[14, f] = not same and level and equal and 0 < late <= 24
        out[15, f] = not same and late == 0
        out[16, f] = codes[j] == code
        out[17, f] = code >= 0 and (codes[j] ^ code) & ~480 == 0
        alike = 0
        for k in range(len(own)):
            alike += own[k] == codes[j]
        out[18, f] = alike / max(mine, 1)
        out[19, f] = (codes[j] >> 5 & 15) / 15.0
        out[20, f] = rows[j, TICKS] >= ticks
        out[21, f] = (rows[j, BASS] > 0) == (rows[i, BASS] > 0)
        out[22, f] = (rows[j, OTHER] > 0) == (rows[i, OTHER] > 0)
        out[23, f] = equal and level
        out[24, f] = out[25, f] = out[26, f] = 0.0
        if rows[i, LATE] != UNTOLD and rows[j, LATE] != UNTOLD:
            later = abs(rows[i, LATE] - rows[j, LATE]) / LATENESSES
            out[24, f] = 1.0
            out[25, f] = min(later, 1.0)
            out[26, f] = np.exp(-((later / SAME_LATE) ** 2))


@njit(cache=True, nogil=True)
def fits(values: Bytes, steps: int, said: Bytes, table: F32) -> float:
    """The log-probability of a note's `values` `[STEPS]` where a patch has `said` others.

    `table` has that of a value (column) where another is said (row).
    """
    total = 0.0
    for t in range(min(steps, STEPS)):
        total += table[said[t], values[t]]
    return total
