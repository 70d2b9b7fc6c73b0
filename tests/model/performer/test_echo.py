"""A pulse that repeats the other is found, once it has done so for a while, and played softer."""

from __future__ import annotations

import numpy as np

from nesvae_live.model.performer.echo import LEAST, NONE, SOFTER, echoed, find_echoes
from nesvae_live.model.performer.notes import COLUMNS, Column

N = 12


def canon(delay: int, shift: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """A scale on P1, and the same on P2 `delay` ticks later."""
    notes = [
        (6 * i + late, voice, 60 + i + shift * voice)
        for voice, late in ((0, 0), (1, delay))
        for i in range(N)
    ]
    rows = np.zeros((2 * N, COLUMNS), np.int64)
    for row, (begins, voice, pitch) in zip(rows, sorted(notes), strict=True):
        row[[Column.BEGINS, Column.VOICE, Column.PITCH]] = begins, voice, pitch
    return rows


def test_an_echo_is_found_after_seven_notes_with_one_delay() -> None:
    rows = canon(9)
    found = find_echoes(rows)
    second = rows[:, Column.VOICE] == 1
    assert (found[~second] == NONE).all()
    assert (found[second][: LEAST - 1] == NONE).all()
    for row, source in zip(rows[second][LEAST - 1 :], found[second][LEAST - 1 :], strict=True):
        assert rows[source, Column.PITCH] == row[Column.PITCH]
        assert rows[source, Column.BEGINS] == row[Column.BEGINS] - 9


def test_what_is_together_later_or_elsewhere_is_no_echo() -> None:
    for rows in (canon(0), canon(30), canon(9, shift=20)):
        assert (find_echoes(rows) == NONE).all()


def test_an_echo_is_played_as_what_it_repeats_and_softer() -> None:
    rows = canon(6)
    patches = np.tile([3, 10, 1], (len(rows), 1))
    patches[rows[:, Column.VOICE] == 1] = 5, 12, 2
    found = find_echoes(rows) != NONE
    start = int(np.flatnonzero(found)[1])
    echoed(rows, patches, start)
    assert (patches[start:][found[start:]] == (3, 10 - SOFTER, 1)).all()
    assert (patches[:start][rows[:start, Column.VOICE] == 1] == (5, 12, 2)).all()
