"""Fills: the bars whose second half has more strokes than that of the bar before, and others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.drums.cells import LENGTHS, LINES, NO_STROKE, Cell
from nesvae_live.model.drums.reading import FILLED, NOT_SAID, PLAIN

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

MORE = 2
"""A fill has so many strokes more."""
SECTION = 4
"""Every so many bars a section ends, and a fill may lead to the next."""


def find_fills(cells: Bytes, first: Ints) -> Ints:
    """`[n]`: whether each tick's bar ends with a fill: `NOT_SAID`, `PLAIN` or `FILLED`.

    Args:
        cells: `[n, CELLS]` of drummed parts, one after the other.
        first: `[n]` the first tick of each one's part.
    """
    out = np.full(len(cells), NOT_SAID)
    place = cells[:, Cell.PLACE]
    length = LENGTHS[place]
    struck = cells[:, Cell.STROKE]
    for line in np.flatnonzero((length > 0) & (place == LINES[place])).tolist():
        bar = int(length[line])
        begin, end = line - bar, line + bar
        if end > len(cells) or first[line] != first[end - 1] or begin < first[line]:
            continue
        if length[begin] != bar or length[end - 1] != bar:
            continue
        before, now = (struck[i + bar // 2 : i + bar] for i in (begin, line))
        more = int((now != NO_STROKE).sum()) - int((before != NO_STROKE).sum())
        known = (struck[begin:line] != NO_STROKE).any()
        if known:
            out[line:end] = FILLED if more >= MORE else PLAIN
    return out


def ends_section(bar: int) -> bool:
    """Whether a section ends with a bar, counted from 0."""
    return (bar + 1) % SECTION == 0
