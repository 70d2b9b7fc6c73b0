"""Behind Ardour, which rolls JACK's transport as its timebase master: each note in its tick."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ardourrolls import ArdourRolls
from tests.support.following import Follower
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.transportplaces import placed_notes
from tests.support.waiting import wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "jack", "--patch", "off")
BARS = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")

STEADY = ["map:set_tempo(Temporal.Tempo(123.4, 123.4, 4), Temporal.timepos_t(0))"]


@pytest.mark.ardour
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_notes_lie_within_ardours_ticks_through_starts_stops_and_locates(
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

        def roll_on(notes: int) -> None:
            before = len(notes_on(probe.midi))
            assert probe.wait_until(
                lambda: len(notes_on(probe.midi)) >= before + notes, 30.0, every=0.25
            )

        ardour.roll()
        roll_on(20)
        status = daemon.ctl(do="status")
        assert status["tempo"] == pytest.approx(123.4, abs=0.01)
        assert status["meter"] == "4/4"
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        ardour.locate(1_234_567)  # no sixteenth
        ardour.roll()
        roll_on(20)
        ardour.locate(ardour.frame_of(9 + 577 / 1920))
        roll_on(20)
        ardour.stop()
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        notes = placed_notes(probe, daemon.jam(), ardour)
    off = [note.off for note in notes]
    print(f"{len(off)} notes behind Ardour: frames off", off)
    assert len({note.index for note in notes}) >= 3
    assert max(map(abs, off)) <= TICK_FRAMES


TICK_FRAMES = 60 / 123.4 * 48_000 / 1920 + 1
"""Ardour says places to a tick, as our clock hears them and as this test asks for them."""
