"""How a voice went on from such moves before, and the rhythm from such holds: they do so as often as in songs.

The pointer quotes tuples, of all voices together. In songs each voice also repeats itself: the bass under
another melody, a figure a third higher, a rhythm on other notes.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.music.phrase import N_VOICES, SLOTS

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

LINES = SLOTS
"""What is looked at: the moves of three voices from note to note, in semitones, and the holds."""
LONGEST_FIGURE = 8
"""Steps by which a figure is known again at most."""
LOOKED_BACK = 512
"""Steps back to which figures are looked for."""


@njit(nogil=True, cache=True)
def step_then(symbols: I64, at: int, steps: I64, counts: I64, last: I64) -> None:
    """Tuple `at` of symbols `[W, 4]` was spelt: the lines are longer by its steps.

    Args:
        symbols: the music.
        at: which tuple.
        steps: `[4, n]`, the lines.
        counts: `[4]`, how many steps each has.
        last: `[3]`, the note that each voice began last, as a symbol; 0: none.
    """
    for voice in range(N_VOICES):
        note = symbols[at, voice]
        if note > 0 and (at == 0 or note != symbols[at - 1, voice]):
            if last[voice] > 0:
                steps[voice, counts[voice]] = note - last[voice]
                counts[voice] += 1
            last[voice] = note
    steps[N_VOICES, counts[N_VOICES]] = symbols[at, N_VOICES]
    counts[N_VOICES] += 1


@njit(nogil=True, cache=True)
def start_lines(symbols: I64, steps: I64, counts: I64, last: I64) -> None:
    """The same of all tuples `[W, 4]`, for N candidates: `[N, 4, n]`, `[N, 4]` and `[N, 3]`, which are 0."""
    for at in range(symbols.shape[0]):
        step_then(symbols, at, steps[0], counts[0], last[0])
    for c in range(1, steps.shape[0]):
        steps[c], counts[c], last[c] = steps[0], counts[0], last[0]


@njit(nogil=True, cache=True)
def went_on(line: I64, n: int) -> tuple[int, int]:
    """By how many steps the first `n` of a line end as they did before, at most 8, and the step that came then.

    Of several such places the latest counts of those where most steps agree.
    """
    longest, step = 0, 0
    for s in range(n - 1, max(n - 1 - LOOKED_BACK, 0), -1):
        alike = 0
        while alike < min(LONGEST_FIGURE, s) and line[s - 1 - alike] == line[n - 1 - alike]:
            alike += 1
        if alike > longest:
            longest, step = alike, line[s]
            if longest == LONGEST_FIGURE:
                break
    return longest, step


@njit(nogil=True, cache=True)
def mend_figure(one: F32, line: I64, n: int, last: int, figure: F32) -> None:
    """Speak for the symbol with which the figure at the end of a line goes on, by `figure` `[9]`.

    Its next step is counted from `last`.
    """
    longest, step = went_on(line, n)
    if longest > 0 and 0 <= last + step < one.shape[0]:
        one[last + step] += figure[longest]
