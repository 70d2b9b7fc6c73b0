"""MIDI ports: names and bytes, and through a real JACK server notes, controls and its death."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import pytest

from nesvae_live.bench.listener import KNOBS, Listener
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi import monitor
from nesvae_live.io.midi import ports as midiports
from nesvae_live.io.midi import slot as midislot
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.ports import MidiError, MidiUnavailableError, list_ports, match_ports
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.fakes import RealTime
from tests.support.jack import JackServer, own_server
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

NO_SERVER = "nesvae_test_that_never_runs"
SWING = 0.1
"""Seconds by which JACK's line may be off the host's clock on a busy machine."""


class Opened:
    """Ports that were opened on JACK, their inbox and what was warned of."""

    def __init__(self, inputs: Sequence[str] = (), output: str | None = None) -> None:
        self.inbox: SimpleQueue[MidiIn] = SimpleQueue()
        self.warned: list[str] = []
        self.midi = open_midi(
            "jack", inputs, output, inbox=self.inbox, time=RealTime(), warn=self.warned.append
        )


@pytest.fixture
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where neither ALSA nor JACK works."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", NO_SERVER)
    monkeypatch.setattr(midiports, "ALSA_SEQUENCER", "/nowhere/seq")


@pytest.fixture
def probe(jack_server: JackServer) -> Iterator[JackProbe]:
    with JackProbe() as probe:
        yield probe


NAMES = ["Launch Control:Launch Control MIDI 1 20:0", "keys:out", "keys:out 2", "Pads:out"]


@pytest.mark.parametrize(
    ("wanted", "found"), [(["launch"], [0]), (["KEYS:OUT"], [1]), (["pads", "out 2"], [3, 2])]
)
def test_a_port_is_found_by_a_part_of_its_name_and_by_its_full_name(
    wanted: list[str], found: list[int]
) -> None:
    assert match_ports(NAMES, wanted, "MIDI input") == found


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (["drum"], "no MIDI input matches 'drum'; there is: 'Launch Control:"),
        (["keys"], "'keys' matches several MIDI inputs: 'keys:out', 'keys:out 2'; name one in"),
        (["Pads", "pads:"], "the MIDI input 'Pads:out' is named twice"),
    ],
)
def test_a_name_that_means_no_port_or_several_is_told(wanted: list[str], error: str) -> None:
    with pytest.raises(MidiError, match="^" + error):
        match_ports(NAMES, wanted, "MIDI input")


def test_where_there_are_no_ports_it_says_so() -> None:
    with pytest.raises(MidiError, match="is it plugged in"):
        match_ports([], ["keys"], "MIDI input")


def open_any(api: str, *names: str, warn: list[str] | None = None) -> MidiPorts:
    said: list[str] = [] if warn is None else warn
    return open_midi(api, names, None, inbox=SimpleQueue(), time=RealTime(), warn=said.append)


def test_without_midi_there_is_nothing_to_lose() -> None:
    with open_any("none") as nothing:
        assert (nothing.api, nothing.inputs, nothing.output) == ("none", (), None)
        assert nothing.lost() is None
        nothing.silence()
        assert nothing.lateness_ms()["max"] == 0.0


def test_a_named_port_without_an_api_is_an_error() -> None:
    with pytest.raises(MidiError, match="the MIDI API is none"):
        open_any("none", "keys")


def test_an_unknown_api_is_an_error_that_lists_them() -> None:
    with pytest.raises(MidiError, match="choose one of auto, alsa, jack, coremidi, winmm, none"):
        open_any("oss")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux' systems")
class TestOnLinuxWithoutMidi:
    def test_auto_says_what_it_could_not_open_and_goes_on(
        self, no_midi: None, capfd: pytest.CaptureFixture[str]
    ) -> None:
        warned: list[str] = []
        assert open_any("auto", warn=warned).api == "none"
        assert len(warned) == 1
        assert warned[0] == (
            "no MIDI ports (ALSA: its sequencer can't be opened (modprobe snd-seq); "
            "JACK: no server answers)"
        )
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("api", ["alsa", "jack"])
    def test_what_is_asked_for_by_name_must_work(self, no_midi: None, api: str) -> None:
        with pytest.raises(MidiUnavailableError, match=r"opened|answers"):
            open_any(api)
        with pytest.raises(MidiUnavailableError):
            list_ports(api)

    def test_a_port_that_is_named_must_be_there(self, no_midi: None) -> None:
        with pytest.raises(MidiError, match="no MIDI to find 'keys' in"):
            open_any("auto", "keys")

    def test_a_foreign_system_is_told(self) -> None:
        with pytest.raises(MidiUnavailableError, match="WinMM: this build of python-rtmidi"):
            open_any("winmm")

    def test_no_server_is_started_by_accident(self, no_midi: None) -> None:
        with pytest.raises(MidiUnavailableError):
            open_any("jack")
        assert os.environ["JACK_NO_START_SERVER"] == "1"


class TestWithoutVirtualPorts:
    """What Windows does, with its calls replaced."""

    class Client:
        made: list[str]
        names: list[str]
        messages: list[tuple[int, ...]]
        callback: Any = None

        def __init__(self, kind: str) -> None:
            self.kind = kind

        def get_ports(self) -> list[str]:
            return list(self.names)

        def open_port(self, index: int, name: str) -> None:
            self.made.append(f"{self.kind} {index}")

        def ignore_types(self, **_: bool) -> None: ...

        def set_callback(self, callback: object) -> None:
            type(self).callback = callback

        def cancel_callback(self) -> None: ...

        def close_port(self) -> None: ...

        def delete(self) -> None: ...

        def send_message(self, message: tuple[int, ...]) -> None:
            self.messages.append(message)

    @pytest.fixture(autouse=True)
    def windows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.Client.made, self.Client.messages = [], []
        self.Client.names = ["loop 1 0", "loop 2 1"]

        def make_client(api: str, kind: str, name: str) -> Any:
            return self.Client(kind)

        monkeypatch.setattr(sys, "platform", "win32")
        for module in (midiports, midislot, monitor):
            monkeypatch.setattr(module, "make_client", make_client)

    def test_nothing_named_is_an_error_that_names_loopmidi(self) -> None:
        with pytest.raises(MidiError, match="loopMIDI"):
            open_any("winmm")
        warned: list[str] = []
        assert open_any("auto", warn=warned).api == "none"
        assert "loopMIDI" in warned[0]

    def test_half_named_is_warned_of(self) -> None:
        warned: list[str] = []
        with open_any("winmm", "loop 1", warn=warned) as ports:
            assert ports.output is None
        assert self.Client.made == ["MidiIn 0"]
        assert "loopMIDI" in warned[0]

    def test_both_named_is_fine(self) -> None:
        warned: list[str] = []
        with open_midi(
            "auto", ["loop 1"], "loop 2", inbox=SimpleQueue(), time=RealTime(), warn=warned.append
        ) as ports:
            assert ports.api == "winmm"
        assert self.Client.made == ["MidiIn 0", "MidiOut 1"]
        assert not warned

    def test_an_input_that_was_unplugged_is_told_once_and_opened_when_it_is_back(self) -> None:
        inbox: SimpleQueue[MidiIn] = SimpleQueue()
        with open_midi(
            "winmm", ["loop 1"], "loop 2", inbox=inbox, time=RealTime(), warn=print
        ) as ports:
            assert ports.tend() == []
            self.Client.names = ["loop 2 0"]
            assert ports.tend() == ["'loop 1 0' is gone: waiting for it to come back"]
            assert ports.tend() == []
            self.Client.names = ["loop 10 0", "loop 2 1", "loop 1 2"]
            assert ports.tend() == ["'loop 1 0' is back as 'loop 1 2'"]
            assert self.Client.made[-1] == "MidiIn 2"
            self.Client.callback(([0xB0, 20, 1], 0.0), None)
            assert inbox.get_nowait().port == "loop 1 0", "the label that the log has"
            assert ports.tend() == []

    def test_of_two_alike_neither_is_taken_for_the_other_and_a_line_asks_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alsa = [f"nano:nano MIDI 1 {number}:0" for number in (20, 24, 28, 32)]
        monkeypatch.setitem(midiports.APIS, "alsa", midiports.APIS["winmm"])
        self.Client.names = alsa[:2]
        with open_any("alsa", alsa[0], alsa[1]) as ports:
            self.Client.names = []
            assert len(ports.tend()) == 2
            self.Client.names = alsa[2:]
            asked = ports.tend()
            assert [line.split(" may be back as one of ")[0] for line in asked] == [
                repr(alsa[0]),
                repr(alsa[1]),
            ]
            assert ports.tend() == []
            self.Client.names = alsa[3:]
            assert ports.tend() == [f"{alsa[0]!r} is back as {alsa[3]!r}"]
            self.Client.names = alsa[2:]
            assert ports.tend() == [f"{alsa[1]!r} is back as {alsa[2]!r}"]

    def test_an_output_that_was_unplugged_gets_the_ends_of_its_notes_when_it_is_back(self) -> None:
        with open_any("winmm", "loop 1") as no_output:
            assert no_output.output is None
        with open_midi(
            "winmm", ["loop 1"], "loop 2", inbox=SimpleQueue(), time=RealTime(), warn=print
        ) as ports:
            output = ports.output
            assert output is not None
            for note in (60, 62):
                output.send(NoteOn(Voice.P1, note), 0.0)
            assert wait_until(lambda: (0x90, 62, 100) in self.Client.messages)
            self.Client.names = ["loop 1 0"]
            assert ports.tend() == ["'loop 2 1' is gone: waiting for it to come back"]
            output.send(NoteOff(Voice.P1, 62), 0.0)
            output.send(NoteOn(Voice.P1, 64), 0.0)
            assert wait_until(lambda: output.lateness().sent == 4)
            before = len(self.Client.messages)
            self.Client.names = ["loop 1 0", "loop 2 1"]
            assert ports.tend() == ["'loop 2 1' is back"]
            assert wait_until(lambda: (0xB2, 123, 0) in self.Client.messages[before:])
            offs = {m[1] for m in self.Client.messages[before:] if m[0] == 0x80}
            assert {60, 62} <= offs


@pytest.mark.jack
def test_virtual_ports_have_stable_names(probe: JackProbe) -> None:
    with Opened().midi as ports:
        assert ports.api == "jack"
        assert {"nesvae_live_in:nesvae_live in", "nesvae_live_out:nesvae_live out"} <= set(
            probe.port_names()
        )
    assert wait_until(lambda: not any("nesvae_live" in name for name in probe.port_names()))


@pytest.mark.jack
def test_auto_takes_jack_where_a_server_answers(
    jack_server: JackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midiports, "ALSA_SEQUENCER", "/nowhere/seq")
    warned: list[str] = []
    with open_any("auto", warn=warned) as ports:
        assert (ports.api, warned) == ("jack", [])


@pytest.mark.jack
def test_a_control_arrives_with_its_stamp_clock_too_and_sensing_not(probe: JackProbe) -> None:
    opened = Opened()
    with opened.midi:
        probe.connect_midi_to("nesvae_live_in")
        before = time.perf_counter()
        for message in ((0xB0, 20, 127), (0xFE,), (0xF0, 1, 2, 0xF7), (0xF8,), (0xBF, 21, 0)):
            probe.send_midi(message)
        heard = [opened.inbox.get(timeout=5) for _ in range(3)]
        after = time.perf_counter()
    assert [item.data for item in heard] == [(0xB0, 20, 127), (0xF8,), (0xBF, 21, 0)]
    assert {item.port for item in heard} == {"nesvae_live in"}
    # JACK's line of frames swings about the host's clock where a server was held up.
    assert before - SWING < heard[0].at <= heard[1].at <= heard[2].at < after + SWING
    assert opened.inbox.empty()


@pytest.mark.jack
def test_a_stamp_is_the_time_of_its_frame_by_jacks_own_line(jack_server: JackServer) -> None:
    opened = Opened()
    with opened.midi, Listener() as listener:
        listener.connect(KNOBS, "nesvae_live_in")
        listener.turn(100.0)
        heard = [opened.inbox.get(timeout=5) for _ in range(40)]
        listener.turn(0.0)
        _, turned = listener.collect()
    stamps = {item.data[1:]: item.at for item in heard}
    off = [
        abs(stamps[number, value] - at) for at, number, value in turned if (number, value) in stamps
    ]
    assert len(off) >= 30
    assert sorted(off)[len(off) // 2] < 1 / jack_server.sample_rate, "within a frame"


@pytest.mark.jack
def test_notes_go_out_on_three_channels_in_time(jack_server: JackServer, probe: JackProbe) -> None:
    with Opened().midi as ports:
        assert ports.output is not None
        probe.connect_midi_from("nesvae_live_out")
        start = time.perf_counter() + 0.05
        sent: list[tuple[Event, float]] = []
        for i in range(20):
            for voice in (Voice.P1, Voice.P2, Voice.TR):
                sent += [
                    (NoteOn(voice, 60 + i), i * 0.02),
                    (NoteOff(voice, 60 + i), i * 0.02 + 0.01),
                ]
        sent.sort(key=lambda item: item[1])
        for event, at in sent:
            ports.output.send(event, start + at)
        assert probe.wait_until(lambda: len(probe.midi) == len(sent))
        assert ports.lateness_ms()["max"] >= 0.0
    assert [data for _, data in probe.midi[: len(sent)]] == [
        bytes(message) for event, _ in sent for message in MidiSpeaker().messages(event)
    ]
    # Frames run as evenly as the times: no more than some periods of a busy machine apart.
    first = probe.midi[0][0]
    slip = [
        frame - first - at * jack_server.sample_rate
        for (frame, _), (_, at) in zip(probe.midi, sent, strict=False)
    ]
    assert max(map(abs, slip)) < 0.1 * jack_server.sample_rate


@pytest.mark.jack
def test_silence_ends_what_sounds_and_closing_does_too(probe: JackProbe) -> None:
    with Opened().midi as ports:
        assert ports.output is not None
        probe.connect_midi_from("nesvae_live_out")
        ports.output.send(NoteOn(Voice.P2, 70), 0.0)
        ports.output.send(NoteOff(Voice.P2, 70), time.perf_counter() + 3600)
        assert probe.wait_until(lambda: len(probe.midi) == 1)
        ports.silence(panic=True)
        assert probe.wait_until(lambda: len(probe.midi) == 8)
        ports.output.send(NoteOn(Voice.TR, 40), 0.0)
        assert probe.wait_until(lambda: len(probe.midi) == 9)
    assert probe.wait_until(lambda: len(probe.midi) == 17)
    said = [data for _, data in probe.midi]
    assert said[:13] == [
        bytes(message)
        for message in (
            (0x91, 70, 100),
            (0x81, 70, 0),
            *MidiSpeaker().all_off(panic=True),
            (0x92, 40, 100),
            (0x82, 40, 0),
            *MidiSpeaker().all_off(panic=False),
        )
    ]
    assert said[13:] == 2 * [b"\x81\x46\x00", b"\x82\x28\x00"], "in case a cycle was lost"


@pytest.mark.jack
def test_several_inputs_are_told_apart(jack_server: JackServer) -> None:
    with JackProbe("pads") as pads, JackProbe("keys") as keys:
        opened = Opened(["PADS", "keys:midi"])
        with opened.midi as ports:
            assert ports.inputs == ("pads:midi_out", "keys:midi_out")
            pads.send_midi((0xB0, 20, 1))
            heard = [opened.inbox.get(timeout=5)]
            keys.send_midi((0xB0, 20, 2))
            heard.append(opened.inbox.get(timeout=5))
    assert [(item.port, item.data[2]) for item in heard] == [
        ("pads:midi_out", 1),
        ("keys:midi_out", 2),
    ]


@pytest.mark.jack
def test_a_named_output_is_played_to(probe: JackProbe) -> None:
    with Opened(output="probe:midi_in").midi as ports:
        assert ports.output is not None
        ports.output.send(NoteOn(Voice.P1, 60), 0.0)
        assert probe.wait_until(lambda: probe.midi[:1] != [])
        assert probe.midi[0][1] == b"\x90\x3c\x64"


@pytest.mark.jack
def test_port_errors_list_what_there_is_and_leave_no_client(probe: JackProbe) -> None:
    with JackProbe("other"):
        with pytest.raises(
            MidiError, match=r"no MIDI input matches 'keys'; there is: .*probe:midi_out"
        ):
            Opened(["keys"])
        with pytest.raises(
            MidiError, match=r"'midi_in' matches several MIDI outputs: .*other:midi_in"
        ):
            Opened(["probe"], "midi_in")
        with pytest.raises(MidiError, match="there is: "):
            Opened(["nesvae_live"])  # never our own
    assert not any("nesvae_live" in name for name in probe.port_names())
    assert set(list_ports("jack").inputs) == {"probe:midi_out"}


PLAYING = """
    import time
    from queue import SimpleQueue
    from nesvae_live.music.events import NoteOn
    from nesvae_live.io.midi.opening import open_midi
    from nesvae_live.io.midi.ports import MidiError, list_ports
    from nesvae_live.music.voices import Voice
    from tests.support.waiting import wait_until
    from tests.support.fakes import RealTime

    def play(): # a new note each time, whether or not there is still somebody who hears it
        ports.output.send(NoteOn(Voice.P1, 60), 0.0)

    ports = open_midi("jack", [], None, inbox=SimpleQueue(), time=RealTime(), warn=print)
    play()
    assert wait_until(lambda: ports.output.lateness().sent == 1)
    assert ports.lost() is None
    print("playing", flush=True)
    assert wait_until(lambda: play() or ports.lost())
    print(time.monotonic(), ports.lost(), flush=True)
    for _ in range(20000): # far more than a pipe holds
        play()
    ports.close()
    ports.close()
    print("closed", flush=True)
