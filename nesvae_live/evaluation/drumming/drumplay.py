"""Drums to the other voices of songs: the learnt drummer's, told nothing, and the rule's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.drums.cells import NO_STROKE, UNKNOWN, Cell
from nesvae_live.model.drums.drumfile import DrumFile
from nesvae_live.model.drums.drummer import CALM, LEAST, VARY
from nesvae_live.model.drums.drumming import drum_tables, play_ticks
from nesvae_live.model.drums.drumtable import DrumTable
from nesvae_live.model.drums.reading import NOT_SAID
from nesvae_live.music.drums import Drummer
from nesvae_live.music.metre.place import TICKS_PER_BEAT
from nesvae_live.music.phrase import Phrase

Bytes = NDArray[np.uint8]


def play_parts(
    drummer: DrumFile,
    table: DrumTable,
    *,
    calm: float = CALM,
    least: float = LEAST,
    vary: float = VARY,
    fills: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Bytes:
    """`[n, CELLS]`: every part as the drummer plays it, going on from nothing but its own strokes.

    `fills` `[n]` says which bars are to end with a fill, as `find_fills` does.
    """
    tables = drum_tables(drummer.weights, drummer.config)
    cells = table.cells.copy()
    cells[:, Cell.STROKE] = UNKNOWN
    draws, varied = np.random.default_rng(seed).random((2, len(cells)), dtype=np.float32)
    heard = np.zeros(len(cells), np.uint8)
    told = np.full(len(cells), NOT_SAID) if fills is None else fills
    extra, logits = np.zeros(len(cells), np.uint8), np.zeros(drummer.config.kinds + 1, np.float32)
    for begin, end in table.parts():
        part = slice(begin, end)
        play_ticks(
            *(cells[part], 0, 0, told[part].astype(np.uint8), 1, draws[part], calm),
            *(least, vary, varied[part], tables, heard[part], extra[part], logits),
        )
    cells[:, Cell.STROKE] = heard
    return cells


def play_by_rule(table: DrumTable, level: float, seed: int = 0) -> Bytes:
    """`[n, CELLS]`: every part as the rule-based drummer plays it, its knob at `level`.

    The kinds are the notes of its kit.
    """
    cells = table.cells.copy()
    cells[:, Cell.STROKE] = NO_STROKE
    for index, (begin, end) in enumerate(table.parts()):
        part = cells[begin:end]
        drummer = Drummer(seed)
        starts = np.flatnonzero(
            (part[:, Cell.BEGINS] != 0) | (np.diff(part[:, Cell.SOUNDS], prepend=0) != 0)
        )
        starts = np.unique(np.append(0, starts))
        notes, tuples = [0, 0, 0], []
        for start, stop in zip(starts, np.append(starts[1:], len(part)), strict=True):
            for voice in range(3):
                if part[start, Cell.BEGINS] >> voice & 1:
                    notes[voice] = 61 if notes[voice] == 60 else 60  # another note than before
                elif not part[start, Cell.SOUNDS] >> voice & 1:
                    notes[voice] = 0
            tuples.append((notes[0], notes[1], notes[2], int(stop - start)))
        place = int(part[0, Cell.PLACE])
        first = max(place - 1, 0) / TICKS_PER_BEAT
        drummer.place(Phrase(tuple(tuples)), index, first, 1 / TICKS_PER_BEAT)
        for hit in drummer.pop_due(float("inf"), level):
            tick = round((hit.beat - first) * TICKS_PER_BEAT)
            if tick < len(part):
                part[tick, Cell.STROKE] = hit.note
    return cells
