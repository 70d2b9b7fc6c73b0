"""The sequencer behind a MIDI clock, on simulated time."""

from __future__ import annotations

from itertools import pairwise

import mido
import pytest

from nesvae_live.clock.follower import Motion
from nesvae_live.control.inputs import SetKnob, SetOne
from nesvae_live.log.entries import Clocked, Opened, Placed
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.swap import Swap
from nesvae_live.take.midifile import jam_to_midi
from tests.support.rig import (
    CLOCK_PORT,
    TICK,
    Rig,
    Source,
    check_events,
    do,
    sounding,
)

BARS = Grid(Mode.BARS)


def follow(**options: object) -> Rig:
    return Rig(midi=True, grid=BARS, swap=Swap.BAR, **options)  # type: ignore[arg-type]


def jam_of(rig: Rig) -> Jam:
    opened = Opened(0.0, "", 120.0, "4/4", 4.0, 44100, 0, "", "", "", {}, {})
    return Jam(opened, tuple(rig.journal.entries))


def notes_at(rig: Rig) -> list[float]:
    return [at for at, event in rig.output.sent if isinstance(event, NoteOn)]


def test_until_the_source_starts_nothing_sounds() -> None:
    rig = follow()
    source = Source(rig)
    source.run(3.0)
    assert rig.sequencer.clock.motion is Motion.STOPPED
    assert not rig.output.sent
    assert not rig.placed()


def test_phrases_start_on_the_sources_bar_lines() -> None:
    for tempo in (40.0, 90.0, 123.4, 174.0, 240.0):
        rig = follow(seed=3)
        source = Source(rig, tempo)
        source.run(0.5)
        source.lines.clear()
        source.start()
        source.run(40.0)
        falls = {clocks: at for at, clocks in source.lines}
        placed = rig.placed()
        assert len(placed) > 5
        for phrase in placed:
            clocks = phrase.beat * 24
            assert clocks % 48 == pytest.approx(0.0, abs=1e-3)
            near = (
                min(abs(at - falls[round(clocks)]) for at in notes_at(rig) if at)
                if (round(clocks) in falls)
                else 0.0
            )
            assert near < 0.6  # something sounds about there; the line itself:
        line = rig.clock.ref
        for at, clocks in source.lines[-48:]:
            assert line.time_of(clocks / 24) == pytest.approx(at, abs=0.001)
        check_events(rig.output.sent, ended=False)


def test_with_jitter_the_notes_on_bar_lines_are_within_a_few_milliseconds_of_them() -> None:
    rig = follow(seed=3)
    source = Source(rig, 90.0, jitter=0.005)
    source.start()
    source.run(60.0)
    bars = [at for at, clocks in source.lines if clocks % 96 == 0 and clocks > 0]
    errors = [min((at - bar for at in notes_at(rig)), key=abs) for bar in bars]
    on_line = [error for error in errors if abs(error) < 0.02]
    assert len(on_line) > len(bars) / 2
    assert max(abs(error - 0.0025) for error in on_line) < 0.004


def test_stop_ends_every_note_and_continue_goes_on_where_it_was() -> None:
    rig = follow(seed=1)
    source = Source(rig)
    source.start()
    source.run(5.2)
    assert sounding(rig.output.sent)
    source.stop()
    source.run(TICK)  # clocks go on
    assert not sounding(rig.output.sent)
    held = rig.sequencer.clock.held
    sent = len(rig.output.sent)
    source.run(2.0)
    assert len(rig.output.sent) == sent
    source.go_on()
    source.run(3.0)
    assert len(rig.output.sent) > sent
    assert held <= rig.sequencer.clock.entry < held + 1 / 24  # the next clock's place
    check_events(rig.output.sent, ended=False)


