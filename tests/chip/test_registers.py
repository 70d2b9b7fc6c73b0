"""Register writes: periods, bends, and what is written when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.chip.registers import (
    BASE,
    NOTES,
    POWER_ON,
    STATUS,
    TIMBRES,
    RegisterWriter,
    Write,
    bent_period,
    collapse,
    note_to_period,
    period_to_frequency,
    period_to_note,
)
from nesvae_live.music.voices import SILENCE, Voice

PULSES = (Voice.P1, Voice.P2)


def note_of(voice: Voice) -> st.SearchStrategy[int]:
    lowest, highest = NOTES[voice]
    return st.just(SILENCE) | st.integers(lowest, highest)


def state_of(voice: Voice) -> st.SearchStrategy[tuple[int, int, int]]:
    return st.tuples(note_of(voice), st.integers(0, 15), st.integers(0, TIMBRES[voice] - 1))


steps_of_scores = st.lists(st.tuples(*(state_of(voice) for voice in Voice)), max_size=20)


@pytest.mark.parametrize(
    ("note", "pulse", "triangle"), [(60, 427, 213), (69, 253, 126), (36, 1709, 854), (108, 26, 12)]
)
def test_periods_are_the_known_ones(note: int, pulse: int, triangle: int) -> None:
    assert note_to_period(Voice.P1, note) == note_to_period(Voice.P2, note) == pulse
    assert note_to_period(Voice.TR, note) == triangle


@pytest.mark.parametrize("voice", list(Voice))
def test_every_note_has_a_period_of_its_own_that_reads_back(voice: Voice) -> None:
    lowest, highest = NOTES[voice]
    notes = range(lowest, highest + 1)
    periods = [note_to_period(voice, note) for note in notes]
    assert [period_to_note(voice, period) for period in periods] == list(notes)
    assert all(0 <= period <= (15 if voice is Voice.NO else 0x7FF) for period in periods)


def test_noise_note_16_is_the_shortest_period() -> None:
    assert note_to_period(Voice.NO, 16) == 0
    assert note_to_period(Voice.NO, 1) == 15
    assert period_to_frequency(Voice.NO, 0) == 1_789_773 / 4


@pytest.mark.parametrize(
    ("voice", "note"),
    [
        *((voice, note) for voice in PULSES for note in (-1, 0, 1, 32, 109, 127)),
        *((Voice.TR, note) for note in (-1, 0, 20, 109)),
        *((Voice.NO, note) for note in (-1, 0, 17)),
    ],
)
def test_a_note_that_would_wrap_has_no_period(voice: Voice, note: int) -> None:
    with pytest.raises(ValueError, match=f"{voice.name} has no note {note} "):
        note_to_period(voice, note)


def test_periods_without_a_note_read_as_silence() -> None:
    assert period_to_note(Voice.P1, 0) == SILENCE
    assert period_to_note(Voice.TR, 0) == SILENCE
    assert period_to_note(Voice.P1, 0x7FF) == 33


def test_collapse_keeps_the_first_place_and_the_last_value() -> None:
    assert collapse([(1, 10), (2, 20), (1, 11), (3, 30), (2, 21)]) == [(1, 11), (2, 21), (3, 30)]


def test_start_switches_every_voice_off() -> None:
    assert RegisterWriter().start() == list(POWER_ON)
    assert POWER_ON[0] == (STATUS, 0)


def test_a_struck_pulse_gets_its_bit_its_volume_and_its_period() -> None:
    writes = RegisterWriter().set(Voice.P1, 60, 12, 2)
    assert writes == [(STATUS, 1), (0x4000, 0xBC), (0x4002, 0xAB), (0x4003, 1)]


def test_a_struck_pulse_always_gets_its_high_period() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P2, 96)  # its high bits are 0, as after power on
    assert writer.release(Voice.P2) == [(STATUS, 0), (0x4006, 0)]
    assert (0x4007, 0) in writer.set(Voice.P2, 96)


def test_a_held_note_is_not_struck_again() -> None:
    writer = RegisterWriter()
    for voice in Voice:
        note = NOTES[voice][1]
        writer.set(voice, note, 9)
        assert writer.set(voice, note, 9) == []


def test_velocity_and_duty_of_a_held_note_leave_the_period_alone() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60, 15, 0)
    assert writer.set(Voice.P1, 60, 7, 0) == [(0x4000, 0x37)]
    assert writer.set(Voice.P1, 60, 7, 3) == [(0x4000, 0xF7)]


def test_a_slide_within_the_high_bits_does_not_reset_the_phase() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60)
    assert writer.set(Voice.P1, 61) == [(0x4002, note_to_period(Voice.P1, 61) & 0xFF)]
    assert 0x4003 in dict(writer.set(Voice.P1, 72))


def test_velocity_0_keeps_the_old_volume() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60, 9, 0)
    writer.release(Voice.P1)
    assert 0x4000 not in dict(writer.set(Voice.P1, 60, 0, 0))
    assert dict(writer.set(Voice.P1, 60, 0, 1))[0x4000] == 0x79


def test_the_triangle_gets_both_periods_at_any_change_and_ignores_velocity() -> None:
    writer = RegisterWriter()
    assert writer.set(Voice.TR, 60) == [(STATUS, 4), (0x400A, 0xD5), (0x400B, 0)]
    assert writer.set(Voice.TR, 61, 3, 1) == [(0x400A, 0xC9), (0x400B, 0)]
    assert writer.set(Voice.TR, 61, 4, 2) == []
    assert writer.release(Voice.TR) == [(STATUS, 0), (0x400A, 0), (0x400B, 0)]


def test_noise_gets_velocity_mode_and_period_in_this_order() -> None:
    writer = RegisterWriter()
    opening = [(STATUS, 8), (0x400C, 0x3F), (0x400E, 0x86), (0x400F, 0)]
    assert writer.set(Voice.NO, 10, 15, 1) == opening
    assert writer.set(Voice.NO, 10, 15, 0) == [(0x400E, 0x06)]
    assert writer.set(Voice.NO, 0, 0, 1) == [(STATUS, 0), (0x400E, 0x86)]


def test_a_step_writes_the_status_once_in_the_first_one_s_place() -> None:
    writes = RegisterWriter().step([(60, 15, 0), (64, 15, 0), (48, 0, 0), (5, 15, 0)])
    assert writes[0] == (STATUS, 0x0F)
    assert [address for address, _ in writes].count(STATUS) == 1


def test_a_voice_is_set_alone_without_touching_the_others() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60)
    writer.set(Voice.TR, 48)
    writes = writer.set(Voice.P2, 64)
    assert writes[0] == (STATUS, 0b0111)
    assert all(0 <= address - BASE[Voice.P2] < 4 for address, _ in writes[1:])


def test_silence_ends_every_note_and_keeps_timbres() -> None:
    writer = RegisterWriter()
    writer.step([(60, 15, 3), (64, 15, 1), (48, 0, 0), (5, 15, 1)])
    writes = writer.silence()
    assert writes[0] == (STATUS, 0)
    assert writer.note == [SILENCE] * 4
    assert writer.timbre == [3, 1, 0, 1]
    assert writer.silence() == []


def test_a_refused_state_changes_nothing() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60, 12, 1)
    for note, velocity, timbre in ((32, 15, 0), (60, 16, 0), (60, -1, 0), (60, 3, 4), (60, 3, -1)):
        with pytest.raises(ValueError, match="P1 has no"):
            writer.set(Voice.P1, note, velocity, timbre)
    assert writer.set(Voice.P1, 60, 12, 1) == []
    with pytest.raises(ValueError, match="NO has no timbre 2"):
        writer.set(Voice.NO, 5, 15, 2)


@given(steps_of_scores)
def test_voice_by_voice_leaves_the_chip_as_step_by_step_does(
    steps: list[tuple[tuple[int, int, int], ...]],
) -> None:
    stepwise, voicewise = RegisterWriter(), RegisterWriter()
    chips: list[dict[int, int]] = [{}, {}]
    for states in steps:
        whole = stepwise.step(states)
        single: list[Write] = []
        for voice, (note, velocity, timbre) in zip(Voice, states, strict=True):
            single += voicewise.set(voice, note, velocity, timbre)
        assert len(dict(whole)) == len(whole)
        chips[0].update(whole)
        chips[1].update(single)
    assert chips[0] == chips[1]


@given(steps_of_scores)
def test_writes_are_bytes_to_registers_of_the_four_voices(
    steps: list[tuple[tuple[int, int, int], ...]],
) -> None:
    writer = RegisterWriter()
    writes = writer.start() + [write for states in steps for write in writer.step(states)]
    for address, value in writes:
        assert 0x4000 <= address <= 0x400F or address == STATUS
        assert 0 <= value <= 0xFF


@pytest.mark.parametrize(
    ("voice", "note", "cents"),
    [(Voice.P1, 60, 50), (Voice.P2, 48, -130), (Voice.TR, 36, 1200), (Voice.P1, 72, 700)],
)
def test_a_bend_is_heard_as_near_as_the_period_allows(voice: Voice, note: int, cents: int) -> None:
    wanted = 440.0 * 2 ** ((note - 69 + cents / 100) / 12)
    periods = [bent_period(voice, note, cents) + step for step in (-1, 0, 1)]
    errors = [abs(period_to_frequency(voice, period) - wanted) for period in periods]
    assert errors[1] == min(errors)


def test_a_bend_stops_where_the_voice_would_fall_silent() -> None:
    assert bent_period(Voice.P1, 34, -4800) == 0x7EF
    assert bent_period(Voice.P1, 108, 4800) == 8
    assert bent_period(Voice.NO, 5, 300) == note_to_period(Voice.NO, 5)


def test_a_bend_moves_the_period_alone_and_no_bend_is_the_note() -> None:
    writer = RegisterWriter()
    writer.set(Voice.P1, 60, 15, 2)
    writer.set(Voice.TR, 60)
    bent = bent_period(Voice.P1, 60, 10)
    assert writer.set(Voice.P1, 60, 15, 2, 10) == [(0x4002, bent & 0xFF)]
    assert writer.set(Voice.P1, 60, 15, 2, 10) == []
    assert [address for address, _ in writer.set(Voice.TR, 60, 0, 0, 10)] == [0x400A, 0x400B]
    assert writer.set(Voice.TR, 60, 0, 0, 10) == []
    back = note_to_period(Voice.P1, 60)
    assert writer.set(Voice.P1, 60, 15, 2, 0) == [(0x4002, back & 0xFF)]
