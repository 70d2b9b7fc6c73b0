"""MIDI files in NES-MDB's convention: scores out and back, and other files for the chip."""

from __future__ import annotations

import io
from collections.abc import Iterable

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.nesmdb import ExprScore, score_to_vgm
from nesvae_live.chip.nesmidi import MOST_TICKS, timeline_to_midi
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.registers import NOTES, TIMBRES
from nesvae_live.chip.smf.sound import midi_to_timeline as read_timeline
from nesvae_live.chip.timeline import Change, Timeline, log_to_timeline, score_to_timeline
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.music.voices import Voice
from tests.support.places import ORACLE

NAMES = sorted(path.stem for path in ORACLE.glob("*.npz"))
SECOND = 44_100


def midi_to_timeline(data: bytes) -> Timeline:
    """Read it, whatever is said."""
    return read_timeline(data, lambda line: None)


TimedMessage = tuple[int, mido.Message | mido.MetaMessage]


def midi_file(*tracks: Iterable[TimedMessage], ticks: int = 480, kind: int = 1) -> bytes:
    """Tracks of (tick, message) as a file."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for messages in tracks:
        track = mido.MidiTrack()
        now = 0
        for tick, message in messages:
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def on(tick: int, note: int, velocity: int = 15, channel: int = 0) -> TimedMessage:
    return tick, mido.Message("note_on", note=note, velocity=velocity, channel=channel)


def off(tick: int, note: int, channel: int = 0) -> TimedMessage:
    return tick, mido.Message("note_off", note=note, channel=channel)


def cc(tick: int, control: int, value: int, channel: int = 0) -> TimedMessage:
    return tick, mido.Message("control_change", control=control, value=value, channel=channel)


def name(text: str) -> TimedMessage:
    return 0, mido.MetaMessage("track_name", name=text)


def tempo(tick: int, microseconds: int) -> TimedMessage:
    return tick, mido.MetaMessage("set_tempo", tempo=microseconds)


def end(tick: int) -> TimedMessage:
    return tick, mido.MetaMessage("text", text="the end")


def states(timeline: Timeline) -> list[tuple[int, str, int, int, int]]:
    return [(c.sample, c.voice.name, c.note, c.velocity, c.timbre) for c in timeline.changes]


@st.composite
def scores(draw: st.DrawFn) -> ExprScore:
    """Any score, also with velocity 0 under notes and velocities under silence."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = draw(st.integers(0, 40))
    score = np.zeros((steps, 4, 3), dtype=np.uint8)
    for voice in Voice:
        lowest, highest = NOTES[voice]
        notes = rng.integers(lowest, highest + 1, steps)
        notes = np.where(rng.random(steps) < 0.5, np.roll(notes, 1), notes)
        score[:, voice, 0] = np.where(rng.random(steps) < 0.3, 0, notes)
        score[:, voice, 1] = rng.integers(0, 16, steps)
        score[:, voice, 2] = rng.integers(0, TIMBRES[voice], steps)
    return ExprScore(24.0, draw(st.integers(0, 90_000)), score)


@pytest.mark.parametrize("name", NAMES)
def test_an_oracle_score_comes_back_from_midi_as_it_sounds(name: str) -> None:
    timeline = score_to_timeline(loads_npz((ORACLE / f"{name}.npz").read_bytes()))
    assert midi_to_timeline(timeline_to_midi(timeline)) == timeline


@settings(deadline=None)
@given(scores())
def test_any_score_comes_back_from_midi_as_it_sounds(score: ExprScore) -> None:
    timeline = score_to_timeline(score)
    if any(change.note for change in timeline.changes):
        assert midi_to_timeline(timeline_to_midi(timeline)) == timeline


@settings(deadline=None)
@given(scores())
def test_a_timeline_of_a_score_and_of_its_vgm_are_one(score: ExprScore) -> None:
    assert log_to_timeline(vgm_to_writes(score_to_vgm(score))) == score_to_timeline(score)


