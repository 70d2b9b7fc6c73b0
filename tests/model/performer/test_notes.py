"""Notes of a song and of a phrase are what was played."""

from __future__ import annotations

import numpy as np

from nesvae_live.model.performer.notes import (
    LATENESSES,
    ON_TIME,
    UNTOLD,
    Column,
    phrase_to_onsets,
    song_to_notes,
)
from nesvae_live.music.metre.onsets import FRAMES_PER_STEP
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.voices import Voice

NOBODY = ((0, -1), (0, -1))


def test_a_note_has_its_pitch_its_length_and_the_volumes_that_it_was_played_with() -> None:
    score = np.zeros((40, 4, 3), np.uint8)
    score[2:8, 0] = [(60, 15 - step, 2) for step in range(6)]
    score[8:12, 0] = (62, 9, 1)
    score[4:12, 2, 0] = 40
    pulses, noise = song_to_notes(score)
    assert pulses.rows[:, Column.PITCH].tolist() == [60, 62]
    assert pulses.steps.tolist() == [6, 4]
    assert pulses.start.tolist() == [2, 8]
    assert pulses.volume[0, :8].tolist() == [15, 14, 13, 12, 11, 10, 10, 10]
    assert pulses.duty[:, 0].tolist() == [2, 1]
    assert pulses.rows[:, Column.RESTED].tolist() == [1, 0]
    assert pulses.rows[:, Column.BEFORE].tolist() == [0, 60]
    assert pulses.rows[:, Column.BASS].tolist() == [0, 40]
    assert not len(noise.rows)


def test_a_stroke_of_the_noise_begins_where_its_volume_rises() -> None:
    score = np.zeros((24, 4, 3), np.uint8)
    score[0:12, 3] = [(14, v, 0) for v in (9, 5, 2, 1, 9, 5, 2, 1, 2, 1, 1, 1)]
    score[12:14, 3] = (4, 12, 0)
    score[:, 0] = [(50 + step // 4, 15, 0) for step in range(24)]
    _, noise = song_to_notes(score)
    assert noise.start.tolist() == [0, 4, 12]
    assert noise.steps.tolist() == [4, 8, 2]
    assert noise.rows[:, Column.PITCH].tolist() == [14, 14, 4]


def test_what_goes_on_from_before_a_phrase_begins_no_note() -> None:
    tuples = ((60, 0, 40, 6), (60, 70, 40, 6), (62, 70, 0, 12), (0, 70, 0, 6), (62, 0, 0, 6))
    onsets = phrase_to_onsets(tuples, place_of(42, 4), 42, (60, 0, 40), NOBODY)
    rows = [onset.row for onset in onsets]
    assert [onset.number for onset in onsets] == [1, 2, 4]
    assert [row[Column.VOICE] for row in rows] == [Voice.P2, Voice.P1, Voice.P1]
    assert [row[Column.TICKS] for row in rows] == [24, 12, 6]
    assert [row[Column.BEGINS] for row in rows] == [48, 54, 72]
    assert [row[Column.PLACE] for row in rows] == [place_of(t, 4) for t in (48, 54, 72)]
    assert [row[Column.BASS] for row in rows] == [40, 0, 0]
    assert [row[Column.OTHER] for row in rows] == [60, 70, 0]
    assert rows[1][Column.RESTED] == 0, "pulse 1 went on until there"
    assert rows[2][Column.RESTED] == 1
    assert rows[2][Column.BEFORE] == 62


def test_what_is_free_stays_free() -> None:
    onsets = phrase_to_onsets(((60, 0, 0, 3), (62, 0, 0, 3)), FREE, 0, (0, 0, 0), NOBODY)
    assert {onset.row[Column.PLACE] for onset in onsets} == {FREE}


def test_a_phrases_notes_are_those_of_the_same_song() -> None:
    rng = np.random.default_rng(1)
    tuples = [(int(a), int(b), int(c), int(d)) for a, b, c, d in rng.integers(40, 44, (30, 4))]
    tuples = [(a, b if a % 2 else 0, c, d - 39) for a, b, c, d in tuples]
    score = np.zeros((sum(d for *_, d in tuples), 4, 3), np.uint8)
    at = 0
    for a, b, c, d in tuples:
        score[at : at + d, :3, 0], score[at : at + d, :2, 1] = (a, b, c), 9
        at += d
    score[score[:, :, 0] == 0] = 0
    pulses, _ = song_to_notes(score)
    places = set(pulses.rows[:, Column.PLACE].tolist())
    assert places == {FREE}, "24 steps are too few for a metre"
    onsets = phrase_to_onsets(tuples, FREE, 0, (0, 0, 0), NOBODY)
    others = [column for column in Column if column != Column.LATE]
    assert np.array([onset.row for onset in onsets])[:, others].tolist() == (
        pulses.rows[:, others].tolist()
    )
    assert {onset.row[Column.LATE] for onset in onsets} == {ON_TIME}
    assert set(pulses.rows[:, Column.LATE].tolist()) == {UNTOLD}


def test_the_grid_tells_how_late_in_its_step_a_note_begins() -> None:
    begun = 9 * np.arange(40)  # frames: a row lasts nine of them
    starts = np.rint(begun / FRAMES_PER_STEP).astype(int)
    score = np.zeros((int(starts[-1]) + 4, 4, 3), np.uint8)
    for k, (start, stop) in enumerate(zip(starts, [*starts[1:], len(score)], strict=True)):
        score[start:stop, 0] = 50 + 5 * (k % 4), 12, 0
        score[start:stop, 2, 0] = 36 + 7 * (k // 8 % 2)
    score[:, 3] = 0
    pulses, _ = song_to_notes(score)
    assert pulses.start.tolist() == starts.tolist()
    told = (pulses.rows[:, Column.LATE] - ON_TIME) / LATENESSES
    late = begun / FRAMES_PER_STEP - starts
    assert np.ptp(late) > 0.8, "the rows begin anywhere in a step"
    assert np.abs(told - told.mean() - (late - late.mean())).max() < 0.1
    assert abs(told.mean() - late.mean()) < 0.3
