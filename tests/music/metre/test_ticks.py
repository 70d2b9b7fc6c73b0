"""Scores in ticks and back."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.music.metre.metre import find_metre
from nesvae_live.music.metre.place import (
    FREE,
    N_PLACES,
    advance,
    advance_table,
    bar_ticks,
    place_of,
    tick_of_bar,
)
from nesvae_live.music.metre.ticks import places_after, score_to_ticks, ticks_to_steps
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES
from tests.support.metresongs import steady, unsteady


def test_places_of_a_bar_come_round() -> None:
    for beats in (4, 3):
        first = place_of(0, beats)
        assert bar_ticks(first) == 12 * beats
        assert advance(first, 12 * beats) == first
        assert advance(first, 5) == place_of(5, beats)
        assert tick_of_bar(np.array([advance(first, 7)])) == [7]


def test_what_is_free_stays_free() -> None:
    assert advance(FREE, 9) == FREE
    assert bar_ticks(FREE) == 0
    assert tick_of_bar(np.array([FREE])) == [-1]


def test_every_place_is_some_tick_of_a_bar() -> None:
    found = {FREE} | {place_of(t, b) for b in (4, 3) for t in range(12 * b)}
    assert found == set(range(N_PLACES))


def test_the_table_says_what_advance_says() -> None:
    table = advance_table(LONGEST_HOLD)
    for place in range(N_PLACES):
        assert table[place].tolist() == [advance(place, t) for t in range(LONGEST_HOLD + 1)]


def test_a_bar_of_five_beats_is_refused() -> None:
    with pytest.raises(ValueError, match="4 or 3 beats, not 5"):
        place_of(0, 5)


@pytest.mark.parametrize("seed", range(6))
def test_within_a_stretch_places_follow_from_the_holds(seed: int) -> None:
    score = steady(np.random.default_rng(seed)).score
    stretches = find_metre(score)
    song = score_to_ticks(score, stretches)
    bounds = [s.start for s in stretches if s.metre]
    wanted = places_after(int(song.places[0]), song.tuples[:, 3])
    if len(stretches) == 1 and bounds:
        assert (song.places == wanted).all()
    assert song.tuples[:, 3].min() >= 1
    assert song.tuples[:, 3].max() <= LONGEST_HOLD


@pytest.mark.parametrize("make", [steady, unsteady])
def test_back_in_steps_nearly_every_step_is_what_it_was(make: object) -> None:
    assert callable(make)
    for seed in range(5):
        score = make(np.random.default_rng(seed)).score
        song = score_to_ticks(score)
        steps = ticks_to_steps(song)
        assert len(steps) == len(score)
        assert (steps == score[:, :N_VOICES, 0]).mean() > 0.9


def test_the_grid_moves_tuples_by_at_most_a_step_and_a_half() -> None:
    rng = np.random.default_rng(1)
    moved = [np.abs(score_to_ticks(steady(rng).score).moved()) for _ in range(20)]
    assert (np.concatenate(moved) <= 1.5).mean() >= 0.95


def test_onsets_of_a_steady_song_lie_on_the_rows_of_its_beat() -> None:
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(20):
        song = score_to_ticks(steady(rng).score)
        tick = tick_of_bar(song.places) % 12
        known = song.places != FREE
        if known.any():
            shares.append(np.isin(tick[known], (0, 2, 3, 4, 6, 8, 9, 10)).mean())
    assert np.median(shares) > 0.9


def test_an_empty_score_has_no_tuple() -> None:
    song = score_to_ticks(np.zeros((0, 4, 3), np.uint8))
    assert song.tuples.shape == (0, 4)
    assert len(ticks_to_steps(song)) == 0