def test_a_score_is_written_as_nesmdb_writes_it() -> None:
    score = np.zeros((6, 4, 3), dtype=np.uint8)
    score[0:4, Voice.P1] = (60, 12, 2)
    score[2:4, Voice.P1, 1] = 7
    score[4, Voice.P1] = (62, 7, 2)
    score[1:6, Voice.TR] = (40, 0, 0)
    score[0:2, Voice.NO] = (5, 9, 1)
    step = SECOND // 21
    file = mido.MidiFile(
        file=io.BytesIO(timeline_to_midi(score_to_timeline(ExprScore(21.0, 7 * step, score))))
    )
    assert (file.type, file.ticks_per_beat) == (1, 22_050)
    assert [track.name for track in file.tracks] == ["", "p1", "p2", "tr", "no"]
    assert [(m.type, m.time) for m in file.tracks[0]] == [
        ("set_tempo", 0),
        ("time_signature", 0),
        ("time_signature", 7 * step),
        ("end_of_track", 1),
    ]
    assert file.tracks[0][0].tempo == 500_000
    assert file.tracks[0][2].numerator == file.tracks[0][2].denominator == 1
    assert [str(m) for m in file.tracks[1][1:-1]] == [
        "program_change channel=0 program=80 time=0",
        "control_change channel=0 control=12 value=2 time=0",
        "note_on channel=0 note=60 velocity=12 time=0",
        f"control_change channel=0 control=11 value=7 time={2 * step}",
        f"note_off channel=0 note=60 velocity=0 time={2 * step}",
        "note_on channel=0 note=62 velocity=7 time=0",
        f"control_change channel=0 control=12 value=0 time={step}",
        "note_off channel=0 note=62 velocity=0 time=0",
    ]
    assert [str(m) for m in file.tracks[3][2:-1]] == [
        f"note_on channel=2 note=40 velocity=1 time={step}",
        f"note_off channel=2 note=40 velocity=0 time={6 * step}",
    ]
    assert [m.channel for m in file.tracks[4][1:-1]] == [9] * 5


def test_velocity_0_under_a_note_is_written_as_the_volume_that_sounds() -> None:
    score = np.zeros((4, 4, 3), dtype=np.uint8)
    score[:, Voice.P1] = [(60, 9, 0), (60, 0, 0), (64, 0, 0), (65, 3, 0)]
    score[:, Voice.P2] = [(60, 0, 0), (61, 0, 0), (62, 5, 0), (62, 5, 0)]
    step = SECOND // 21
    assert states(score_to_timeline(ExprScore(21.0, 4 * step, score))) == [
        (0, "P1", 60, 9, 0),
        (2 * step, "P1", 64, 9, 0),
        (2 * step, "P2", 62, 5, 0),
        (3 * step, "P1", 65, 3, 0),
    ]


def test_times_follow_every_tempo_to_the_sample() -> None:
    data = midi_file(
        [tempo(0, 1_000_000), tempo(480, 250_000), tempo(960, 333_333)],
        [name("p1"), on(0, 60), off(480, 60), on(720, 61), off(961, 61), end(999)],
    )
    at_961 = round((1.25 + 0.333333 / 480) * SECOND)
    assert [change.sample for change in midi_to_timeline(data).changes] == [
        0,
        SECOND,
        49_613,  # 1.125 s, half a sample up
        at_961,
    ]


def test_a_file_without_tempo_runs_at_120() -> None:
    timeline = midi_to_timeline(midi_file([on(480, 60), off(960, 60)]))
    assert timeline.changes[0].sample == SECOND // 2
    assert timeline.nsamps == SECOND


@pytest.mark.parametrize("kind", [0, 1])
def test_unnamed_tracks_are_told_by_channel(kind: int) -> None:
    track = [on(0, 60, channel=0), on(0, 62, channel=1), on(0, 40, channel=2)]
    track += [on(0, 3, channel=9)]
    track += [off(480, n, channel=c) for n, c in ((60, 0), (62, 1), (40, 2), (3, 9))]
    timeline = midi_to_timeline(midi_file(track, kind=kind))
    assert {(c.voice.name, c.note) for c in timeline.changes if c.note} == {
        ("P1", 60),
        ("P2", 62),
        ("TR", 40),
        ("NO", 3),
    }


