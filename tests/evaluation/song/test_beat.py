"""Pulse, bar and recurrence of music for which they are known."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.evaluation.song.beat import (
    Music,
    bar_lines,
    beat_figures,
    divergence,
    falling_fifths,
    kolmogorov_smirnov,
    metre_of,
    on_lines,
    onset_places,
    pulse,
    recurring_bars,
    recurring_grams,
    windows,
)
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.metre.ticks import places_after


def even(held: int, n: int = 120, period: int = 1000) -> Music:
    """Notes that all hold as long, and come again after `period` of them."""
    note = 40 + np.arange(n) % period % 60
    tuples = np.stack([note, np.zeros(n), np.zeros(n), np.full(n, held)], 1).astype(np.int64)
    return Music(tuples, places_after(place_of(0, 4), tuples[:, 3]))


def uneven(seed: int = 0, n: int = 120) -> Music:
    rng = np.random.default_rng(seed)
    tuples = np.stack(
        [rng.integers(40, 90, n), np.zeros(n), np.zeros(n), rng.integers(1, 20, n)], 1
    ).astype(np.int64)
    return Music(tuples, places_after(place_of(0, 4), tuples[:, 3]))


def test_even_notes_have_a_perfect_pulse_and_random_ones_hardly_any() -> None:
    assert min(pulse(part) for part in windows(even(3))) > 0.9
    assert max(pulse(part) for part in windows(uneven())) < 0.6


def test_music_that_is_too_short_has_no_pulse() -> None:
    assert not windows(even(3, n=50))


def test_a_pulse_is_told_by_metre_too() -> None:
    free = uneven(n=240)
    free = Music(free.tuples, np.full(len(free.places), FREE))
    figures = beat_figures([even(3, n=240), free], [even(3, n=240), even(4, n=240)])["pulse"]
    assert (metre_of(free), metre_of(even(3))) == (0, 4)
    ours, songs = figures["window"]["by_metre"], figures["songs"]["by_metre"]
    assert ours["four"]["median"]["value"] > 0.9
    assert ours["free"]["median"]["value"] < 0.6
    assert (ours["four"]["median"]["n"], ours["free"]["median"]["n"]) == (2, 2)
    assert songs["four"]["median"]["n"] == 4
    assert set(songs) == {"four"}


def test_a_beginning_is_counted_at_its_tick_of_the_bar() -> None:
    counts = onset_places(even(6, n=16))
    assert counts[::6].tolist() == [2.0] * 8
    assert counts.sum() == 16


def test_free_music_has_neither_places_nor_bar_lines() -> None:
    piece = even(6)
    free = Music(piece.tuples, np.full(len(piece.tuples), FREE))
    assert onset_places(free).sum() == 0
    assert bar_lines(free) == (0, 0)
    assert np.isnan(recurring_bars(free)).all()


def test_bar_lines_are_struck_by_notes_that_begin_there() -> None:
    assert bar_lines(even(12, n=16)) == (4, 4)
    lines, struck = bar_lines(even(32, n=9))  # 288 ticks: 6 bars, every other line is held over
    assert (lines, struck) == (6, 3)


def test_sixteenths_and_triplets_are_lines_and_what_lies_between_is_not() -> None:
    assert on_lines(even(3, n=16)) == (16, 16)
    assert on_lines(even(4, n=15)) == (15, 15)
    assert on_lines(even(1, n=24)) == (24, 12)
    assert on_lines(Music(even(3).tuples, np.full(120, FREE))) == (0, 0)


def test_the_bass_of_a_cadence_falls_a_fifth_or_rises_a_fourth_onto_the_line() -> None:
    bass = np.array([40, 47, 40, 45, 47, 47, 0, 40])  # a bar each: 7 down, 5 up, and others
    tuples = np.stack([np.zeros(8), np.zeros(8), bass, np.full(8, 24)], 1).astype(np.int64)
    tuples = np.repeat(tuples, 2, axis=0)
    piece = Music(tuples, places_after(place_of(0, 4), tuples[:, 3]))
    assert falling_fifths(piece) == (5, 3)
    late = Music(tuples, places_after(place_of(12, 4), tuples[:, 3]))
    assert falling_fifths(late) == (0, 0)


def test_what_comes_again_is_counted() -> None:
    assert recurring_grams(even(6, n=80, period=8)) == pytest.approx((80 - 11) / 77)
    assert recurring_grams(even(6, n=50, period=1000)) == 0.0
    assert recurring_bars(even(6, n=80, period=8)).tolist() == [1.0, 1.0, 1.0, 1.0]
    assert recurring_bars(even(6, n=80, period=16)).tolist() == [0.0, 1.0, 1.0, 1.0]


def test_the_divergence_of_the_same_is_0_and_of_strangers_1() -> None:
    a, b = np.array([3.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 2.0, 2.0])
    assert divergence(a, 2 * a) == pytest.approx(0.0)
    assert divergence(a, b) == pytest.approx(1.0)


def test_songs_beside_themselves_are_alike() -> None:
    songs = [uneven(seed) for seed in range(6)] + [even(3), even(4)]
    figures = beat_figures(songs, songs)
    assert figures["bar"]["js_over_human"]["value"] == pytest.approx(0.0)
    assert figures["pulse"]["window"] == figures["pulse"]["songs"]
    assert figures["bar"]["lines_struck"] == figures["bar"]["songs_lines_struck"]
    assert figures["recurrence"]["grams"] == figures["recurrence"]["songs"]["grams"]
    assert figures["recurrence"]["grams_ks"]["value"] == 0.0


def test_the_distance_of_two_distributions_is_0_to_1() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert kolmogorov_smirnov(a, a) == 0.0
    assert kolmogorov_smirnov(a, a + 10) == 1.0
    assert kolmogorov_smirnov(a, a + 1) == 0.25
