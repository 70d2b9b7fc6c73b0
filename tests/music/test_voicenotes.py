"""Played notes on the grid: the tuples say what was meant."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.music.phrase import (
    STEPS_PER_SECOND,
    Ints,
    steps_to_tuples,
    tuples_to_steps,
    tuples_to_symbols,
)
from nesvae_live.music.voicenotes import VoiceNote, played_to_tuples, to_range
from nesvae_live.music.voices import VOICES, Voice

STEP = 1.0 / STEPS_PER_SECOND
JITTER = 0.45 * STEP


def tuples_to_played(tuples: Ints, jitter: float = 0.0, seed: int = 0) -> list[VoiceNote]:
    """Every note of the tuples as a person plays it, up to `jitter` seconds early or late."""
    rng = np.random.default_rng(seed)
    steps = tuples_to_steps(tuples)
    notes = []
    for voice in (Voice.P1, Voice.P2, Voice.TR):
        column = steps[:, voice]
        bounds = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(column)]
        for first, after in pairwise(bounds):
            if column[first]:
                on, off = np.array([first, after]) * STEP + rng.uniform(-jitter, jitter, 2)
                notes.append(VoiceNote(voice, int(column[first]), on, off))
    return notes


songs = st.lists(
    st.tuples(*(st.sampled_from([0, 45, 60, 61, 72]) for _ in range(3)), st.integers(1, 40)),
    min_size=1,
    max_size=30,
).map(lambda rows: steps_to_tuples(np.repeat(np.array(rows)[:, :3], [r[3] for r in rows], 0)))


@given(songs, st.integers(0, 5))
def test_a_song_played_with_a_human_s_jitter_comes_back(song: Ints, seed: int) -> None:
    seconds = song[:, 3].sum() * STEP
    played = tuples_to_played(song, JITTER, seed)
    assert np.array_equal(played_to_tuples(played, 0.0, seconds), song)


@given(songs)
def test_whatever_is_played_can_be_spelt(song: Ints) -> None:
    doubled = [*tuples_to_played(song), *tuples_to_played(song, 5 * STEP, 1)]
    high = [VoiceNote(n.voice, (n.note * 7) % 128, n.on, n.off) for n in doubled]
    tuples_to_symbols(played_to_tuples(high))  # raises if not


def test_the_first_note_is_step_0_and_the_last_one_s_end_the_end() -> None:
    tuples = played_to_tuples(
        [VoiceNote(Voice.P1, 60, 7.0, 7.5), VoiceNote(Voice.TR, 40, 7.25, 8.0)]
    )
    assert tuples.tolist() == [[60, 0, 0, 6], [60, 0, 40, 6], [0, 0, 40, 12]]


def test_the_newest_note_cuts_the_older_one_which_does_not_come_back() -> None:
    tuples = played_to_tuples(
        [VoiceNote(Voice.P1, 60, 0.0, 1.0), VoiceNote(Voice.P1, 64, 0.25, 0.5)]
    )
    assert tuples.tolist() == [[60, 0, 0, 6], [64, 0, 0, 6], [0, 0, 0, 12]]


def test_of_a_chord_on_one_voice_the_highest_sounds() -> None:
    chord = [VoiceNote(Voice.P2, note, 0.0, 0.25) for note in (67, 60, 64)]
    assert played_to_tuples(chord).tolist() == [[0, 67, 0, 6]]


def test_a_note_of_no_length_lasts_a_step() -> None:
    assert played_to_tuples([VoiceNote(Voice.P1, 60, 3.0, 3.0)]).tolist() == [[60, 0, 0, 1]]


def test_what_began_before_the_start_sounds_from_it_on() -> None:
    notes = [VoiceNote(Voice.P1, 50, 0.0, 0.5), VoiceNote(Voice.P1, 60, 0.5, 2.0)]
    assert played_to_tuples(notes, 1.0, 1.5).tolist() == [[60, 0, 0, 12]]


def test_silence_before_and_after_is_kept_where_it_is_asked_for() -> None:
    tuples = played_to_tuples([VoiceNote(Voice.P1, 60, 1.0, 1.5)], 0.5, 2.0)
    assert tuples.tolist() == [[0, 0, 0, 12], [60, 0, 0, 12], [0, 0, 0, 12]]


def test_nothing_played_is_no_tuple() -> None:
    assert played_to_tuples([]).shape == (0, 4)
    assert played_to_tuples([], 0.0, 1.0).tolist() == [[0, 0, 0, 24]]


@pytest.mark.parametrize("voice", [Voice.P1, Voice.P2, Voice.TR])
@pytest.mark.parametrize("note", range(128))
def test_every_note_has_its_pitch_class_in_range(voice: Voice, note: int) -> None:
    moved = to_range(voice, note)
    assert VOICES[voice].lowest <= moved <= VOICES[voice].highest
    assert (moved - note) % 12 == 0
    assert moved == note or abs(moved - note) < 48
