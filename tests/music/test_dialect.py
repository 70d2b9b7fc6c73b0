"""Events as bytes, in each dialect."""

from __future__ import annotations

import pytest

from nesvae_live.music.dialect import (
    GENERAL,
    MIDINES,
    NESMDB,
    MidiSpeaker,
    drum_to_noise,
    noise_to_drum,
)
from nesvae_live.music.drums import DRUMS
from nesvae_live.music.events import NoteOff, NoteOn, Shape, velocity_to_volume
from nesvae_live.music.voices import Voice

P1, P2, TR, NO = Voice


def test_notes_are_on_the_channels_of_their_voices() -> None:
    speaker = MidiSpeaker()
    assert speaker.messages(NoteOn(P1, 60, 100)) == [(0x90, 60, 100)]
    assert speaker.messages(NoteOn(P2, 61, 1)) == [(0x91, 61, 1)]
    assert speaker.messages(NoteOff(TR, 21)) == [(0x82, 21, 0)]
    assert speaker.messages(NoteOn(NO, 4, 80)) == [(0x99, 36, 80)]
    assert speaker.messages(NoteOff(NO, 4)) == [(0x89, 36, 0)]


def test_all_off_is_for_our_channels_and_a_panic_cuts_the_sound_too() -> None:
    speaker = MidiSpeaker()
    assert speaker.all_off(panic=False) == [(0xB0, 123, 0), (0xB1, 123, 0), (0xB2, 123, 0)]
    assert speaker.all_off(panic=True) == [
        *[(0xB0, 120, 0), (0xB0, 123, 0)],
        *[(0xB1, 120, 0), (0xB1, 123, 0)],
        *[(0xB2, 120, 0), (0xB2, 123, 0)],
    ]
    speaker.messages(NoteOn(NO, 15))
    assert (0xB9, 123, 0) in speaker.all_off(panic=False)


def test_volume_is_cc_11_and_duty_cc_12_on_change_only() -> None:
    speaker = MidiSpeaker()
    assert speaker.messages(Shape(P2, 15, 2)) == [(0xB1, 12, 2), (0xB1, 11, 100)]
    assert speaker.messages(Shape(P2, 15, 2, cents=30)) == []
    assert speaker.messages(Shape(P2, 3, 2)) == [(0xB1, 11, 20)]
    assert speaker.messages(Shape(P2, 3, 1)) == [(0xB1, 12, 1)]
    assert speaker.messages(Shape(P1, 3, 1)) == [(0xB0, 12, 1), (0xB0, 11, 20)]
    assert speaker.messages(Shape(P1, 0, 1)) == [(0xB0, 11, 0)]
    speaker.all_off(panic=True)
    assert speaker.messages(Shape(P1, 0, 1)) == [(0xB0, 12, 1), (0xB0, 11, 0)]


def test_drums_have_controllers_only_where_they_are_the_chips() -> None:
    assert MidiSpeaker(GENERAL).messages(Shape(NO, 7, 1)) == []
    assert MidiSpeaker(NESMDB).messages(Shape(NO, 7, 1)) == [(0xB9, 12, 1), (0xB9, 11, 7)]


def test_the_triangle_has_no_controllers() -> None:
    assert MidiSpeaker().messages(Shape(TR, 15, 0, 200)) == []
    assert MidiSpeaker(NESMDB).messages(Shape(TR, 15, 0, 200)) == []


def test_every_volume_comes_back_from_its_velocity() -> None:
    speaker = MidiSpeaker(GENERAL)
    values = [speaker.messages(Shape(P1, volume, 0))[-1][2] for volume in range(1, 16)]
    assert [velocity_to_volume(value) for value in values] == list(range(1, 16))


def test_nesmdbs_dialect_has_the_chips_own_numbers() -> None:
    speaker = MidiSpeaker(NESMDB)
    assert speaker.messages(NoteOn(P1, 60, 100)) == [(0x90, 60, 15)]
    assert speaker.messages(NoteOn(TR, 60, 100)) == [(0x92, 60, 1)]
    assert speaker.messages(Shape(P1, 7, 3)) == [(0xB0, 12, 3), (0xB0, 11, 7)]
    assert speaker.messages(NoteOn(NO, 13, 53)) == [(0x99, 13, 8)]


def test_every_drum_has_its_general_midi_note_and_every_noise_note_one() -> None:
    assert [noise_to_drum(drum.note) for drum in DRUMS] == [drum.midi_note for drum in DRUMS]
    assert [drum_to_noise(drum.midi_note) for drum in DRUMS] == [drum.note for drum in DRUMS]
    assert {drum_to_noise(note) for note in range(27, 88)} == {drum.note for drum in DRUMS}
    assert {noise_to_drum(note) for note in range(1, 17)} == {drum.midi_note for drum in DRUMS}


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(ValueError, match="no dialect 'roland': one of general, nesmdb"):
        MidiSpeaker("roland")


def test_the_midines_has_channels_1_to_4_cc_1_and_cc_7() -> None:
    speaker = MidiSpeaker(MIDINES)
    assert speaker.messages(Shape(P1, 15, 2)) == [(0xB0, 1, 80), (0xB0, 7, 124)]
    assert speaker.messages(NoteOn(P1, 60, 100)) == [(0x90, 60, 124)]
    assert speaker.messages(Shape(P1, 9, 2)) == [(0xB0, 7, 76)]
    assert speaker.messages(Shape(P1, 0, 2)) == [(0xB0, 7, 0)]
    assert speaker.messages(NoteOff(P1, 60)) == [(0x80, 60, 0)]
    assert speaker.messages(NoteOn(P2, 61, 1)) == [(0x91, 61, 12)]
    assert speaker.messages(Shape(TR, 15, 0)) == []
    assert speaker.messages(NoteOn(TR, 40, 100)) == [(0x92, 40, 124)]
    assert speaker.messages(NoteOn(NO, 4, 80)) == [(0x93, 51, 100)]
    assert speaker.messages(Shape(NO, 7, 1)) == [(0xB3, 7, 60)]
    assert speaker.messages(NoteOff(NO, 4)) == [(0x83, 51, 0)]
    assert speaker.all_off(panic=False) == [(0xB0 | c, 123, 0) for c in range(4)]


def test_the_high_bits_of_the_midines_values_are_the_chip_s_numbers() -> None:
    for volume in range(1, 16):
        for duty in range(4):
            duties, volumes = MidiSpeaker(MIDINES).messages(Shape(P2, volume, duty))
            assert (duties[1], volumes[1]) == (1, 7)
            assert (volumes[2] >> 3, duties[2] >> 5) == (volume, duty)
        struck = MidiSpeaker(MIDINES).messages(NoteOn(P1, 60, round(volume * 100 / 15)))
        assert struck[0][2] >> 3 == volume
