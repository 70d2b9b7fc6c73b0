"""What stood some bars before: voices begin notes where they did, and have those they had, as often as in songs."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

BARS_AGO = np.array([1, 2, 4, 8])
"""How many bars before."""


@njit(nogil=True, cache=True)
def stood_then(ticks: I64, now: int, bar: int, then: I64, at: I64) -> None:
    """Tell what sounded so many bars before tuple `now` begins.

    Args:
        ticks: `[W + 1]`, when tuples begin.
        now: which tuple.
        bar: how many ticks the bar has; 0: there are none.
        then: `[4]`, filled: which tuple sounded; -1: none did.
        at: `[4]`, filled: whether it began just then.
    """
    for i in range(BARS_AGO.shape[0]):
        wanted = ticks[now] - BARS_AGO[i] * bar
        then[i], at[i] = -1, 0
        if bar > 0 and wanted >= ticks[0]:
            then[i] = np.searchsorted(ticks[:now], wanted, side="right") - 1
            at[i] = ticks[then[i]] == wanted


@njit(nogil=True, cache=True)
def mend_as_then(
    one: F32, voice: int, symbols: I64, now: int, then: I64, at: I64, begun: F32, had: F32
) -> None:
    """Speak for beginning a note where the voice began one then, and else for not; and for the note it had.

    By `begun` and `had` `[3, 4]`; of the music's first tuple nobody knows whether it began.
    """
    last = symbols[now - 1, voice] if now > 0 else 0
    for i in range(then.shape[0]):
        if then[i] <= 0:
            continue
        note = symbols[then[i], voice]
        if note > 0:
            one[note] += had[voice, i]
        if at[i] and note > 0 and note != symbols[then[i] - 1, voice]:
            for k in range(1, one.shape[0]):
                if k != last:
                    one[k] += begun[voice, i]
        else:
            one[last] += begun[voice, i]
            if last > 0:
                one[0] += begun[voice, i]
