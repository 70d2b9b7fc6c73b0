"""The take's MIDI file, read back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.control.gestureinputs import SetAuto, SetHold
from nesvae_live.log.entries import (
    Arranged,
    Closed,
    Entry,
    Heard,
    Noted,
    Opened,
    Placed,
    Posed,
    Sent,
    Sounded,
    Turned,
)
from nesvae_live.log.jam import Jam, Note
from nesvae_live.log.text import jam_to_text
from nesvae_live.music.dialect import GENERAL, MIDINES, NESMDB
from nesvae_live.music.events import Event, NoteOff, NoteOn, Shape
from nesvae_live.music.key import ROOTS, SCALES, Key
from nesvae_live.music.voices import Voice
from nesvae_live.take.daw.arrangement import KNOB_CC
from nesvae_live.take.midifile import jam_to_midi, write_midi
from nesvae_live.take.picture import bars_in_words, jam_to_figure
from tests.support.places import PRESETS

SAID = {"midi_cc": "patch"}
TRACKS = {Voice.P1: 1, Voice.P2: 2, Voice.TR: 3}
KNOBS = 4


def jam(*entries: Entry, tempo: float = 120.0, meter: str = "4/4", bar: float = 4.0) -> Jam:
    started = "2026-11-23T14:05:09"
    opened = Opened(0.0, started, tempo, meter, bar, 48000, 7, "map", "ab12", "default", SAID, {})
    return Jam(opened, entries)


def in_dialect(a_jam: Jam, dialect: str) -> Jam:
    return replace(a_jam, opened=replace(a_jam.opened, dialect=dialect))


def sent(beat: float, event: Event, tempo: float = 120.0) -> Sent:
    return Sent(beat * 60 / tempo, beat, event)


def timed(track: mido.MidiTrack) -> Iterator[tuple[int, mido.Message]]:
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def notes_of(track: mido.MidiTrack) -> list[tuple[int, int, int, int]]:
    """(start, end, note, velocity) in ticks; fails where two sound at once or one is not ended."""
    notes, sounding = [], None
    for tick, message in timed(track):
        if message.type == "note_on" and message.velocity:
            assert sounding is None, f"two notes at once at tick {tick}"
            sounding = (tick, message.note, message.velocity)
        elif message.type in {"note_on", "note_off"}:
            assert sounding, f"an end of nothing at tick {tick}"
            start, note, velocity = sounding
            assert note == message.note
            notes.append((start, tick, note, velocity))
            sounding = None
    assert sounding is None, "a note that is not ended"
    return notes


def lengths(file: mido.MidiFile) -> set[int]:
    for track in file.tracks:
        assert [m.type for m in track].count("end_of_track") == 1
        assert track[-1].type == "end_of_track"
    return {sum(message.time for message in track) for track in file.tracks}


def read_back(a_jam: Jam, folder: Path) -> mido.MidiFile:
    path = folder / "take.mid"
    write_midi(a_jam, path)
    return mido.MidiFile(path)


SONG = (
    sent(0.0, NoteOn(Voice.P1, 60)),
    sent(0.5, NoteOn(Voice.TR, 40, 90)),
    sent(1.0, NoteOff(Voice.P1, 60)),
    sent(1.0, NoteOn(Voice.P1, 62)),
    sent(2.25, NoteOff(Voice.TR, 40)),
    sent(5.0, NoteOff(Voice.P1, 62)),
    Closed(2.5, 5.0, "asked"),
)


def test_the_file_is_type_1_with_tempo_metre_and_three_named_tracks(tmp_path: Path) -> None:
    file = read_back(jam(*SONG, tempo=93.5, meter="7/8", bar=3.5), tmp_path)
    assert (file.type, file.ticks_per_beat) == (1, 480)
    assert [track.name for track in file.tracks[1:]] == ["P1", "P2", "TR", "knobs"]
    head = {message.type: message for message in file.tracks[0]}
    assert head["track_name"].name == "nesvae_live 2026-11-23T14:05:09"
    assert mido.tempo2bpm(head["set_tempo"].tempo) == pytest.approx(93.5, abs=1e-3)
    signature = head["time_signature"]
    assert (signature.numerator, signature.denominator) == (7, 8)
    assert lengths(file) == {2 * 1680}


def test_notes_stand_at_their_beats_on_their_channels(tmp_path: Path) -> None:
    file = read_back(jam(*SONG), tmp_path)
    assert notes_of(file.tracks[1]) == [(0, 480, 60, 100), (480, 2400, 62, 100)]
    assert notes_of(file.tracks[2]) == []
    assert notes_of(file.tracks[3]) == [(240, 1080, 40, 90)]
    for voice, n in TRACKS.items():
        assert {m.channel for m in file.tracks[n] if not m.is_meta} <= {int(voice)}
    assert lengths(file) == {2 * 4 * 480}


def test_off_stands_before_on_at_one_tick(tmp_path: Path) -> None:
    file = read_back(jam(*SONG), tmp_path)
    assert [m.type for tick, m in timed(file.tracks[1]) if tick == 480] == ["note_off", "note_on"]


def test_a_jam_cut_short_ends_its_notes_at_its_last_entry() -> None:
    a_jam = jam(sent(0.5, NoteOn(Voice.P2, 70)), Noted(1.5, "the last"))
    assert notes_of(jam_to_midi(a_jam).tracks[2]) == [(240, 3 * 480, 70, 100)]


def test_what_was_sent_ahead_of_a_stop_never_sounded() -> None:
    a_jam = jam(
        sent(0.0, NoteOn(Voice.P1, 60)),
        sent(1.1, NoteOff(Voice.P1, 60)),
        sent(1.1, NoteOn(Voice.P1, 64)),
        Closed(0.5, 1.0, "stopped"),
    )
    assert notes_of(jam_to_midi(a_jam).tracks[1]) == [(0, 480, 60, 100)]


def test_what_comes_after_the_closing_does_not_lengthen_it() -> None:
    a_jam = jam(*SONG, Sounded(10, 1), Noted(9.0, "the disk was full"))
    assert lengths(jam_to_midi(a_jam)) == {2 * 4 * 480}


@pytest.mark.parametrize(
    ("closed", "bars"), [(0.0, 1), (3.9, 1), (8.0, 2), (8.02, 2), (8.0 - 1e-9, 2), (11.9, 2)]
)
def test_a_last_bar_without_a_note_is_not_there(closed: float, bars: int) -> None:
    a_jam = jam(Closed(closed / 2, closed, "asked"))
    assert lengths(jam_to_midi(a_jam)) == {bars * 4 * 480}


def test_knobs_are_controllers_on_channel_16_and_the_rest_is_text() -> None:
    a_jam = jam(
        Turned(-1.0, "density", 0.0),
        Turned(0.5, "density", 0.5),
        Turned(1.0, "focus", 1.0),
        Turned(1.5, "style8", 0.25),
        Turned(1.5, "style9", 0.25),
        Turned(1.75, "density", None),
        Turned(99.0, "bass", 1.0),
        Closed(2.0, 4.0, "asked"),
    )
    track = jam_to_midi(a_jam).tracks[KNOBS]
    turns = [
        (tick, m.channel + 1, m.control, m.value)
        for tick, m in timed(track)
        if m.type == "control_change"
    ]
    assert turns == [
        (0, 16, 20, 0),
        (480, 16, 20, 64),
        (960, 16, 27, 127),
        (1440, 16, 109, 32),
        (1920, 16, 22, 127),
    ]
    texts = [(tick, m.text) for tick, m in timed(track) if m.type == "text"]
    named = ["CC 20: density", "CC 22: bass", "CC 27: focus", "CC 109: style8"]
    assert texts[:4] == [(0, name) for name in named]
    assert texts[4:] == [(1440, "style9 0.250"), (1680, "density let go")]


def test_the_controllers_are_those_of_the_default_preset() -> None:
    preset = PRESETS / "default.toml"
    knobs = tomllib.loads(preset.read_text(encoding="utf-8"))["knobs"]
    assert {name: control["cc"] for name, control in knobs.items()} == KNOB_CC


beats = st.floats(0, 64) | st.integers(0, 64 * 96).map(lambda n: n / 96)
voices = st.sampled_from(list(TRACKS))
events = st.builds(NoteOn, voices, st.integers(21, 108), st.integers(1, 127)) | st.builds(
    NoteOff, voices, st.integers(21, 108)
)


@settings(deadline=None)
@given(
    st.lists(st.builds(sent, beats, events), max_size=60),
    st.none() | beats,
    st.sampled_from([("4/4", 4.0), ("3/4", 3.0), ("7/8", 3.5), ("5/16", 1.25)]),
    st.floats(30, 300),
)
def test_any_events_make_a_sound_file(
    some: list[Sent], closed: float | None, meter: tuple[str, float], tempo: float
) -> None:
    end = [] if closed is None else [Closed(closed * 60 / tempo, closed, "asked")]
    a_jam = jam(*some, *end, tempo=tempo, meter=meter[0], bar=meter[1])
    file = jam_to_midi(a_jam)
    (length,) = lengths(file)
    assert length % round(480 * meter[1]) == 0
    assert length > 0
    for voice, n in TRACKS.items():
        written = notes_of(file.tracks[n])
        assert all(end_tick <= length for _, end_tick, _, _ in written)
        assert written == [
            (start, stop, note, velocity)
            for start, stop, note, velocity in by_hand(some, voice, a_jam.end_beat())
            if stop > start
        ]


def by_hand(some: list[Sent], voice: Voice, end: float) -> list[tuple[int, int, int, int]]:
    """What a monophonic voice plays, event by event, in ticks."""
    mine = [e for e in some if e.event.voice is voice and e.beat <= end]
    mine.sort(key=lambda e: (e.beat, isinstance(e.event, NoteOn)))
    notes = []
    for i, entry in enumerate(mine):
        event = entry.event
        if isinstance(event, NoteOn):
            stop = next(
                (
                    later.beat
                    for later in mine[i + 1 :]
                    if isinstance(later.event, NoteOn)
                    or (isinstance(later.event, NoteOff) and later.event.note == event.note)
                ),
                end,
            )
            notes.append((round(480 * entry.beat), round(480 * stop), event.note, event.velocity))
    return notes


def test_notes_of_a_jam_are_in_beats() -> None:
    assert jam(*SONG).notes() == [
        Note(Voice.P1, 60, 100, 0.0, 1.0),
        Note(Voice.TR, 40, 90, 0.5, 2.25),
        Note(Voice.P1, 62, 100, 1.0, 5.0),
    ]


def test_the_noise_has_a_track_only_if_it_was_used_and_harms_none() -> None:
    assert [t.name for t in jam_to_midi(jam(*SONG)).tracks[1:]] == ["P1", "P2", "TR", "knobs"]
    hits = [sent(0.0, NoteOn(Voice.NO, 12, 80)), sent(0.5, NoteOff(Voice.NO, 12))]
    a_jam = jam(*SONG[:-1], *hits, SONG[-1])
    file = jam_to_midi(a_jam)
    assert [t.name for t in file.tracks[1:]] == ["P1", "P2", "TR", "NO", "knobs"]
    assert notes_of(file.tracks[1]) == notes_of(jam_to_midi(jam(*SONG)).tracks[1])
    assert notes_of(file.tracks[4]) == [(0, 240, 38, 80)]
    assert {m.channel for m in file.tracks[4] if not m.is_meta} == {9}
    assert notes_of(jam_to_midi(in_dialect(a_jam, NESMDB)).tracks[4]) == [(0, 240, 12, 12)]


def test_shapes_are_controllers_between_an_end_and_a_start_and_only_on_change() -> None:
    p1 = Voice.P1
    entries = (
        *(sent(0.0, Shape(p1, 15, 2)), sent(0.0, NoteOn(p1, 60))),
        *(sent(0.25, Shape(p1, 9, 2)), sent(0.5, Shape(p1, 9, 2, 40)), sent(0.75, Shape(p1, 9, 1))),
        *(sent(1.0, NoteOff(p1, 60)), sent(1.0, Shape(p1, 15, 1)), sent(1.0, NoteOn(p1, 62))),
        *(sent(2.0, NoteOff(p1, 62)), sent(9.0, Shape(p1, 3, 3)), Closed(1.0, 2.0, "asked")),
    )
    found = [(tick, m.bytes()) for tick, m in timed(jam_to_midi(jam(*entries)).tracks[1])]
    assert [item for item in found if item[1][0] < 0xF0] == [
        *[(0, [0xB0, 12, 2]), (0, [0xB0, 11, 100]), (0, [0x90, 60, 100])],
        *[(120, [0xB0, 11, 60]), (360, [0xB0, 12, 1])],
        *[(480, [0x80, 60, 0]), (480, [0xB0, 11, 100]), (480, [0x90, 62, 100])],
        (960, [0x80, 62, 0]),
    ]


def test_a_placed_phrase_alone_makes_a_bar_of_rest() -> None:
    assert lengths(jam_to_midi(jam(Placed(0.0, 0, 0.0, 2.0, repeat=False)))) == {4 * 480}


def test_a_recalled_snapshot_and_a_mark_are_markers_where_they_are_heard() -> None:
    posed = Posed(0.9, "recall 3", (), 1.0, 7)
    a_jam = jam(
        Noted(0.25, "mark here it is"),
        Posed(0.5, "morph 2", (), 1.0, 7),
        posed,
        Placed(0.95, 1, 4.0, 2.0, repeat=False),
        Noted(1.5, "mark"),
        replace(posed, at=2.0, why="recall 16"),
        *SONG,
    )
    head = [(tick, m.text) for tick, m in timed(jam_to_midi(a_jam).tracks[0]) if m.type == "marker"]
    assert head[0] == (240, "here it is")
    assert head[1:] == [
        (480, "morph to 2"),
        (1440, "mark"),
        (1920, "recall 3"),
        (1920, "recall 16"),
    ]


def test_morphs_holds_and_the_auto_mode_are_markers() -> None:
    a_jam = jam(
        *(Posed(at, "morph 2", (), 1.0, 7) for at in (0.5, 0.75, 1.0)),
        Heard(SetHold(hold=True, at=1.25)),
        Heard(SetAuto(on=True, at=1.5)),
        Posed(1.75, "auto", (), 1.0, 7),
        Heard(SetAuto(on=False, at=2.0)),
        Posed(2.25, "morph 2", (), 1.0, 7),
        Closed(4.0, 8.0, "asked"),
    )
    head = [(tick, m.text) for tick, m in timed(jam_to_midi(a_jam).tracks[0]) if m.type == "marker"]
    assert head == [
        *((480, "morph to 2"), (1200, "hold on"), (1440, "auto on"), (1920, "auto off")),
        (2160, "morph to 2"),
    ]


@pytest.mark.parametrize("scale", list(SCALES))
@pytest.mark.parametrize("root", ROOTS)
def test_every_key_has_the_signature_of_its_notes(root: str, scale: str, tmp_path: Path) -> None:
    """Or none, where a scale is neither a mode nor a part of one."""
    key = Key.parse(f"{root} {scale}")
    arranged = Arranged(0.9, 4.0, (), (0, 0, 0), str(key))
    track = read_back(jam(arranged, Closed(4.0, 8.0, "asked")), tmp_path).tracks[0]
    found = [(tick, m.key) for tick, m in timed(track) if m.type == "key_signature"]
    if scale == "whole":
        assert found == []
        return
    ((tick, name),) = found
    assert tick == 4 * 480
    minor = name.endswith("m")
    signed = Key.parse(f"{name.removesuffix('m')} {'minor' if minor else 'major'}")
    notes = {(signed.root + step) % 12 for step in SCALES[signed.scale]}
    outside = {(key.root + step) % 12 for step in SCALES[scale]} - notes
    assert len(outside) == {"harmonic": 1, "blues": 1}.get(scale, 0)
    if scale in {"major", "minor", "harmonic", "pentatonic", "blues"}:
        assert signed.root == key.root


def test_a_key_that_is_left_and_taken_again_is_signed_once() -> None:
    keys = ("D minor", None, "D minor", "G major")
    arranged = [Arranged(n, 4.0 * n, (), (0, 0, 0), key) for n, key in enumerate(keys)]
    track = jam_to_midi(jam(*arranged, Closed(8.0, 16.0, "asked"))).tracks[0]
    found = [(tick, m.key) for tick, m in timed(track) if m.type == "key_signature"]
    assert found == [(0, "Dm"), (12 * 480, "G")]


@pytest.mark.parametrize(
    ("settings", "dialect", "asked", "there"),
    [
        ({}, GENERAL, None, True),
        ({"midi_cc": "None"}, GENERAL, None, False),
        ({"midi_cc": "None"}, NESMDB, None, True),
        ({"midi_cc": "None"}, MIDINES, None, True),
        ({"midi_cc": "patch"}, GENERAL, None, True),
        ({"midi_cc": "off"}, NESMDB, None, False),
        ({"midi_cc": "off"}, GENERAL, "patch", True),
        ({}, GENERAL, "off", False),
    ],
)
def test_controllers_are_there_where_they_are_asked_for(
    settings: dict[str, str], dialect: str, asked: str | None, there: bool
) -> None:
    """What earlier versions recorded stays as it was."""
    p1 = Voice.P1
    shapes = (sent(0.0, Shape(p1, 15, 2)), sent(0.0, NoteOn(p1, 60)), sent(0.5, Shape(p1, 9, 2)))
    a_jam = in_dialect(jam(*shapes, Closed(1.0, 2.0, "asked")), dialect)
    a_jam = replace(a_jam, opened=replace(a_jam.opened, settings=settings))
    track = jam_to_midi(a_jam, asked).tracks[1]
    assert any(m.type == "control_change" for m in track) == there
    assert any(m.type == "note_on" for m in track)


def test_what_an_earlier_version_recorded_has_what_its_files_had() -> None:
    late = jam(
        Arranged(0.5, 1.0, (), (0, 0, 0), "D minor"),
        Turned(0.5, "density", 0.5),
        Posed(0.5, "morph 2", (), 1.0, 7),
        Heard(SetHold(hold=True, at=1.25)),
        Closed(4.0, 8.0, "asked"),
    )
    early = replace(late, opened=replace(late.opened, settings={}))
    more = {"key_signature": 1, "marker": 2, "text": 1}
    for kind, n in more.items():
        for a_jam, there in ((late, n), (early, 0)):
            messages = [m for track in jam_to_midi(a_jam).tracks for m in track]
            assert [m.type for m in messages].count(kind) == there, kind


def test_an_excerpt_says_from_which_bar_it_is() -> None:
    a_jam = replace(jam(*SONG), first_bar=5)
    assert jam_to_midi(a_jam).tracks[0].name.endswith(", from bar 5")
    ruler = jam_to_text(a_jam, 60)[0]
    assert ruler.split() == ["5", "6"]
    assert bars_in_words(a_jam, a_jam.bars()) == "bars 5-6"
    assert bars_in_words(a_jam, 1) == "bar 5"
    assert bars_in_words(jam(*SONG), 2) == "2 bars"
    figure = jam_to_figure(a_jam)
    numbers = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert numbers[:2] == ["5", "6"]
