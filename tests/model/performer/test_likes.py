"""What a duty is chosen by: how loud the note begins, who had which duty when, and what follows."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.model.performer.likes import (
    N_HEARD,
    N_LIKE,
    following,
    phrase_ends,
    read_heard,
    read_likes,
)
from nesvae_live.model.performer.notes import COLUMNS, LATENESSES, ON_TIME, STEPS, Column
from nesvae_live.model.performer.pairs import previous

pytestmark = pytest.mark.slow  # what is compiled takes ten seconds of a core


def notes(n: int, voices: int = 1) -> np.ndarray:
    """Notes of six ticks, all at one pitch, by turns of so many voices."""
    rows = np.zeros((n, COLUMNS), np.int64)
    rows[:, Column.VOICE] = np.arange(n) % voices
    rows[:, Column.PITCH], rows[:, Column.TICKS] = 60, 6
    rows[:, Column.BEGINS] = 6 * (np.arange(n) // voices)
    return rows


def read(
    rows: np.ndarray,
    volumes: np.ndarray,
    duties: np.ndarray,
    codes: np.ndarray | None = None,
    *,
    i: int | None = None,
    until: int | None = None,
) -> np.ndarray:
    """`[N_LIKE, i]`: what is read of note `i`, the last one, and of those before it."""
    n = len(rows)
    i = n - 1 if i is None else i
    codes = duties[:, 0].astype(np.int64) if codes is None else codes
    out = np.full((N_LIKE, max(i, 1)), np.nan, np.float32)
    after = following(previous(rows, np.zeros(n, np.int64)))
    arguments = (rows, volumes, duties, codes, after, n if until is None else until, i, 0, i)
    read_likes(*arguments, int(volumes[i, 0]), out)
    return out


def flat(values: list[int]) -> np.ndarray:
    """`[n, STEPS]`: notes that each keep one value."""
    return np.repeat(np.array(values, np.uint8)[:, None], STEPS, 1)


def test_notes_are_compared_by_how_loud_they_begin() -> None:
    volumes = flat([9, 9, 5, 12, 9])
    volumes[1:, 1:] = 3  # what comes later doesn't matter
    found = read(notes(5), volumes, flat([0] * 5))
    assert found[0].tolist() == [1, 1, 0, 0]
    assert found[1] == pytest.approx([0, 0, 4 / 15, -3 / 15])
    assert found[2] == pytest.approx([0, 0, 4 / 15, 3 / 15])


def test_it_is_told_which_duty_was_there_when() -> None:
    rows, volumes = notes(9, voices=2), flat([7] * 9)
    duties = flat([0, 3, 0, 2, 1, 2, 1, 3, 1])  # P1 has 0 0 1 1 and asks, P2 3 2 2 3
    found = read(rows, volumes, duties)
    assert found[3].tolist() == [0, 0, 0, 0, 1, 0, 1, 0], "as P1's last one"
    assert found[5].tolist() == [1, 0, 1, 0, 0, 0, 0, 0], "as P1's last but two"
    assert found[6, [0, 1, 4, 6]] == pytest.approx([0.5, 0, 0.5, 0.5])
    assert found[7, 4] == found[7, 6] == 0 < found[7, 0] < found[7, 1]
    assert found[8].tolist() == [0, 0, 1, 0, 0, 0, 0, 0], "beside P2, as it was last"
    assert found[13].tolist() == [0, 1, 0, 0, 0, 0, 0, 1], "as P2's"
    assert found[15].tolist() == [0, 1, 1, 1, 1, 1, 1, 1]


def test_it_is_told_which_way_two_notes_were_cut_apart() -> None:
    rows = notes(4)
    rows[:, Column.LATE] = ON_TIME + np.array([8, -8, 0, 0])
    rows[2, Column.LATE] = 0  # untold
    found = read(rows, flat([7] * 4), flat([0] * 4))
    assert (LATENESSES * found[11]).tolist() == [0, 8, 0]
    assert (LATENESSES * found[12]).tolist() == [8, 0, 0]


def test_what_follows_is_compared_up_to_the_end_of_the_phrase() -> None:
    rows = notes(8)
    rows[:, Column.PITCH] = [60, 62, 64, 65, 60, 62, 64, 99]
    for until, alike in ((8, 2), (6, 1), (5, 0)):
        found = read(rows, flat([7] * 8), flat([0] * 8), i=4, until=until)
        whole, rhythm = (6 * found[16:18]).round()
        assert whole[0] == alike
        assert rhythm[0] == min(until - 5, 3), "from note 0 on three are known before note 4"
        assert whole[3] == 0


def test_phrases_end_with_their_list() -> None:
    first = np.array([0, 0, 0, 0, 4, 4])
    assert phrase_ends(np.array([0, 0, 1, 1, 1, 2]), first).tolist() == [2, 2, 4, 4, 5, 6]
    assert following(np.array([-1, -1, 0, 1, -1, 4])).tolist() == [2, 3, -1, -1, 5, -1]


def test_a_note_is_read_by_how_loud_it_begins() -> None:
    out = np.full(N_HEARD, np.nan, np.float32)
    read_heard(10, out)
    assert np.flatnonzero(out).tolist() == [10, 16]
    assert out[16] == pytest.approx(10 / 15)
