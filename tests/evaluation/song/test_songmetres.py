"""What is played has the metres and the tempi of the songs beside it."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.song.beat import Music
from nesvae_live.evaluation.song.songmetres import cut_to_steps, metres, metres_by_song, tempi
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.metre.ticks import places_after
from nesvae_live.music.phrase import tuples_to_symbols

HELD = np.full(30, 3)
TUPLES = np.stack([40 + np.arange(30), 0 * HELD, 0 * HELD, HELD], 1)


def song(first: int) -> Music:
    return Music(TUPLES, places_after(first, HELD))


def corpus(seconds: list[float], sure: list[float]) -> TickCorpus:
    n = len(seconds)
    return TickCorpus(
        tuple(f"{i:03d}" for i in range(n)),
        np.concatenate([tuples_to_symbols(TUPLES)] * n),
        np.concatenate([song(place_of(0, 4)).places] * n),
        np.full(n, len(TUPLES)),
        np.array(seconds),
        np.array(sure),
        "",
    )


def test_metres_are_as_common_as_in_the_songs_and_begin_on_the_bar_line() -> None:
    songs = [song(place_of(5, 4)), song(place_of(7, 4)), song(place_of(0, 3)), song(FREE)]
    found = metres(songs, 8)
    assert found.tolist() == [FREE] * 2 + [place_of(0, 4)] * 4 + [place_of(0, 3)] * 2
    assert metres([song(FREE)], 3).tolist() == [FREE] * 3


def test_by_song_each_counts_once_with_the_metre_of_most_of_it() -> None:
    changing = Music(
        np.concatenate([TUPLES] * 2),
        np.concatenate((song(FREE).places, song(place_of(0, 3)).places[:-1], [FREE])),
    )
    found = metres_by_song([song(place_of(7, 4)), song(place_of(0, 4)), changing], 6)
    assert found.tolist() == [FREE] * 2 + [place_of(0, 4)] * 4


def test_tempi_are_those_of_songs_whose_metre_is_sure() -> None:
    found = tempi(corpus([3.0, 6.0, 1.0], [1.0, 1.0, 0.5]), 5, np.random.default_rng(0))
    spread = [16.5, 19.5, 22.5, 25.5, 28.5]  # from 15 to 30
    assert sorted(found.tolist()) == pytest.approx(spread, abs=0.05)


def test_a_row_lasts_whole_frames_or_quarters_where_the_songs_is_near() -> None:
    frames = np.array([6.01, 5.53, 7.12])  # of a song of 90 ticks, 30 rows
    found = tempi(corpus([*(frames / 2)], [1.0] * 3), 3, np.random.default_rng(0))
    at = np.quantile(180 / frames, [1 / 6, 1 / 2, 5 / 6])
    assert at[1] != 30.0
    assert sorted(found.tolist()) == [at[0], 30.0, at[2]]
    none = tempi(corpus([3.0], [0.5]), 2, np.random.default_rng(0))
    assert none.tolist() == [24.0, 24.0]


def test_music_at_a_tempo_is_cut_into_steps_of_a_24th_of_a_second() -> None:
    at_24 = cut_to_steps(TUPLES, 24.0, 1000)
    assert at_24[:, 0].tolist() == np.repeat(TUPLES[:, 0], 3).tolist()
    slow = cut_to_steps(TUPLES, 10.0, 72)  # 30 ticks in 3 s, of 7.2 steps each
    assert len(slow) == 72
    assert np.bincount(slow[:, 0])[40:50].tolist() == [7, 7, 8, 7, 7, 7, 7, 8, 7, 7]
    assert len(cut_to_steps(TUPLES, 48.0, 1000)) == 45
