"""Echo: a pulse that repeats the other one is played as that was, and softer.

In 22 of 216 songs of the train split half of a pulse's notes or more repeat the other's, up to two beats later
(at delays for which there is no reason, two bars, in one). They are 2.9 levels softer in the mean; four in five
have the same duty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.notes import Column

Ints = NDArray[np.int64]

LONGEST_DELAY = 24
"""Ticks."""
SOFTER = 3
"""Levels."""
LATELY, LEAST = 8, 7
"""A pulse echoes if, of so many of its notes, at least so many repeat the other's with one delay."""
NONE = -1


def find_echoes(rows: Ints) -> Ints:
    """`[n]`: which earlier note each of the notes `[n, COLUMNS]` is the echo of; -1: of none."""
    found = np.full(len(rows), NONE)
    there: dict[tuple[int, int, int], int] = {}
    repeats: tuple[list[dict[int, int]], list[dict[int, int]]] = ([], [])
    for i, row in enumerate(rows.tolist()):
        voice, pitch, begins = row[Column.VOICE], row[Column.PITCH], row[Column.BEGINS]
        there[voice, pitch, begins] = i
        of = {
            delay: there[1 - voice, pitch, begins - delay]
            for delay in range(1, LONGEST_DELAY + 1)
            if (1 - voice, pitch, begins - delay) in there
        }
        lately = repeats[voice]
        lately.append(of)
        for delay, source in of.items():
            if sum(delay in others for others in lately[-LATELY:]) >= LEAST:
                found[i] = source
    return found


def echoed(rows: Ints, patches: Ints, start: int) -> None:
    """Play the echoes among the notes from `start` on as what they repeat, in place."""
    for i, source in enumerate(find_echoes(rows).tolist()):
        if i >= start and source != NONE:
            shape, level, duty = patches[source]
            patches[i] = shape, max(level - SOFTER, 1), duty