"""
AGAIN = """
    try:
        list_ports("jack")
    except MidiError as error:
        print(error)
"""


@own_server
@pytest.mark.jack
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_jack_server_is_told_and_survived(
    jack_server: JackServer, how: signal.Signals
) -> None:
    with start(PLAYING + AGAIN) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "playing\n"
        killed = time.monotonic()
        jack_server.kill(how)
        said, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    told, *rest = said.splitlines()
    noticed, reason = told.split(maxsplit=1)
    assert reason == "the JACK server went away"
    assert float(noticed) - killed < 2.0
    assert rest == ["closed", "JACK: no server answers"]


@own_server
@pytest.mark.jack
def test_a_jack_server_that_hangs_is_told_and_closing_returns(jack_server: JackServer) -> None:
    with start(PLAYING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "playing\n"
        jack_server.pause()
        told = process.stdout.readline()
        closed = process.stdout.readline()
        jack_server.kill()  # libjack's own end, after everything of ours, waits for that
        complaints = process.communicate(timeout=60)[1]
    assert told.split(maxsplit=1)[1] == "the JACK server hangs\n"
    assert (closed, complaints, process.returncode) == ("closed\n", "", 0)


@contextlib.contextmanager
def start(code: str) -> Iterator[subprocess.Popen[str]]:
    """A program of its own: what libraries do there hurts only it."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
