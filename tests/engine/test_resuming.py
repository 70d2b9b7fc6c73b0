"""A process that was stopped goes on from now: nothing is caught up with, and nothing hangs."""

from __future__ import annotations

import pytest

from nesvae_live.clock.jackclock import JackClock, TransportIn
from nesvae_live.clock.timing import Meter
from nesvae_live.control.inputs import Pause
from nesvae_live.log.entries import Clocked, Noted, Opened
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.swap import Swap
from tests.support.rig import Rig, Source, check_events, do, sounding

STOPPED = (0.8, 5.0, 30.0, 470.0)
BEAT = 0.5
"""Seconds, at 120 BPM."""


def rig_of(**options: object) -> Rig:
    return Rig(resumes=True, **options)  # type: ignore[arg-type]


def begun(rig: Rig, since: float) -> list[float]:
    return [at for at, event in rig.output.sent if isinstance(event, NoteOn) and at >= since]


def jam_of(rig: Rig) -> Jam:
    opened = Opened(0.0, "", 120.0, "4/4", 4.0, 44100, 0, "", "", "", {}, {})
    return Jam(opened, tuple(rig.journal.entries))


def beat_now(rig: Rig) -> float:
    return rig.clock.ref.beat_at(rig.time.value)


@pytest.mark.parametrize("seconds", STOPPED)
@pytest.mark.parametrize("grid", [Grid(), Grid(Mode.BARS)])
def test_it_goes_on_from_the_beat_that_it_had(seconds: float, grid: Grid) -> None:
    rig = rig_of(grid=grid)
    rig.play(6.0)
    before, usual = beat_now(rig), len(begun(rig, 2.0)) / 4.0
    rig.time.value += seconds
    at = rig.time.value
    rig.play(4.0)
    # The horizon is where it was: the beat goes on a lookahead after it, and not from there.
    assert beat_now(rig) == pytest.approx(before + 4.0 / BEAT, abs=0.05)
    after = begun(rig, at)
    soon = [moment for moment in after if moment < at + 0.1]
    assert len(soon) <= 3, "at most what begins together, not what was missed"
    assert len(after) < 1.6 * usual * 4.0 + 3
    assert min(moment for moment in after) >= at
    assert not [1 for moment, _ in rig.output.sent if at - seconds + 0.1 < moment < at - 1e-9]
    check_events(rig.output.sent, ended=False)


def test_what_sounded_as_it_was_stopped_ends_at_once_when_it_goes_on() -> None:
    rig = rig_of()
    rig.play(5.0)
    while not sounding(rig.output.sent):
        rig.play(0.05)
    rig.time.value += 3.0
    silences = len(rig.output.silences)
    rig.sequencer.step()
    assert len(rig.output.silences) == silences + 1
    assert not sounding(rig.output.sent)


def test_a_short_stall_is_caught_up_with_as_ever() -> None:
    rig, other = rig_of(), Rig()
    for each in (rig, other):
        each.play(4.0)
        each.time.value += 0.4
        each.play(4.0)
    assert rig.output.sent == other.output.sent
    assert not [e for e in rig.journal.entries if isinstance(e, Noted)]


def test_without_being_asked_to_it_catches_up_as_takes_of_before_did() -> None:
    rig = Rig()
    rig.play(4.0)
    before = beat_now(rig)
    rig.time.value += 5.0
    rig.play(1.0)
    assert beat_now(rig) == pytest.approx(before + 6.0 / BEAT, abs=1e-6)


def test_the_log_says_it_and_its_beats_go_on_without_a_hole() -> None:
    rig = rig_of(bars=8)
    rig.play(5.0)
    rig.time.value += 60.0
    rig.play(20.0)
    assert rig.sequencer.done.is_set()
    (noted,) = [e for e in rig.journal.entries if isinstance(e, Noted)]
    assert "60.0 s" in noted.text
    jam = jam_of(rig)
    broken = [e for e in rig.journal.entries if isinstance(e, Clocked)]
    assert [line.runs for line in broken][-2:] == [False, True]
    assert list(jam.lines) == sorted(jam.lines, key=lambda line: line.at)
    assert rig.sequencer.ended_at == pytest.approx(0.1 + 16.0 + 60.0, abs=0.2)
    assert jam.bars() == 8
    notes = jam.notes()
    assert max(note.end for note in notes) <= 32.0
    assert all(0.0 < note.end - note.start < 16.0 for note in notes)


@pytest.mark.parametrize("coasts", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_behind_a_midi_clock_it_goes_on_where_the_clock_is_by_then(
    coasts: bool, lost: bool
) -> None:
    """What the clock sent meanwhile comes all at once, or was lost."""
    rig = rig_of(midi=True, grid=Grid(Mode.BARS), swap=Swap.BAR, coasts=coasts)
    source = Source(rig)
    source.start()
    source.run(6.0)
    stopped = rig.time.value
    rig.time.value += 7.0
    at = rig.time.value
    while source.next_at <= at:
        if not lost:
            source.send(0xF8, at=at)  # the driver's stamp is that of its coming
        source.clocks += 1
        source.next_at += BEAT / 24
    source.run(8.0)
    after = begun(rig, at)
    assert after, "it plays again"
    assert len([moment for moment in after if moment < at + 0.5]) < 12
    assert not [1 for moment in begun(rig, stopped + 0.1) if moment < at]
    if not lost:
        _, clocks = source.lines[-1]
        offset = (rig.clock.ref.beat_at(source.lines[-1][0]) - clocks / 24) % 4.0
        assert min(offset, 4.0 - offset) < 0.1, "it is on the source's bars"
    check_events(rig.output.sent, ended=False)


def test_behind_jacks_transport_it_goes_on_where_the_transport_is() -> None:
    clock = JackClock(Meter())
    assert clock.motion == "stopped"
    told = TransportIn(True, 8.0, 0.0, BEAT, False, 10.0)
    clock.move(told)
    epoch = clock.epoch
    clock.resume(3.0, 12.0)
    assert clock.epoch == epoch + 1
    assert clock.entry == clock.coming == pytest.approx(clock.ref.beat_at(12.0))
    clock.move(TransportIn(True, 13.0, 1.0, BEAT, False, 12.5))
    assert clock.epoch == epoch + 1, "it goes on as before"


def test_ctrl_z_ends_every_note_and_nothing_begins_until_it_goes_on() -> None:
    rig = rig_of()
    rig.play(5.0)
    before = beat_now(rig)
    assert do(rig, Pause, True)["ok"]
    assert not sounding(rig.output.sent)
    rig.play(0.2)
    count = len(rig.output.sent)
    rig.time.value += 20.0
    at = rig.time.value
    rig.play(0.1)
    assert len(rig.output.sent) == count
    assert do(rig, Pause, False)["ok"]
    rig.play(4.0)
    assert beat_now(rig) == pytest.approx(before + 4.0 / BEAT, abs=0.1)
    assert len([moment for moment in begun(rig, at) if moment < at + 0.2]) <= 3
    assert begun(rig, at)
    check_events(rig.output.sent, ended=False)


def test_going_on_without_having_been_stopped_changes_nothing() -> None:
    rig, other = rig_of(), rig_of()
    for each in (rig, other):
        each.play(3.0)
    rig.inbox.put(Pause(paused=False, at=rig.time.value))
    for each in (rig, other):
        each.play(3.0)
    assert rig.output.sent == other.output.sent
