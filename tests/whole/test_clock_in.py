"""The whole instrument behind a real MIDI clock: `jack_midi_clock` and JACK's transport.

The probe is the timebase master, so that the clock says song position; its tempo map is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from statistics import median

import pytest

from nesvae_live.clock.follower import Status
from nesvae_live.log.entries import Placed
from nesvae_live.log.jam import Jam
from tests.support.barlines import Hearing, check_bar_lines, heard_by
from tests.support.daemon import Daemon
from tests.support.following import FOLLOW, Follower, connect, midi_clock, needs_clock
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

LONGEST_SECONDS = 90.0
"""For some bars to go by."""

DRIFT_SECONDS = 600


@contextmanager
def followed(folder: Path, tempo: float) -> Iterator[tuple[Follower, JackProbe]]:
    """The instrument behind a clock, and a probe that leads the clock and hears both."""
    # So that most bar lines have notes, and phrases have bars to fill.
    options = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")
    with Follower(folder, *FOLLOW, *options) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(tempo)
        with midi_clock():
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_midi_from("jack_midi_clock")
            connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
            # What is sent while ports are being connected gets lost.
            let_pass(probe, 0.25)
            yield daemon, probe


def let_pass(probe: JackProbe, seconds: float) -> None:
    """Wait until the server has gone on by so much."""
    until = probe.frames + seconds * probe.sample_rate
    assert probe.wait_until(lambda: probe.frames > until)


def locate(probe: JackProbe, frame: int) -> None:
    """Go there while stopped; the source forgets to say start if it comes at the same moment."""
    probe.transport("locate", frame)
    let_pass(probe, 0.1)


def start(daemon: Follower, probe: JackProbe) -> None:
    """Roll, until the instrument does too."""
    probe.transport("start")
    assert wait_until(lambda: daemon.motion == "running"), daemon.said


def roll_on(daemon: Follower, probe: JackProbe, bars: int) -> None:
    """Let so many more bar lines go by about which notes are heard while the server keeps its time."""
    before = Hearing(probe).told
    assert probe.wait_until(
        lambda: Hearing(probe).told >= before + bars, LONGEST_SECONDS, every=0.25
    ), "the machine is too busy"
    assert daemon.motion == "running", daemon.said


def stop(daemon: Follower, probe: JackProbe) -> None:
    """Stop, and wait until the instrument holds and is silent."""
    probe.transport("stop")
    assert wait_until(lambda: daemon.motion == "stopped")


def end(daemon: Follower, probe: JackProbe) -> tuple[Jam, Hearing]:
    """End the instrument, which has stopped and stays silent; its log, and what was heard."""
    sent = len(notes_on(probe.midi))
    assert daemon.end() == 0
    assert len(notes_on(probe.midi)) == sent, "nothing sounds after the source's stop"
    jam, hearing = daemon.jam(), Hearing(probe)
    assert heard_by(jam) == hearing.said
    return jam, hearing


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "bars",
    [
        {123.4: 2, 240.0: 3},
        pytest.param({40.0: 2, 90.0: 2, 123.4: 2, 174.0: 3, 240.0: 3}, marks=pytest.mark.soak),
        *(pytest.param({float(bpm): 6}, marks=pytest.mark.soak) for bpm in range(40, 250, 10)),
    ],
    ids=lambda bars: "-".join(f"{tempo:g}" for tempo in bars),
)
def test_bar_lines_of_the_notes_lie_on_the_sources_bar_lines_after_a_start_from_0(
    jack_server: JackServer, tmp_path: Path, bars: dict[float, int]
) -> None:
    with followed(tmp_path, 120.0) as (daemon, probe):
        for tempo, n in bars.items():
            probe.lead(tempo)
            locate(probe, 0)
            start(daemon, probe)
            roll_on(daemon, probe, n)
            stop(daemon, probe)
        jam, hearing = end(daemon, probe)
    starts = [frame for frame, data in hearing.midi if data[0] == Status.START]
    for (tempo, n), first, last in zip(bars.items(), starts, [*starts[1:], inf], strict=True):
        print(f"{tempo:g} BPM: ", end="")
        struck = [item for item in hearing.struck(jam) if first <= item.frame < last]
        check_bar_lines(struck, jack_server, least=(n + 1) // 2)
    placed = [entry.beat % 2.0 for entry in jam.entries if isinstance(entry, Placed)]
    assert placed == pytest.approx([0.0] * len(placed), abs=1e-6)


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(300)
def test_behind_jacks_transport_notes_lie_where_song_position_and_counted_clocks_say(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with followed(tmp_path, 160.0) as (daemon, probe):
        start(daemon, probe)
        roll_on(daemon, probe, 2)
        stop(daemon, probe)
        start(daemon, probe)  # from the middle of a bar, where it stopped
        roll_on(daemon, probe, 2)
        stop(daemon, probe)
        locate(probe, probe.frame_of(4 * 8 + 4 / 3))
        start(daemon, probe)
        roll_on(daemon, probe, 2)
        for tempo in (220.0, 100.0):
            probe.change_tempo_in_a_bar(tempo)
            roll_on(daemon, probe, 3)
        probe.transport("locate", probe.frame_of(4 * 3 + 2.5))
        roll_on(daemon, probe, 2)
        probe.transport("locate", 0)  # it says start again, and the next clock comes at once
        roll_on(daemon, probe, 2)
        stop(daemon, probe)
        jam, hearing = end(daemon, probe)
    # For where the source starts again there is no phrase yet: that line's notes wait for a decode.
    again = [frame for frame, data in hearing.midi if data[0] == Status.START][1]
    struck = [item for item in hearing.struck(jam) if not 0 <= item.frame - item.off - again < 1000]
    check_bar_lines(struck, jack_server, least=8)


@needs_clock
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(DRIFT_SECONDS + 300)
def test_ten_minutes_of_following_do_not_drift(jack_server: JackServer, tmp_path: Path) -> None:
    with followed(tmp_path, 123.4) as (daemon, probe):
        start(daemon, probe)
        until = probe.frames + (DRIFT_SECONDS + 5) * probe.sample_rate
        assert probe.wait_until(lambda: probe.frames > until, DRIFT_SECONDS + 60.0, every=1.0)
        assert daemon.motion == "running"
        stop(daemon, probe)
        missed = daemon.ctl(do="status")["decodes_missed"]
        jam, hearing = end(daemon, probe)
    phases = hearing.phases(jam)
    first = [ms for at, ms in phases if at < 60.0]
    last = [ms for at, ms in phases if at >= DRIFT_SECONDS - 60.0]
    off = sorted(abs(ms) for _, ms in phases)
    print(
        f"{len(off)} notes, ms behind their place between the source's clocks: median of the first "
        f"minute {median(first):.3f}, of the last {median(last):.3f}; without sign, of all: p50 "
        f"{off[len(off) // 2]:.2f}, p99 {off[round(0.99 * (len(off) - 1))]:.2f}, greatest "
        f"{off[-1]:.2f}; missed decodes {missed}"
    )
    assert min(len(first), len(last)) > 100
    assert abs(median(last) - median(first)) <= 1.0


@needs_clock
@pytest.mark.jack
def test_play_that_follows_a_clock_nobody_sends_waits_and_can_be_stopped(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Follower(tmp_path, *FOLLOW) as daemon, JackProbe() as probe:
        probe.connect_midi_from("nesvae_live_out")
        assert daemon.ctl(do="status")["motion"] == "stopped"
        assert daemon.ctl(do="tempo", tempo=100)["ok"] is False
        assert daemon.end() == 0
        assert not notes_on(probe.midi)


@pytest.mark.jack
def test_a_clock_port_that_is_not_there_is_one_line_and_exit_1(
    jack_server: JackServer, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path, *FOLLOW, "--clock-in", "no such clock")
    assert daemon.wait() == 1
    assert "no such clock" in daemon.said
    assert len(daemon.said.splitlines()) == 1


@needs_clock
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("join", ["now", "tap"])
def test_a_clock_whose_cable_comes_late_is_said_and_joined(
    jack_server: JackServer, tmp_path: Path, join: str
) -> None:
    with Follower(tmp_path, *FOLLOW, "--clock-join", join) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(120.0)
        with midi_clock():
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_midi_from("jack_midi_clock")
            probe.transport("start")
            clock = bytes([Status.CLOCK])
            assert probe.wait_until(lambda: sum(d == clock for _, d in probe.midi) > 40)
            connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
            if join == "tap":
                waiting = "clock at 120.0 BPM, waiting for a start, or a tap on the one"
                assert wait_until(lambda: daemon.ctl(do="status")["clock_waiting"] == waiting)
                assert not notes_on(probe.midi)
                assert daemon.ctl(do="one")["ok"]
            assert wait_until(lambda: daemon.motion == "running")
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 10)
            assert daemon.ctl(do="status")["clock_waiting"] == ""
            stop(daemon, probe)
        assert daemon.end() == 0
    jam = daemon.jam()
    first = next(entry for entry in jam.entries if isinstance(entry, Placed))
    assert first.beat == pytest.approx(0.0, abs=1e-6), "the music enters on a bar line"
