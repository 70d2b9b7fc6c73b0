"""Behind JACK's transport: bar lines lie on the frames that its timebase master says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.barlines import Hearing
from tests.support.daemon import Daemon
from tests.support.following import Follower
from tests.support.jack import JackServer, own_server
from tests.support.notes import left_on, notes_on
from tests.support.probe import JackProbe
from tests.support.timebase import Timebase
from tests.support.waiting import wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "jack", "--patch", "off")
BARS = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")


TEMPO = 123.4
ROLL_SECONDS = 5.0
"""More than two bars, so that there is a line on which something may begin."""
CHANGED = 2
"""After which start or jump the master changes its tempo."""


def frames_off(probe: JackProbe, daemon: Follower) -> list[tuple[int, int]]:
    """(which start or jump it follows, frames behind the master's line) of notes on bar lines.

    In the first half a second after a start or a jump nothing is looked at: nobody was told of it.
    """
    rolls, found = probe.rolls, []
    for beat, frame in Hearing(probe).notes(daemon.jam()):
        if abs(beat / 4.0 - round(beat / 4.0)) > 1e-6:
            continue
        index, (began, there) = [(i, r) for i, r in enumerate(rolls) if r[0] <= frame][-1]
        if frame - began >= probe.sample_rate / 2:
            place = there + frame - began
            master = probe if index == CHANGED else Timebase(TEMPO, probe.sample_rate)
            line = master.frame_of(round(master.beat_at(place) / 4.0) * 4.0)
            found.append((index, place - line))
    return found


@own_server
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_bar_lines_lie_on_the_masters_frames_through_starts_stops_locates_and_tempi(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Follower(tmp_path, *FOLLOW, *BARS) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(TEMPO)
        probe.connect_midi_from("nesvae_live_out")
        assert daemon.motion == "stopped"

        def roll_on(notes: int) -> None:
            before, since = len(notes_on(probe.midi)), probe.frames
            assert probe.wait_until(
                lambda: (
                    len(notes_on(probe.midi)) >= before + notes
                    and probe.frames > since + ROLL_SECONDS * probe.sample_rate
                ),
                60.0,
                every=0.25,
            )
            assert daemon.motion == "running", daemon.said

        probe.transport("start")
        roll_on(30)
        probe.transport("stop")
        assert wait_until(lambda: daemon.motion == "stopped")
        assert probe.wait_until(lambda: not left_on(probe.midi))
        probe.transport("locate", 1_234_567)  # no sixteenth, and no tick either
        probe.transport("start")
        roll_on(30)
        probe.transport("locate", probe.frame_of(9.3))
        roll_on(20)
        probe.change_tempo_in_a_bar(171.0)
        roll_on(50)
        probe.transport("stop")
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        off = frames_off(probe, daemon)
    print("frames behind the master's bar lines, by start:", off)
    assert {index for index, _ in off} == {0, 1, 2}
    assert max(abs(frames) for _, frames in off) <= 1


@pytest.mark.jack
def test_without_jack_it_is_one_line(jack_server: JackServer, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, "--midi-api", "none", "--audio", "none", "--clock", "jack")
    assert daemon.wait() == 1
    assert "--clock jack needs MIDI on JACK" in daemon.said
    assert len(daemon.said.splitlines()) == 1


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_who_leads_is_the_timebase_master_and_the_transport_rolls_with_the_music(
    jack_server: JackServer, tmp_path: Path
) -> None:
    options = ("--midi-api", "jack", "--audio", "none", "--clock-lead", "jack")
    with JackProbe() as probe:
        with Daemon(tmp_path, *options, "--tempo", "150", "--meter", "3/4") as daemon:
            assert probe.wait_until(lambda: bool(probe.rolls))
            first = probe.bbt()
            assert first["tempo"] == pytest.approx(150.0)
            assert first["beats_per_bar"] == 3.0
            assert probe.wait_until(lambda: probe.bbt()["bar"] > first["bar"] + 1)
            status, told = daemon.ctl(do="status"), probe.bbt()
            assert abs(status["bar"] - told["bar"]) <= 1
            assert daemon.end() == 0
        assert probe.wait_until(lambda: probe.bbt()["rolls"] == 0.0)