def test_a_named_track_is_its_voice_on_any_channel() -> None:
    data = midi_file([name("TR"), on(0, 30, channel=7), off(9, 30, channel=7)])
    assert {c.voice for c in midi_to_timeline(data).changes} == {Voice.TR}


def test_velocities_to_15_are_the_chip_s_and_larger_ones_midi_s() -> None:
    low = midi_file([on(0, 60, 15), cc(100, 11, 3), off(480, 60), end(960)])
    assert [c.velocity for c in midi_to_timeline(low).changes] == [15, 3, 0]
    high = midi_file([on(0, 60, 100), cc(100, 11, 50), cc(200, 11, 1), off(480, 60), end(960)])
    assert [c.velocity for c in midi_to_timeline(high).changes] == [15, 8, 1, 0]


def test_the_triangle_has_neither_velocity_nor_timbre() -> None:
    data = midi_file(
        [name("p1"), on(0, 60, 4), off(480, 60), end(960)],
        [name("tr"), on(0, 40, 127, 2), cc(9, 11, 99, 2), cc(9, 12, 99, 2), off(480, 40, 2)],
    )
    assert states(midi_to_timeline(data)) == [
        (0, "P1", 60, 4, 0),
        (0, "TR", 40, 0, 0),
        (22_050, "P1", 0, 0, 0),
        (22_050, "TR", 0, 0, 0),
    ]


def test_volume_0_silences_until_the_next_one() -> None:
    data = midi_file([on(0, 60, 9), cc(480, 11, 0), cc(960, 11, 5), off(1440, 60), end(1441)])
    assert [(c.note, c.velocity) for c in midi_to_timeline(data).changes] == [
        (60, 9),
        (0, 0),
        (60, 5),
        (0, 0),
    ]


def test_a_voice_plays_the_newest_note_and_its_end_alone_ends_it() -> None:
    data = midi_file([on(0, 60), on(480, 64), off(720, 60), off(960, 64), end(1440)])
    assert [(c.sample, c.note) for c in midi_to_timeline(data).changes] == [
        (0, 60),
        (22_050, 64),
        (SECOND, 0),
    ]


def test_on_before_off_at_one_tick_and_notes_never_ended_are_played() -> None:
    data = midi_file([on(0, 60), on(480, 60), off(480, 60), end(960)], [end(1440)])
    timeline = midi_to_timeline(data)
    assert [(c.sample, c.note) for c in timeline.changes] == [(0, 60), (SECOND, 0)]


def test_the_music_ends_at_the_mark_or_at_the_last_track_s_end() -> None:
    mark = (960, mido.MetaMessage("time_signature", numerator=1, denominator=1))
    notes = [on(0, 60), off(480, 60)]
    assert midi_to_timeline(midi_file([mark], notes)).nsamps == SECOND
    early = (240, mark[1])
    assert midi_to_timeline(midi_file([early], notes)).nsamps == SECOND // 2


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_raises_anything_but_a_value_error(draw: st.DataObject) -> None:
    timeline = Timeline(
        SECOND, SECOND, (Change(0, Voice.P1, 60, 9, 1), Change(100, Voice.P1, 60, 3, 2))
    )
    data = bytearray(timeline_to_midi(timeline))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    for damaged in (bytes(data), bytes(data[:cut])):
        try:
            midi_to_timeline(damaged)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it may, and does not have to


def test_a_timeline_that_ticks_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="101 minutes"):
        timeline_to_midi(Timeline(SECOND, MOST_TICKS + 1, ()))
    with pytest.raises(ValueError, match="48000 Hz"):
        timeline_to_midi(Timeline(48_000, 10, ()))
