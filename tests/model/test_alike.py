"""Which places of the past are like the present, against what that means."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.model.alike import (
    MOVED,
    RHYTHM,
    SAME,
    WHERE,
    mark,
    most_alike,
    start_runs,
    update_runs,
)
from nesvae_live.model.song.steering.leaning import heard_then, since_heard

ROOM, LONGEST = 60, 8


def music(seed: int, n: int = ROOM) -> np.ndarray:
    """Tuples that often repeat; some of them moved, with silences."""
    rng = np.random.default_rng(seed)
    symbols = np.zeros((n, 4), np.int64)
    symbols[:, 3] = rng.integers(1, 3, n)
    symbols[:, :3] = rng.integers(0, 3, (n, 3)) * 20
    for at in range(8, n - 8, 8):
        begin = int(rng.integers(at))
        part = symbols[begin : begin + 8].copy()
        moved = part[:, :3] + int(rng.integers(-2, 3))
        part[:, :3] = np.where((part[:, :3] > 0) & (moved > 0), moved, part[:, :3])
        symbols[at : at + len(part)] = part
    return symbols


def agree(symbols: np.ndarray, s: int, last: int, kind: int) -> bool:
    a, b = symbols[s], symbols[last]
    if a[3] != b[3]:
        return False
    if kind == RHYTHM:
        return True
    if kind == SAME:
        return bool((a == b).all())
    if s == 0:
        return False
    c, d = symbols[s - 1], symbols[last - 1]
    return all(
        a[v] - c[v] == b[v] - d[v] and b[v] > 0 and d[v] > 0
        if a[v] > 0 and c[v] > 0
        else (a[v] > 0, c[v] > 0) == (b[v] > 0, d[v] > 0)
        for v in range(3)
    )


def run(symbols: np.ndarray, s: int, last: int, kind: int) -> int:
    length = 0
    while length < LONGEST and s >= length and agree(symbols, s - length, last - length, kind):
        length += 1
    return length


@pytest.mark.parametrize("seed", range(6))
def test_a_run_is_how_many_tuples_agree(seed: int) -> None:
    symbols = music(seed)
    marks, runs = np.zeros((2, 4, ROOM), np.int32), np.zeros((2, 3, ROOM + 1), np.int32)
    played, places = 40 if seed else 0, np.arange(ROOM)
    start_runs(symbols, places, played, LONGEST, marks, runs)
    for n in range(played + 1, ROOM + 1):
        mark(symbols, places, n, marks[1])
        update_runs(marks[1], n, LONGEST, runs[1])
        for kind in (SAME, RHYTHM, MOVED):
            wanted = [run(symbols, n - 1 - ago, n - 1, kind) for ago in range(1, n)]
            assert runs[1, kind, 1:n].tolist() == wanted
    assert not runs[0, :, played:].any()


@pytest.mark.parametrize("wanted", [-1, 0, 17])
@pytest.mark.parametrize("in_bar", [True, False])
@pytest.mark.parametrize(("n", "most"), [(ROOM, 16), (9, 16), (30, 5), (0, 16)])
def test_the_most_alike_are_chosen_and_of_those_the_last(
    n: int, most: int, in_bar: bool, wanted: int
) -> None:
    rng = np.random.default_rng(n)
    wanted = min(wanted, n - 1)
    runs = np.zeros((3, ROOM + 1), np.int32)
    runs[:, 1:n] = rng.integers(0, 9, (3, max(n - 1, 0))) * (rng.random((3, max(n - 1, 0))) < 0.3)
    places = rng.integers(0, 4, ROOM + 1)
    found, level = np.full((most, 6), -1), np.zeros(ROOM + 1, np.int32)
    marks = np.zeros((4, ROOM), np.int32)
    marks[WHERE] = places[ROOM - 1 :: -1]
    k = most_alike(runs, marks, n, int(places[n]) if in_bar else -1, wanted, level, found)
    worth = {}
    for s in range(n):
        same, rhythm, moved = runs[:, n - s]
        worth[s] = 2 * same + rhythm + moved + 2 * (in_bar and places[s] == places[n])
        worth[s] = worth[s] if s != wanted else 99
    best = sorted(worth, key=lambda s: (-worth[s], -s))[:most]
    assert found[:k, 0].tolist() == sorted(best, reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_looking_back_says_the_same_as_having_listened(seed: int) -> None:
    symbols = music(seed)
    symbols[: 10 * seed, seed % 3] = 0
    symbols[50:] = symbols[50]
    for n in (0, 1, 2, 20, ROOM):
        listened, back = np.zeros((4, 2), np.int64), np.zeros((2, 4, 2), np.int64)
        for at in range(n):
            heard_then(symbols, at, listened)
        since_heard(symbols[:n], back)
        assert back.tolist() == [listened.tolist()] * 2
