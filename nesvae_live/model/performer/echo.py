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
REMEMBERED = 48
"""Of so many notes before a phrase it is known what they repeat."""
NONE = -1

Begun = tuple[int, int]
"""The tick on which a note begins, and its row."""


def find_echoes(rows: Ints) -> Ints:
    """`[n]`: which earlier note each of the notes `[n, COLUMNS]` is the echo of; -1: of none."""
    found = np.full(len(rows), NONE)
    played: tuple[dict[int, list[Begun]], dict[int, list[Begun]]] = ({}, {})
    repeats: tuple[list[dict[int, int]], list[dict[int, int]]] = ([], [])
    columns = [Column.VOICE, Column.PITCH, Column.BEGINS]
    for i, (voice, pitch, begins) in enumerate(rows[:, columns].tolist()):
        of: dict[int, int] = {}
        for began, source in reversed(played[1 - voice].get(pitch, ())):
            if began < begins - LONGEST_DELAY:
                break
            if began < begins:
                of[begins - began] = source
        played[voice].setdefault(pitch, []).append((begins, i))
        lately = repeats[voice]
        lately.append(of)
        for delay, source in of.items():
            if sum(delay in others for others in lately[-LATELY:]) >= LEAST:
                found[i] = source
    return found


def echoed(rows: Ints, patches: Ints, start: int) -> None:
    """Play the echoes among the notes from `start` on as what they repeat, in place."""
    first = max(start - REMEMBERED, 0)
    for i, source in enumerate(find_echoes(rows[first:]).tolist()):
        if first + i >= start and source != NONE:
            shape, level, duty = patches[first + source]
            patches[first + i] = shape, max(level - SOFTER, 1), duty
