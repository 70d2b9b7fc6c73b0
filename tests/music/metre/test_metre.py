"""What the metre of songs whose metre is known is found to be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from nesvae_live.music.metre.metre import Stretch, find_metre, stretch_metre
from nesvae_live.music.metre.onsets import ECHO, find_onsets
from nesvae_live.music.metre.rows import find_rows
from nesvae_live.music.voices import Voice
from tests.support.metresongs import Song, steady, unsteady

STEADY, UNSTEADY = 200, 50


@dataclass(frozen=True)
class Verdict:
    """Whether row, bar and downbeat are right."""

    row: bool
    bar: bool
    downbeat: bool


def longest(stretches: list[Stretch]) -> Stretch | None:
    sure = [stretch for stretch in stretches if stretch.metre]
    return max(sure, key=lambda s: s.stop - s.start) if sure else None


def judge(song: Song) -> Verdict:
    found = longest(find_metre(song.score))
    if found is None or found.metre is None:
        return Verdict(False, False, False)
    frames, metre = found.rows.frames, found.metre
    bar = frames * metre.rows_per_bar
    downbeat = found.rows.phase + metre.downbeat * frames
    half = song.bar_frames / 2
    off = (downbeat - song.downbeat_frame + half) % song.bar_frames - half
    bar_right = abs(bar - song.bar_frames) < 0.02 * song.bar_frames
    return Verdict(abs(frames - song.frames) < 0.05, bar_right, bar_right and abs(off) <= 2.0)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    rng = np.random.default_rng(13)
    return [judge(steady(rng)) for _ in range(STEADY)]


@pytest.mark.slow
def test_the_row_of_a_steady_song_is_right_in_at_least_95_percent(verdicts: list[Verdict]) -> None:
    assert np.mean([v.row for v in verdicts]) >= 0.95


@pytest.mark.slow
def test_bar_and_downbeat_of_a_steady_song_are_right_in_at_least_85_percent(
    verdicts: list[Verdict],
) -> None:
    assert np.mean([v.bar for v in verdicts]) >= 0.85
    assert np.mean([v.downbeat for v in verdicts]) >= 0.85


@pytest.mark.slow
def test_at_most_a_tenth_of_unsteady_songs_is_called_sure() -> None:
    rng = np.random.default_rng(14)
    shares = []
    for _ in range(UNSTEADY):
        score = unsteady(rng).score
        sure = sum(s.stop - s.start for s in find_metre(score) if s.metre)
        shares.append(sure / len(score))
    assert np.mean(np.array(shares) > 0.5) <= 0.1


def test_stretches_follow_each_other_from_the_first_step_to_the_last() -> None:
    rng = np.random.default_rng(3)
    for make in (steady, unsteady):
        score = make(rng).score
        stretches = find_metre(score)
        assert stretches[0].start == 0
        assert stretches[-1].stop == len(score)
        for before, after in pairwise(stretches):
            assert before.stop == after.start


def test_a_song_without_a_note_is_free() -> None:
    stretches = find_metre(np.zeros((200, 4, 3), np.uint8))
    assert [stretch.metre for stretch in stretches] == [None]


def test_a_song_without_a_step_has_no_stretch() -> None:
    assert find_metre(np.zeros((0, 4, 3), np.uint8)) == []


@pytest.mark.slow
def test_the_row_found_without_the_drums_is_the_one_found_with_them() -> None:
    rng = np.random.default_rng(5)
    same = []
    for _ in range(40):
        song = steady(rng)
        rows = []
        for voices in (tuple(Voice), (Voice.P1, Voice.P2, Voice.TR)):
            onsets = find_onsets(song.score, voices)
            found = find_rows(onsets, len(song.score))
            sure = [r for r in found if stretch_metre(r, onsets)]
            rows.append(max(sure, key=lambda r: r.stop - r.start).frames if sure else 0.0)
        same.append(rows[0] == rows[1])
    assert np.mean(same) >= 0.85


def test_an_echo_says_next_to_nothing_of_the_metre() -> None:
    score = np.zeros((400, 4, 3), np.uint8)
    rng = np.random.default_rng(0)
    for i, step in enumerate(range(0, 380, 10)):
        note = 60 + int(rng.integers(12)) + i % 2
        score[step : step + 8, 0, :2] = note, 15
        score[step + 3 : step + 11, 1, :2] = note, 6
    onsets = find_onsets(score)
    assert (onsets.weight[onsets.voice == 1] <= ECHO).all()
    assert (onsets.weight[onsets.voice == 0] == 1.0).all()


def test_a_note_after_a_rest_began_half_a_step_later_than_one_after_a_note() -> None:
    score = np.zeros((40, 4, 3), np.uint8)
    score[10:20, 0, :2] = 60, 15
    score[20:30, 0, :2] = 62, 15
    onsets = find_onsets(score)
    assert onsets.step.tolist() == [10, 20]
    assert onsets.frames[0] / onsets.frames[1] == pytest.approx(10.5 / 20)