@pytest.mark.parametrize("to", [0, 48, 96 * 100, 96 * 3 + 24])
def test_a_jump_keeps_the_place_in_the_bar_and_the_jam_never_goes_back(to: int) -> None:
    rig = follow(seed=4)
    source = Source(rig)
    source.start()
    source.run(9.3)
    before = rig.clock.ref.beat_at(rig.time.value)
    source.stop()
    source.start(to)
    source.run(10.0)
    entry = rig.sequencer.clock.entry
    assert before - 0.2 <= entry < before + 4.0
    assert (entry - to / 24) % 4.0 == pytest.approx(0.0, abs=1e-6)
    later = [p for p in rig.placed() if p.beat >= entry]
    assert later[0].beat == pytest.approx(entry)
    assert all(p.beat % 2.0 == pytest.approx(0.0, abs=1e-6) for p in later[1:])
    check_events(rig.output.sent, ended=False)


def test_a_loop_of_the_source_every_four_bars_keeps_its_phase() -> None:
    rig = follow(seed=5)
    source = Source(rig, 174.0)
    source.start()
    for _ in range(20):
        while source.clocks < 4 * 96:
            source.run(TICK)
        source.jump(0)
    beats = [p.beat for p in rig.placed()]
    assert beats == sorted(beats)
    assert {round(b % 4.0, 3) % 2.0 for b in beats} == {0.0}
    check_events(rig.output.sent, ended=False)


def test_a_lost_clock_ends_the_notes_and_its_return_goes_on() -> None:
    rig = follow(seed=6)
    source = Source(rig)
    source.start()
    source.run(4.4)
    source.rolls = False
    source.run(0.4)
    assert rig.sequencer.clock.motion is Motion.LOST
    assert not sounding(rig.output.sent)
    sent = len(rig.output.sent)
    source.run(1.0)
    assert len(rig.output.sent) == sent
    source.rolls = True
    source.next_at = rig.time.value
    source.run(6.0)
    assert len(rig.output.sent) > sent
    check_events(rig.output.sent, ended=False)


@pytest.mark.parametrize("gap", [1.5, 4.0, 20.0])
@pytest.mark.parametrize("jitter", [0.0, 0.004])
def test_a_lost_clock_can_be_taken_to_go_on_and_its_return_is_not_heard(
    gap: float, jitter: float
) -> None:
    rig = follow(seed=6, coasts=True)
    source = Source(rig, 123.4, jitter)
    source.start()
    source.run(10.4)
    lost = rig.time.value
    source.plugged = False
    source.run(0.4)
    assert str(rig.sequencer.clock.motion) == "lost"
    assert not sounding(rig.output.sent)
    source.run(gap - 0.4)
    assert str(rig.sequencer.clock.motion) == "coasting"
    again = [at for at in notes_at(rig) if at > lost + 0.3]
    assert min(again) == pytest.approx(lost + 1.0, abs=0.5)
    breaks = sum(isinstance(e, Clocked) and not e.runs for e in rig.journal.entries)
    source.plugged = True
    source.run(12.0)
    assert str(rig.sequencer.clock.motion) == "running"
    entries = [e for e in rig.journal.entries if isinstance(e, Clocked) and not e.runs]
    assert len(entries) == breaks, "its return breaks nothing off"
    at, clocks = source.lines[-1]
    place = rig.clock.ref.beat_at(at + jitter / 2) - clocks / 24
    assert (place + 2.0) % 4.0 - 2.0 == pytest.approx(0.0, abs=0.01), "on the source's bar lines"
    bars = [p.beat for p in rig.placed()[-4:]]
    assert [beat % 2.0 for beat in bars] == pytest.approx([0.0] * 4, abs=1e-6)
    check_events(rig.output.sent, ended=False)


def test_a_clock_on_another_port_is_ignored() -> None:
    rig = follow()
    source = Source(rig, port="a keyboard")
    source.start()
    source.run(3.0)
    assert not rig.output.sent


def test_the_newest_knobs_are_in_the_phrase_that_starts() -> None:
    rig = follow()
    source = Source(rig)
    source.run(1.0)
    rig.inbox.put(SetKnob("density", 1.0, at=rig.time.value))
    source.run(0.5)
    source.start()
    source.run(2.0)
    decoded = [e for e in rig.journal.entries if getattr(e, "mask", None)]
    assert decoded[0].mask[0] == 1  # type: ignore[union-attr]


