"""MIDI files that aren't quite right: the music in them is heard, and the fault is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.smf.reading import midi_to_tuples
from nesvae_live.chip.smf.sound import midi_to_timeline
from nesvae_live.chip.timeline import Timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.voices import Voice
from tests.support.smf import END, SCALE, head, message, meta, number, riff, scale, track

WHOLE = head() + track(scale())
ALIEN = b"XFIH" + number(5).rjust(4, b"\0") + b"hello"
BREAKS = message(0, 0x90, 60, 100) + message(48, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7)


def heard(timeline: Timeline, voice: Voice = Voice.P1) -> list[int]:
    return [c.note for c in timeline.changes if c.voice is voice and c.note]


CASES: dict[str, tuple[bytes, str]] = {
    "whole": (WHOLE, ""),
    "rmid": (riff(WHOLE), ""),
    "macbinary": (bytes(128) + WHOLE, "begins at byte 128"),
    "longer header": (head(more=bytes(4)) + track(scale()), ""),
    "an alien chunk first": (head() + ALIEN + track(scale()), "'XFIH'"),
    "an alien chunk last": (WHOLE + ALIEN, "'XFIH'"),
    "bytes after the end": (WHOLE + b"\0\0\0", ""),
    "too few tracks": (head(1, 5) + track(scale()), "header says 5 tracks, and it has 1"),
    "too many tracks": (head(1, 1) + track(b"") + track(scale()), "says 1 tracks, and it has 2"),
    "length too long": (head() + track(scale(), length=9999), "length is wrong"),
    "length zero": (head() + track(scale(), length=0), "length is wrong"),
    "length too short": (head() + track(scale(), length=20), "length is wrong"),
    "no end of track": (head() + track(scale(), end=b""), "don't say where they end"),
    "cut off": (WHOLE[:-5], "end in the middle of a message"),
    "type 3": (head(3) + track(scale()), "its type is 3"),
    "a beat of 0 ticks": (head(division=0) + track(scale()), "a beat has 0 ticks"),
    "smpte": (head(division=0xE728) + track(scale()), "25 SMPTE frames a second"),
    "a controller over 127": (
        head() + track(message(0, 0xB0, 7, 168) + scale()),
        "data bytes above 127, read as 127: 1",
    ),
    "a note over 127": (head() + track(message(0, 0x90, 200, 9) + scale()), "left out: 1"),
    "data without a status": (head() + track(message(0, 60, 100) + scale()), "aren't a message"),
    "an undefined status": (head() + track(message(0, 0xF4) + scale()), "undefined messages"),
    "a tune request with data": (
        head() + track(message(0, 0xF6, 16, 32) + scale()),
        "aren't a message",
    ),
    "real time": (head() + track(message(0, 0xF8) + scale()), ""),
    "a tempo of 2 bytes": (head() + track(meta(0x51, b"\7\xa1") + scale()), "impossible tempi"),
    "a tempo of 0": (head() + track(meta(0x51, bytes(3)) + scale()), "impossible tempi"),
    "a wrong metre": (head() + track(meta(0x58, b"\4\xff\x18\x08") + scale()), ""),
    "a wrong key": (head() + track(meta(0x59, b"\x99\x99") + scale()), ""),
    "a wrong SMPTE offset": (head() + track(meta(0x54, b"\xff\0\0\0\0") + scale()), ""),
    "an empty sequence number": (head() + track(meta(0, b"") + scale()), ""),
    "after the end of track": (head() + track(scale() + END + meta(0x51, b"\7\xa1\x20")), ""),
    "garbage, and a pause of days": (
        head() + track(scale() + message(0, 0xF4) + number(2**27) + b"\x90\x3c\x40"),
        "garbled",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_scale_in_it_is_read_and_the_fault_is_said(name: str) -> None:
    data, fault = CASES[name]
    said: list[str] = []
    timeline = midi_to_timeline(data, said.append)
    wanted = SCALE[:-1] if name == "cut off" and heard(timeline) != list(SCALE) else SCALE
    assert heard(timeline) == list(wanted)
    faults = [line for line in said if "never ended" not in line]
    assert (fault in " / ".join(faults)) if fault else not faults
    assert all("\n" not in line for line in said)
    tuples = midi_to_tuples(data, lambda line: None)
    notes = [note for note in tuples[:, 0].tolist() if note]
    assert list(dict.fromkeys(notes)) == list(wanted)


@pytest.mark.parametrize("between", [BREAKS, message(0, 0x90, 60, 100) + meta(1, b"la", 48)])
def test_running_status_goes_on_over_sysex_and_meta_events(between: bytes) -> None:
    data = head() + track(between + message(0, 60, 0) + message(96, 0x90, 62, 1) + END)
    timeline = midi_to_timeline(data, lambda line: None)
    assert timeline.changes[1].note == 0
    assert timeline.changes[1].sample == VGM_RATE // 4


def test_tracks_of_type_2_follow_one_another() -> None:
    said: list[str] = []
    data = head(2, 2) + track(scale()) + track(scale(notes=(48, 50)))
    timeline = midi_to_timeline(data, said.append)
    assert timeline.nsamps == 10 * VGM_RATE // 4
    starts = {c.note: c.sample for c in timeline.changes if c.note}
    assert starts[48] == starts[72] + VGM_RATE // 4
    assert any("type 2" in line for line in said)


def test_smpte_time_is_seconds_whatever_the_tempo() -> None:
    body = meta(0x51, (10_000).to_bytes(3)) + message(1000, 0x90, 60, 100)
    data = head(division=0xE728) + track(body + message(500, 0x80, 60, 0) + meta(1, b"", 9))
    timeline = midi_to_timeline(data, lambda line: None)
    assert [c.sample for c in timeline.changes] == [VGM_RATE, VGM_RATE * 3 // 2]
    drop = head(division=0xE301) + track(message(30_000, 0x90, 60, 9) + message(9, 0x80, 60, 0))
    assert midi_to_timeline(drop, lambda line: None).changes[0].sample == 1001 * VGM_RATE


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not a MIDI file"),
        (b"Vgm nonsense", "not a MIDI file"),
        (b"RIFF" + bytes(300), "not a MIDI file"),
        (b"MThd", "ends within its header"),
        (head(1, 0), "MIDI file has no notes"),
        (head() + track(message(0, 0xB0, 11, 3)), "MIDI file has no notes"),
    ],
)
def test_what_has_no_music_in_it_is_refused_in_one_line(data: bytes, fault: str) -> None:
    for read in (midi_to_timeline, midi_to_tuples):
        with pytest.raises(ValueError, match=fault) as caught:
            read(data, lambda line: None)
        assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_damage_raises_anything_but_a_value_error(draw: st.DataObject) -> None:
    data = bytearray(head(1, 2) + track(meta(3, b"Lead") + scale()) + track(scale(1)))
    for _ in range(draw.draw(st.integers(1, 5))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    for damaged in (bytes(data), bytes(data[:cut])):
        said: list[str] = []
        try:
            midi_to_timeline(damaged, said.append)
        except ValueError as error:
            said.append(str(error))
        assert all("\n" not in line for line in said)
