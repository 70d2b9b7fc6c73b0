"""Capture: what becomes the phrase, and how closely the instrument goes on from it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.control.gestureinputs import Capture
from nesvae_live.control.inputs import MidiIn, SetTempo
from nesvae_live.log.entries import Decoded
from nesvae_live.music.capture import CaptureBuffer, checked_phrase
from nesvae_live.music.phrase import Ints, tokens_to_tuples, tuples_to_steps
from tests.support.capturing import held_out, model, nearness, phrase_to_messages
from tests.support.rig import Rig

STEP = 1 / 24


def play(ear: CaptureBuffer, *notes: tuple[int, int, float, float]) -> None:
    """(channel from 1, note, on, off) in seconds."""
    messages = [
        message
        for channel, note, on, off in notes
        for message in ((on, 0x90 | channel - 1, note), (off, 0x80 | channel - 1, note))
    ]
    for at, status, note in sorted(messages):
        ear.receive((status, note, 64), at)


def tuples(ear: CaptureBuffer, now: float = 100.0, step: float = STEP) -> list[list[int]]:
    return [list(map(int, row)) for row in ear.tuples(step, now)]


def test_on_channels_1_to_3_the_voices_are_who_they_are() -> None:
    ear = CaptureBuffer()
    play(ear, (1, 60, 0.0, 0.5), (2, 72, 0.25, 0.5), (3, 84, 0.0, 0.25))
    assert tuples(ear) == [[60, 0, 84, 6], [60, 72, 0, 6]]


def test_a_keyboards_chord_is_shared_out_highest_next_and_lowest() -> None:
    for channel in (1, 7):
        ear = CaptureBuffer()
        play(ear, *((channel, note, 0.0, 0.5) for note in (48, 60, 64)))
        assert tuples(ear) == [[64, 60, 48, 12]]


def test_a_hand_that_is_not_quite_together_is_heard_as_meant() -> None:
    ear = CaptureBuffer()
    play(
        ear,
        (1, 60, 0.000, 0.260),
        (2, 64, 0.018, 0.249),
        (3, 40, 0.011, 0.490),
        (1, 62, 0.252, 0.5),
    )
    assert tuples(ear) == [[60, 64, 40, 6], [62, 0, 40, 6]]


def test_the_tempo_of_the_clock_says_how_long_a_step_is() -> None:
    ear = CaptureBuffer()
    play(ear, (1, 60, 0.0, 1.0), (1, 62, 1.0, 1.5))
    assert tuples(ear, step=2 * STEP) == [[60, 0, 0, 12], [62, 0, 0, 6]]


def test_a_pause_a_capture_and_13_tuples_are_where_a_phrase_begins() -> None:
    ear = CaptureBuffer()
    play(ear, (1, 50, 0.0, 0.5), (1, 60, 3.0, 3.5))
    assert tuples(ear, 4.0) == [[60, 0, 0, 12]]
    play(ear, (1, 70, 4.1, 4.6))
    assert tuples(ear, 5.0) == [[70, 0, 0, 12]]
    assert tuples(ear, 6.0) == [[70, 0, 0, 12]], "again, because nothing came since"
    play(ear, *((1, 60 + i, 10 + i / 12, 10 + (i + 1) / 12) for i in range(20)))
    assert tuples(ear) == [[67 + i, 0, 0, 2] for i in range(13)]


def test_a_key_that_is_still_held_ends_now() -> None:
    ear = CaptureBuffer()
    ear.receive((0x90, 60, 64), 1.0)
    assert tuples(ear, 1.5) == [[60, 0, 0, 12]]


@pytest.mark.parametrize(
    "channels", [(2, 3), (2, 3, 4, 5, 6, 7, 8, 9), (15, 16, 2, 3), (9, 10, 11)]
)
def test_a_melody_whose_channels_rotate_is_one_melody(channels: tuple[int, ...]) -> None:
    """As MPE keyboards play it: each key on another channel."""
    melody = (60, 62, 64, 65, 67, 65, 64, 62)
    ear = CaptureBuffer()
    for i, note in enumerate(melody):
        play(ear, (channels[i % len(channels)], note, i * 0.25, i * 0.25 + 0.25))
    assert [row[0] for row in tuples(ear, 2.0)] == list(melody)
    assert all(row[1:3] == [0, 0] for row in tuples(ear, 2.0))


def test_a_chord_on_an_mpe_keyboard_is_shared_out_as_one() -> None:
    ear = CaptureBuffer()
    keys = ((2, 48), (3, 60), (4, 64), (5, 67))
    play(ear, *((channel, note, 0.0, 1.0) for channel, note in keys))
    ((p1, p2, tr, _),) = tuples(ear, 1.0)
    assert (p1, tr) == (67, 48)
    assert p2 in {60, 64}


def test_the_pedal_holds_what_was_let_go() -> None:
    ear = CaptureBuffer()
    ear.receive((0xB0, 64, 127), 0.0)
    play(ear, (1, 60, 0.0, 0.1))
    ear.receive((0xB0, 64, 0), 1.0)
    play(ear, (1, 62, 1.0, 1.5))
    assert tuples(ear, 2.0) == [[60, 0, 0, 24], [62, 0, 0, 12]]


def test_a_key_struck_again_under_the_pedal_ends_the_first() -> None:
    ear = CaptureBuffer()
    ear.receive((0xB0, 64, 127), 0.0)
    play(ear, (1, 60, 0.0, 0.1), (1, 60, 0.5, 0.6))
    ear.receive((0xB0, 64, 0), 1.0)
    assert sum(row[3] for row in tuples(ear, 1.0)) == 24


@pytest.mark.parametrize("control", [120, 123, 124, 127])
def test_all_notes_off_ends_what_is_held(control: int) -> None:
    ear = CaptureBuffer()
    ear.receive((0x90, 60, 64), 0.0)
    ear.receive((0xB0, control, 0), 0.5)
    assert tuples(ear, 5.0) == [[60, 0, 0, 12]]


def test_a_key_whose_end_was_lost_is_left_out_after_half_a_minute() -> None:
    ear = CaptureBuffer()
    ear.receive((0x90, 40, 64), 0.0)
    play(ear, (1, 60, 40.0, 40.5), (1, 62, 40.5, 41.0))
    assert tuples(ear, 41.0) == [[60, 0, 0, 12], [62, 0, 0, 12]]


def test_drums_and_what_is_no_note_are_not_heard() -> None:
    ear = CaptureBuffer()
    play(ear, (10, 36, 0.0, 0.1))
    for data in ((0xB0, 1, 2), (0x90, 60), (0x90, 60, 200), (), (0xF8,), (0xE0, 1, 2)):
        assert not ear.receive(data, 0.0)
    with pytest.raises(ValueError, match="nothing was played"):
        ear.tuples(STEP, 1.0)


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)), max_size=60)
)
def test_whatever_is_heard_is_a_phrase_or_nothing(stream: list[tuple[int, int, int]]) -> None:
    ear = CaptureBuffer()
    for i, data in enumerate(stream):
        ear.receive(data, i * 0.05)
    with contextlib.suppress(ValueError):  # nothing was played
        phrase = ear.tuples(STEP, 10.0)
        assert checked_phrase(phrase.tolist()).tolist() == phrase.tolist()


def captured(rig: Rig, phrase: Ints, tempo: float, draw: np.random.Generator) -> Ints:
    """Play a phrase into the inbox, capture it; the phrase that the instrument then plays."""
    rig.inbox.put(SetTempo(tempo, at=rig.time.value))
    rig.play(0.1)
    began = rig.time.value
    messages = phrase_to_messages(phrase, tempo, draw)
    for at, data in messages:
        while rig.time.value < began + at:
            rig.play(0.005)
        rig.inbox.put(MidiIn("keys", data, began + at))
    rig.play(0.05)
    before = len(rig.journal.entries)
    answers: list[object] = []
    rig.inbox.put(Capture(at=rig.time.value, reply=answers.append))
    rig.play(0.3)
    assert answers == [{"ok": True}]
    (first,) = (
        entry
        for entry in rig.journal.entries[before:]
        if isinstance(entry, Decoded) and entry.follows == -1
    )
    rig.journal.entries.clear()
    return tokens_to_tuples(np.array(first.tokens))


@pytest.mark.slow
@pytest.mark.corpus
def test_what_is_captured_comes_back_as_near_as_the_model_itself_reconstructs_it(
    corpus_archive: Path,
) -> None:
    m = model()
    draw = np.random.default_rng(1)
    played = held_out(corpus_archive, 200)
    rig = Rig(
        decoder=m.decoder,
        encoder=m.finder,
        reach=m.checkpoint.quantiles.reach(),
    )
    heard = [captured(rig, phrase, draw.uniform(80, 160), draw) for phrase in played]
    ours = nearness(played, heard)
    models = nearness(played, [m.reconstruct(phrase) for phrase in played])
    print(f"captured {ours}, reconstructed {models}")
    assert ours["tokens"] >= models["tokens"] - 0.02
    assert ours["steps"] >= models["steps"] - 0.02
    assert ours["attributes"] <= models["attributes"] + 0.05
    assert all(len(tuples_to_steps(phrase)) > 0 for phrase in heard)
