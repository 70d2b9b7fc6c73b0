"""Ports that come and go while the instrument plays, through a real JACK server."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.daemon import Daemon
from tests.support.fakes import RealTime
from tests.support.following import FOLLOW, Follower, connect, midi_clock, needs_clock
from tests.support.jack import JackServer, lax_server, own_server
from tests.support.notes import left_on, notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

PLAY = ("--midi-api", "jack", "--audio", "none", "--seed", "3", "--patch", "off", "--tempo", "200")


def turned(daemon: Daemon, probe: JackProbe, value: int) -> bool:
    """Whether density follows a control; what is sent as ports are being connected gets lost."""

    def follows() -> bool:
        probe.send_midi((0xB0, 20, value))
        knobs = daemon.ctl(do="status")["knobs"]
        return bool(abs(knobs.get("density", -1.0) - value / 127) < 0.01)

    return wait_until(follows, every=0.1)


@pytest.mark.jack
@pytest.mark.timeout(180)
def test_a_controller_and_a_daw_that_go_away_are_told_once_and_connected_again(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Daemon(tmp_path, *PLAY) as daemon:
        with JackProbe("knobs") as knobs:
            knobs.connect_midi_to("nesvae_live_in")
            assert turned(daemon, knobs, 127)
            with JackProbe("daw") as daw:
                daw.connect_midi_from("nesvae_live_out")
                began = daemon.ctl(do="status")["beat"]
                assert wait_until(lambda: daemon.ctl(do="status")["beat"] > began + 5)
                assert daw.wait_until(lambda: bool(left_on(daw.midi))), "it goes while notes sound"
                left = left_on(daw.midi)
        assert wait_until(lambda: daemon.said.count("is gone") == 2), daemon.said
        beat = daemon.ctl(do="status")["beat"]
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 2), "the music goes on"
        with JackProbe("knobs") as knobs, JackProbe("daw") as daw:
            assert wait_until(lambda: daemon.said.count("' is back") == 2), daemon.said
            assert turned(daemon, knobs, 100), "connected again by itself"
            assert daw.wait_until(lambda: len(notes_on(daw.midi)) > 0), "connected again by itself"

            def ended() -> set[tuple[int, ...]]:
                return {(d[0] & 0x0F, d[1]) for _, d in daw.midi if d[0] & 0xF0 == 0x80}

            assert daw.wait_until(lambda: left <= ended()), "what sounded when it went is ended"
            assert daemon.end() == 0
            assert daw.wait_until(lambda: not left_on(daw.midi))
    said = daemon.said.splitlines()
    assert sorted(line.split("nesvae-live: ")[1] for line in said) == [
        "'daw:midi_in' is back",
        "'daw:midi_in' is gone: waiting for it to come back",
        "'knobs:midi_out' is back",
        "'knobs:midi_out' is gone: waiting for it to come back",
    ]


@pytest.mark.jack
@pytest.mark.timeout(180)
def test_a_controller_under_another_number_and_a_track_under_another_name_stay_connected(
    jack_server: JackServer, tmp_path: Path
) -> None:
    names = [f"nanoKONTROL2 [{n}] (capture): nanoKONTROL2 MIDI 1" for n in (28, 32)]
    with Daemon(tmp_path, *PLAY) as daemon, JackProbe("daw") as daw:
        daw.connect_midi_from("nesvae_live_out")
        for name, value in zip(names, (0, 127), strict=True):
            with JackProbe("a2j") as knobs:
                knobs.rename("midi_out", name)
                if name == names[0]:
                    knobs.connect_midi_to("nesvae_live_in")
                else:
                    assert wait_until(lambda: "back as" in daemon.said), daemon.said
                assert turned(daemon, knobs, value)
                beat = daemon.ctl(do="status")["beat"]  # until the cable was seen
                assert wait_until(lambda since=beat: daemon.ctl(do="status")["beat"] > since + 5)  # type: ignore[misc]
            assert wait_until(lambda name=name: f"'a2j:{name}' is gone" in daemon.said)  # type: ignore[misc]
        daw.rename("midi_in", "Lead/midi_in 1")
        heard, beat = len(daw.midi), daemon.ctl(do="status")["beat"]
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 8)
        assert daw.wait_until(lambda: len(daw.midi) > heard + 20)
        lines = [line.split("nesvae-live: ")[1] for line in daemon.said.splitlines()]
    gone, back = (f"'a2j:{names[0]}' is {what}" for what in ("gone", f"back as 'a2j:{names[1]}'"))
    assert [line for line in lines if "a2j" in line][:2] == [
        f"{gone}: waiting for it to come back",
        back,
    ]
    assert not [line for line in lines if "daw" in line], "renamed is not gone"
    assert sum("its preset is" in line for line in lines) <= 1, "it was proposed when it was new"


@lax_server
@pytest.mark.jack
@pytest.mark.timeout(60)
def test_after_a_cycle_in_which_a_notes_end_may_be_lost_it_is_said_again(
    jack_server: JackServer,
) -> None:
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    time = RealTime()
    with (
        open_midi("jack", [], None, inbox=inbox, time=time, warn=print) as ports,
        JackProbe("daw") as daw,
    ):
        assert ports.output is not None
        daw.connect_midi_from("nesvae_live_out")

        def ends() -> list[int]:
            ports.tend()
            return [data[1] for _, data in daw.midi if data[0] == 0x80]

        ports.output.send(NoteOn(Voice.P1, 60), time.now())
        ports.output.send(NoteOff(Voice.P1, 60), time.now() + 0.1)
        ports.output.send(NoteOn(Voice.P1, 62), time.now() + 0.1)
        assert wait_until(lambda: 60 in ends(), every=0.1)
        before = ends().count(60)
        daw.dawdle(5 * jack_server.period / jack_server.sample_rate)
        assert wait_until(lambda: ends().count(60) > before, every=0.1)
        assert 62 not in ends(), "what sounds, sounds on"


@own_server
@pytest.mark.jack
@pytest.mark.timeout(240)
def test_a_jack_server_that_restarts_twice_gets_the_ports_the_cables_and_the_sound_back(
    jack_server: JackServer, tmp_path: Path
) -> None:
    options = [option if option != "none" else "jack" for option in PLAY]
    with Daemon(tmp_path, *options, "--clock-out") as daemon:
        with JackProbe("daw") as daw:
            daw.connect_midi_from("nesvae_live_out")
            daw.connect_midi_from("nesvae_live_clock")
            daw.connect_midi_to("nesvae_live_in")
            began = daemon.ctl(do="status")["beat"]
            assert wait_until(lambda: daemon.ctl(do="status")["beat"] > began + 5)
            assert daw.wait_until(lambda: len(notes_on(daw.midi)) > 5)
        jack_server.kill(signal.SIGTERM)
        check_a_restart(daemon, 1)
        check_a_restart(daemon, 2)
        assert daemon.end() == 0
    lines = [line.split("nesvae-live: ")[1] for line in daemon.said.splitlines()]
    told = "the JACK server went away: the take goes on, without sound or MIDI"
    assert lines.count(told) == 2
    assert sorted(set(lines) - {told}) == ["MIDI is back", "the sound is back"]


def check_a_restart(daemon: Daemon, nth: int) -> None:
    """A server has gone for the nth time: another one comes, and is killed at the end."""
    assert wait_until(lambda: daemon.said.count("went away") == nth)
    beat = daemon.ctl(do="status")["beat"]
    assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 3), "the music goes on"
    server = JackServer()
    try:
        with JackProbe("daw", audio_seconds=120.0) as daw:
            assert wait_until(lambda: daemon.said.count("MIDI is back") == nth)
            assert daw.wait_until(lambda: len(notes_on(daw.midi)) > 10), "connected again by itself"
            assert any(data[0] == 0xF8 for _, data in daw.midi)

            def kinds() -> list[int]:
                return [data[0] for _, data in daw.midi if data[0] in {0xF2, 0xFA, 0xFB}]

            assert daw.wait_until(lambda: kinds()[:2] == [0xF2, 0xFB]), "where the clock is"
            assert turned(daemon, daw, 127 - nth)
            assert wait_until(lambda: daemon.said.count("sound is back") == nth, 20.0)
            server.kill(signal.SIGKILL)
    finally:
        server.stop()


GARBAGE = [
    # From density down, which is high: few notes would say little.
    *(bytes((0xB0 | channel, 20 + channel % 8, 127 - 8 * channel)) for channel in range(16)),
    *(b"\xb0\x14", b"\xb0", b"\x12\x34\x56", b"\xb0\xc8\xff", b"\x90\x80\x80", b"\xf4", b"\xf5"),
    *(
        b"\xf2\x01",
        b"\xf2",
        b"\xf9",
        b"\xfd",
        b"\xff",
        b"\xf7",
        b"\xe0\x01\x02\x03\x04",
        b"\xf8\xf8",
    ),
    *(b"\x90\x3c\x64", b"\x80\x3c\x00", b"\xc0\x05", b"\xd0\x05", b"\xf0\x7e\x7f\x06\x01\xf7"),
]


@pytest.mark.jack
@pytest.mark.timeout(180)
def test_ten_thousand_messages_a_second_and_malformed_ones_break_nothing(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Daemon(tmp_path, *PLAY) as daemon, JackProbe() as probe:
        probe.connect_midi_from("nesvae_live_out")
        probe.connect_midi_to("nesvae_live_in")
        assert turned(daemon, probe, 127)
        before, notes = daemon.ctl(do="status"), len(notes_on(probe.midi))
        probe.flood(GARBAGE, 10_000)
        assert wait_until(
            lambda: (
                daemon.ctl(do="status")["beat"] > before["beat"] + 10.0
                and len(notes_on(probe.midi)) - notes > 10
            ),
            20.0,
            every=0.5,
        ), "the music goes on"
        during = daemon.ctl(do="status")
        probe.flood([], 0)
        played = len(notes_on(probe.midi)) - notes
        print(
            f"{played} notes, {during['events_late'] - before['events_late']} late, "
            f"sent late by {during['midi_late_ms']}, swaps late {during['splices_late']}"
        )
        assert during["events_late"] - before["events_late"] <= played / 10
        assert turned(daemon, probe, 0), "and listens"
        assert daemon.end() == 0
        assert probe.wait_until(lambda: not left_on(probe.midi))
    assert not daemon.said, "nothing to complain of"


def hears(probe: JackProbe, inbox: SimpleQueue[MidiIn]) -> bool:
    """Whether a message comes in; one that is sent as the ports are being connected may not."""

    def came() -> bool:
        probe.send_midi((0xB0, 20, 1))
        with contextlib.suppress(Empty):
            return inbox.get(timeout=0.1).data == (0xB0, 20, 1)
        return False

    heard = wait_until(came)
    while not inbox.empty():
        inbox.get()
    return heard


@pytest.mark.jack
def test_a_sysex_without_its_end_costs_nothing(jack_server: JackServer) -> None:
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    with (
        JackProbe() as probe,
        open_midi("jack", [], None, inbox=inbox, time=RealTime(), warn=print) as ports,
    ):
        probe.connect_midi_to("nesvae_live_in")
        assert hears(probe, inbox)
        probe.send_midi((0xF0, 0x7E, 1, 2))
        probe.send_midi((0xB0, 20, 2))
        assert inbox.get(timeout=5).data == (0xB0, 20, 2)
        assert ports.tend() == []


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(180)
def test_a_clock_that_is_unplugged_and_plugged_in_again_is_followed_again(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Follower(tmp_path, *FOLLOW, "--seed", "3") as daemon, JackProbe() as probe:
        probe.connect_midi_from("nesvae_live_out")

        def motion() -> str:
            return str(daemon.ctl(do="status")["motion"])

        with midi_clock(150.0) as clock:
            connect_when_there(probe)
            probe.transport("locate", 0)
            probe.transport("start")
            assert wait_until(lambda: motion() == "running")
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 5)
            beat = daemon.ctl(do="status")["beat"]
            assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 3)
            clock.kill()  # else it says stop
        assert wait_until(lambda: motion() == "lost" and "is gone" in daemon.said)
        assert probe.wait_until(lambda: not left_on(probe.midi)), "the clock is lost: no note hangs"
        before = len(notes_on(probe.midi))
        with midi_clock(150.0):
            assert wait_until(lambda: "' is back" in daemon.said)
            assert wait_until(lambda: motion() == "running")
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > before + 5)
            assert daemon.end() == 0
        assert not left_on(probe.midi)
    assert len(daemon.said.splitlines()) == 2, daemon.said


def connect_when_there(probe: JackProbe) -> None:
    assert wait_until(lambda: any("jack_midi_clock" in name for name in probe.port_names()))
    connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
