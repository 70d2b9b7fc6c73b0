"""Behind Ardour, which rolls JACK's transport as its timebase master: each note on its frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ardourrolls import TICKS, ArdourRolls
from tests.support.following import Follower
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.transportplaces import placed_notes
from tests.support.waiting import wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "jack", "--patch", "off")
BARS = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")

STEADY = ["map:set_tempo(Temporal.Tempo(123.4, 123.4, 4), Temporal.timepos_t(0))"]
NOTICED_SECONDS = 0.8
"""Ardour 7.3 says the first tempo and metre all through: others are known by its ticks, after a while."""


def on(beat: float) -> str:
    """A place in Ardour's tempo map."""
    return f"Temporal.timepos_t.from_ticks({round(beat * TICKS)})"


def tempo(beat: float, first: float, last: float | None = None) -> str:
    """From a beat on a tempo, which glides to another one until the next."""
    last = first if last is None else last
    return f"map:set_tempo(Temporal.Tempo({first}, {last}, 4), {on(beat)})"


def roll_on(probe: JackProbe, notes: int) -> None:
    """Until so many more have been heard."""
    before = len(notes_on(probe.midi))
    assert probe.wait_until(lambda: len(notes_on(probe.midi)) >= before + notes, 30.0, every=0.25)


@pytest.mark.ardour
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_notes_lie_on_ardours_frames_through_starts_stops_and_locates(
    jack_server: JackServer, tmp_path: Path
) -> None:
    home = tmp_path / "ardour"
    home.mkdir()
    with (
        ArdourRolls(home, STEADY, [(0.0, 4.0)]) as ardour,
        Follower(tmp_path, *FOLLOW, *BARS) as daemon,
        JackProbe() as probe,
    ):
        probe.connect_midi_from("nesvae_live_out")
        ardour.begin()
        roll_on(probe, 20)
        status = daemon.ctl(do="status")
        assert status["tempo"] == pytest.approx(123.4, abs=0.01)
        assert status["meter"] == "4/4"
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        ardour.locate(1_234_567)  # no sixteenth
        ardour.roll()
        roll_on(probe, 20)
        ardour.locate(ardour.frame_of(9 + 577 / 1920))
        roll_on(probe, 20)
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        notes = placed_notes(probe, daemon.jam(), ardour)
    off = [note.off for note in notes]
    print(f"{len(off)} notes behind Ardour: frames off", off)
    assert len({note.index for note in notes}) >= 3
    assert max(map(abs, off)) <= 1


CHANGING = [
    tempo(0, 120.0),
    tempo(8, 150.0),
    f"map:set_meter(Temporal.Meter(3, 4), {on(20)})",
    tempo(32, 150.0, 100.0),
    tempo(44, 100.0),
]
BARS_OF = [(0.0, 4.0), (20.0, 3.0)]
KNOWN = [(8.0, 1.0), (20.0, 4.0), (32.0, 1.0), (44.0, 1.0)]
"""From which beat on something is other, and after how many beats it is known: a metre after its
first bar."""


@pytest.mark.ardour
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_ardours_changes_of_tempo_its_ramps_and_metres_are_followed_by_what_it_counts(
    jack_server: JackServer, tmp_path: Path
) -> None:
    home = tmp_path / "ardour"
    home.mkdir()
    with (
        ArdourRolls(home, CHANGING, BARS_OF) as ardour,
        Follower(tmp_path, *FOLLOW, *BARS) as daemon,
        JackProbe() as probe,
    ):
        probe.connect_midi_from("nesvae_live_out")
        ardour.begin()
        end = ardour.frame_of(56)
        assert probe.wait_until(lambda: bool(probe.rolls), 20.0, every=0.1)
        began = probe.rolls[0][0]
        assert probe.wait_until(
            lambda: probe.first_frame + probe.frames > began + end, 60.0, every=0.25
        )
        status = daemon.ctl(do="status")
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        known = [
            (ardour.frame_of(beat), ardour.frame_of(beat + beats) + NOTICED_SECONDS * 48_000)
            for beat, beats in KNOWN
        ]
        notes = placed_notes(probe, daemon.jam(), ardour)
    off = [(note.off, ardour_part(note.place, known)) for note in notes]
    steady = [frames for frames, part in off if part in {0, 1, 2, 4}]
    ramp = [frames for frames, part in off if part == 3]
    print(f"{len(steady)} notes: frames off {steady}; in the ramp: {ramp}")
    assert status["tempo"] == pytest.approx(100.0, abs=0.1)
    assert status["meter"] == "3/4"
    assert len(steady) > 20
    assert max(map(abs, steady)) <= 2
    assert len(ramp) > 3
    assert max(map(abs, ramp)) <= 8


def ardour_part(place: int, known: list[tuple[int, float]]) -> int | None:
    """How many changes are behind a frame; None where the last one is not known yet."""
    behind = [until for since, until in known if since <= place]
    return None if behind and place < behind[-1] else len(behind)


@pytest.mark.ardour
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_minute_of_ardours_loops_of_one_bar_has_each_note_on_its_frame(
    jack_server: JackServer, tmp_path: Path
) -> None:
    home = tmp_path / "ardour"
    home.mkdir()
    with (
        ArdourRolls(home, STEADY, [(0.0, 4.0)]) as ardour,
        Follower(tmp_path, *FOLLOW, *BARS) as daemon,
        JackProbe() as probe,
    ):
        probe.connect_midi_from("nesvae_live_out")
        bar, end = ardour.frame_of(4), probe.first_frame + probe.frames + 62 * 48_000
        ardour.begin()
        while probe.first_frame + probe.frames < end:
            ardour.locate_when_past(bar, ardour.frame_of(0))
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        loops, notes = len(probe.rolls), placed_notes(probe, daemon.jam(), ardour)
    off = [note.off for note in notes]
    print(f"{loops} loops, {len(off)} notes behind Ardour: frames off", sorted(off))
    assert loops >= 25
    assert len(off) >= loops
    assert max(map(abs, off)) <= 1