def test_the_log_tells_the_tempo_and_the_stops() -> None:
    rig = follow(seed=1)
    source = Source(rig, 90.0)
    source.run(1.0)
    source.start()
    start = rig.time.value + 0.002
    source.run(8.0)
    source.stop()
    stop = rig.time.value
    source.run(2.0)
    jam = jam_of(rig)
    assert jam.beat_at(start + 6.0) == pytest.approx(9.0, abs=0.005)
    assert jam.beat_at(stop + 1.5) == jam.beat_at(stop + 0.5) == rig.sequencer.clock.held
    assert jam.notes()
    assert all(note.end <= rig.sequencer.clock.held for note in jam.notes())
    tempi = [60.0 / e.beat_seconds for e in rig.journal.entries if isinstance(e, Clocked)]
    assert tempi[-1] == pytest.approx(90.0, abs=0.5)


def test_a_tempo_ramp_is_followed_without_a_gap_in_the_phrases() -> None:
    rig = follow(seed=8)
    source = Source(rig, 100.0, jitter=0.002)
    source.start()
    for step in range(200):
        source.tempo = 100.0 + step * 0.3
        source.run(0.1)
    placed = [e for e in rig.journal.entries if isinstance(e, Placed)]
    for one, two in pairwise(placed):
        assert two.beat == pytest.approx(one.beat + one.beats)
    check_events(rig.output.sent, ended=False)


def test_the_midi_file_has_the_followed_tempo_and_its_notes_on_the_sources_grid() -> None:
    rig = follow(seed=3)
    source = Source(rig, 90.0)
    source.start()
    source.run(12.0)
    source.tempo = 150.0
    source.run(12.0)
    file = jam_to_midi(jam_of(rig))
    tempi = [m.tempo for m in file.tracks[0] if m.type == "set_tempo"]
    assert mido.tempo2bpm(tempi[-1]) == pytest.approx(150.0, rel=0.01)
    assert any(mido.tempo2bpm(tempo) == pytest.approx(90.0, rel=0.01) for tempo in tempi)
    tick, starts = 0, set()
    for message in file.tracks[1]:
        tick += message.time
        if message.type == "note_on":
            starts.add(tick)
    assert {round(p.beat * 480) for p in rig.placed()} & starts


@pytest.mark.parametrize("join", ["wait", "now", "tap"])
def test_behind_a_clock_that_rolls_already_the_music_waits_or_joins_on_a_bar_line(
    join: str,
) -> None:
    rig = follow(seed=3, join=join)
    source = Source(rig, 90.0)
    source.run(1.9)
    assert not rig.output.sent
    source.run(0.6)
    assert bool(notes_at(rig)) == (join == "now")
    assert bool(rig.clock.waiting) == (join != "now")
    source.run((-source.clocks % 96 + 0.4) * 60 / 90 / 24)
    one = next(at for at, clocks in reversed(source.lines) if clocks % 96 == 0)
    if join != "wait":
        rig.inbox.put(SetOne(at=one + 0.004))
    source.run(20.0)
    if join == "wait":
        assert not rig.output.sent
        source.start()
        one = source.next_at
        source.run(20.0)
    assert rig.clock.runs
    assert not rig.clock.waiting
    bar = 4 * 60 / 90
    placed = [p for p in rig.placed() if rig.clock.ref.time_of(p.beat) > one - 0.05]
    assert len(placed) > 5
    assert min(abs(p.beat % 4.0) for p in placed) < 1e-3
    for phrase in placed:
        at = rig.clock.ref.time_of(phrase.beat)
        halves = (at - one) / (bar / 2)
        assert halves == pytest.approx(round(halves), abs=0.002), "on the tapped bar lines"
    check_events(rig.output.sent, ended=False)


def test_the_one_can_be_set_only_where_clocks_come() -> None:
    rig = follow(seed=3)
    assert do(rig, SetOne) == {"ok": False, "error": f"no clock arrives on {CLOCK_PORT!r}"}
