"""From MIDI files of any instruments to the voices: nothing is lost without a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.nesmidi import timeline_to_midi
from nesvae_live.chip.smf.general import timeline_to_general
from nesvae_live.chip.smf.names import decode_name
from nesvae_live.chip.smf.reading import MidiMusic, midi_to_tuples, read_midi
from nesvae_live.chip.smf.sound import midi_to_timeline
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.drums import HAT, KICK
from nesvae_live.music.voices import VOICES, Voice
from tests.support.smf import SCALE, head, message, meta, scale, track

BEAT = VGM_RATE // 2


def quiet(line: str) -> None:
    pytest.fail(f"nothing is to be said, but: {line}")


def loud(line: str) -> None:
    assert "\n" not in line


def spans(music: MidiMusic) -> list[tuple[str, int, float, float]]:
    """Voice, note, and the beats where it begins and ends."""
    return [
        (n.voice.name, n.note, round(2 * n.on, 6), round(2 * n.off, 6))
        for n in music.arrangement.notes
    ]


def one(body: bytes) -> bytes:
    return head() + track(body)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("ピアノ🎹".encode(), "ピアノ🎹"),
        ("ピアノ１".encode("cp932"), "ピアノ１"),
        ("主旋律".encode("cp932"), "主旋律"),
        ("ﾋﾟｱﾉ".encode("cp932"), "ﾋﾟｱﾉ"),
        ("Flöte für Élise".encode("latin-1"), "Flöte für Élise"),
        (b"Don\x92t \x96 stop", "Don\x92t \x96 stop"),
        (b" Lead\r\n1\0 ", "Lead 1"),
    ],
)
def test_names_are_read_in_three_encodings(data: bytes, text: str) -> None:
    assert decode_name(data) == text


def test_a_pedal_holds_a_note_until_it_is_up_or_the_voice_has_another() -> None:
    body = message(0, 0xB0, 64, 127) + message(0, 0x90, 60, 90) + message(24, 0x80, 60, 0)
    body += message(72, 0x90, 64, 90) + message(24, 0x80, 64, 0) + message(168, 0xB0, 64, 0)
    music = read_midi(one(body), quiet)
    assert spans(music) == [("P1", 60, 0.0, 3.0), ("P1", 64, 1.0, 3.0)]
    changes = midi_to_timeline(one(body + meta(1, b"", 96)), quiet).changes
    assert [(c.sample, c.note) for c in changes] == [(0, 60), (BEAT, 64), (3 * BEAT, 0)]


@pytest.mark.parametrize(("control", "end"), [(120, 1.0), (123, 1.0), (127, 1.0), (7, 2.0)])
def test_all_notes_off_ends_keys_that_are_never_let_up(control: int, end: float) -> None:
    body = message(0, 0x90, 60, 90) + message(96, 0xB0, control, 0) + message(96, 0xC0, 1)
    said: list[str] = []
    assert spans(read_midi(one(body), said.append)) == [("P1", 60, 0.0, end)]
    assert bool(said) == (control == 7)


def test_a_pedal_of_one_track_holds_the_notes_of_another_on_its_channel() -> None:
    pedal = track(message(0, 0xB4, 64, 127) + message(192, 0xB4, 64, 0))
    notes = track(message(0, 0x94, 60, 90) + message(48, 0x84, 60, 0))
    assert spans(read_midi(head(1, 2) + pedal + notes, quiet)) == [("P1", 60, 0.0, 2.0)]


def test_a_key_that_is_struck_again_ends_the_note_before() -> None:
    body = message(0, 0x90, 60, 90) + message(48, 0x90, 60, 90) + message(48, 0x80, 60, 0)
    body += message(0, 0x90, 62, 90) + message(48, 0x80, 62, 0)
    assert spans(read_midi(one(body), quiet)) == [
        ("P1", 60, 0.0, 0.5),
        ("P1", 60, 0.5, 1.0),
        ("P1", 62, 1.0, 1.5),
    ]


def test_a_note_that_is_struck_again_is_heard_again() -> None:
    data = one(scale(4, (60, 60)))
    assert [(c.sample, c.note) for c in midi_to_timeline(data, quiet).changes] == [
        (0, 60),
        (BEAT // 2 - VGM_RATE // 60, 0),
        (BEAT // 2, 60),
    ]


def test_notes_without_a_length_are_heard() -> None:
    body = b"".join(message(48, 0x90, n, 90) + message(0, 0x80, n, 0) for n in SCALE)
    heard = [c.note for c in midi_to_timeline(one(body), quiet).changes]
    assert heard == [n for note in SCALE for n in (note, 0)][:-1]


def test_low_notes_are_moved_and_it_is_said() -> None:
    said: list[str] = []
    data = one(scale(4, (21, 33, 45)))
    heard = [c.note for c in midi_to_timeline(data, said.append).changes if c.note]
    assert heard == [45, 45, 45]  # a pulse has 33, and mutes it
    assert len(said) == 2
    assert all("moved" in line for line in said)
    assert midi_to_tuples(data, loud)[0, 0] == 33


def test_drums_fade_and_the_heaviest_of_those_together_is_heard() -> None:
    hits = message(0, 0x99, 42, 100) + message(0, 0x99, 36, 100) + message(48, 0x89, 42, 0)
    said: list[str] = []
    timeline = midi_to_timeline(one(scale(4) + hits + message(96, 0x89, 36, 0)), said.append)
    noise = [c for c in timeline.changes if c.voice is Voice.NO]
    assert {c.note for c in noise if c.note} == {KICK.note}
    assert [c.velocity for c in noise] == list(KICK.patch.volume.values)
    assert "1 of 2 hits are left out" in said[-1]
    assert HAT.note not in {c.note for c in noise}


parts = st.lists(
    st.tuples(
        st.integers(0, 15),
        st.lists(
            st.tuples(st.integers(0, 127), st.integers(0, 60), st.integers(0, 60)), max_size=12
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=50)
@given(parts)
def test_no_note_is_lost_without_a_word(many: list[tuple[int, list[tuple[int, int, int]]]]) -> None:
    tracks, total = [], 0
    for channel, notes in many:
        total += len(notes)
        tracks.append(
            track(
                b"".join(
                    message(wait, 0x90 | channel, note, 64)
                    + message(length, 0x80 | channel, note, 0)
                    for note, wait, length in notes
                )
            )
        )
    said: list[str] = []
    data = head(1, len(tracks)) + b"".join(tracks)
    try:
        music = read_midi(data, said.append)
    except ValueError:
        assert not total
        return
    kept = len(music.arrangement.notes) + len(music.arrangement.drums)
    lines = " ".join(said)
    left_out = sum(map(int, re.findall(r"\((\d+)\)", lines)))
    left_out += sum(map(int, re.findall(r"(\d+) of \d+ notes are left out", lines)))
    assert kept + left_out == total


@pytest.fixture
def timeline() -> Timeline:
    changes = [
        Change(0, Voice.P1, 60, 15, 2),
        Change(0, Voice.TR, 40, 0, 0),
        Change(0, Voice.NO, 4, 9, 0),
        Change(7350, Voice.P1, 60, 7, 2),
        Change(7350, Voice.NO, 0, 0, 0),
        Change(14_700, Voice.P1, 64, 12, 0),
        Change(14_700, Voice.P2, 52, 3, 1),
        Change(22_050, Voice.P1, 0, 0, 0),
        Change(22_050, Voice.P2, 0, 0, 1),
        Change(22_050, Voice.TR, 0, 0, 0),
    ]
    return Timeline(VGM_RATE, VGM_RATE, tuple(changes))


def test_a_file_for_other_programs_is_loud_and_comes_back(timeline: Timeline) -> None:
    data = timeline_to_general(timeline)
    music = read_midi(data, quiet)
    velocities = {n.velocity for n in music.arrangement.notes if n.voice is not Voice.P2}
    assert velocities == {100, 80}
    assert [n.note for n in music.arrangement.drums] == [KICK.midi_note]
    back = midi_to_timeline(data, quiet)
    assert back.nsamps == timeline.nsamps

    def states(source: Timeline) -> list[tuple[int, Voice, int, int]]:
        pitched = [c for c in source.changes if c.voice is not Voice.NO]
        return [(c.sample, c.voice, c.note, c.velocity) for c in pitched]

    assert states(back) == states(timeline)
    assert len(VOICES) == len({c.voice for c in back.changes} - {Voice.NO})


def test_nesmdb_s_convention_comes_back_to_the_bit(timeline: Timeline) -> None:
    assert midi_to_timeline(timeline_to_midi(timeline), quiet) == timeline
