"""Connections are proposed, made once, and remembered; and none is made that nobody asked for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from nesvae_live.app.daw.wiring import wire_up
from nesvae_live.app.options import PlayOptions
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.wiring import CLOCK, CONTROLLER, NOTES, ROLES, Proposal, SeenPort, propose
from nesvae_live.presets.preset import read_preset
from tests.support.daemon import Daemon
from tests.support.fakes import RealTime
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

NANO = "a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1"
PORTS = [
    SeenPort(NANO, speaks=True, physical=True),
    SeenPort("a2j:nanoKONTROL2 [28] (playback): nanoKONTROL2 MIDI 1", speaks=False, physical=True),
    SeenPort("a2j:Midi Through [14] (capture): Midi Through Port-0", speaks=True, physical=True),
    SeenPort("system:midi_capture_1", speaks=True, physical=True),
    SeenPort("ardour:MIDI Clock out", speaks=True),
    SeenPort("ardour:MIDI control in", speaks=False),
    SeenPort("ardour:P1/midi_in 1", speaks=False),
    SeenPort("ardour:P2/midi_in 1", speaks=False),
    SeenPort("fluidsynth-midi:midi_00", speaks=False),
    SeenPort("nesvae_live_in:nesvae_live in", speaks=False),
    SeenPort("nesvae_live_out:nesvae_live out", speaks=True),
]


def test_controllers_the_clock_and_whoever_takes_notes_are_found() -> None:
    found = propose(PORTS, ["nanoKONTROL2"])
    assert found == [
        Proposal(CONTROLLER, (NANO,)),
        Proposal(CONTROLLER, ("system:midi_capture_1",)),
        Proposal(CLOCK, ("ardour:MIDI Clock out",)),
        Proposal(NOTES, ("a2j:nanoKONTROL2 [28] (playback): nanoKONTROL2 MIDI 1",)),
        Proposal(NOTES, ("ardour:P1/midi_in 1", "ardour:P2/midi_in 1")),
        Proposal(NOTES, ("fluidsynth-midi:midi_00",)),
    ]
    assert [proposal.role for proposal in propose(PORTS, [], roles=(CLOCK,))] == [CLOCK]


def test_what_was_answered_is_not_asked_again_whatever_its_number() -> None:
    settled = [NANO.replace("28", "32"), "ardour:P1/midi_in 1", "fluidsynth-midi:midi_00"]
    asked = propose(PORTS, ["nanoKONTROL2"], settled=settled)
    names = [name for proposal in asked for name in proposal.ports]
    assert NANO not in names
    assert "fluidsynth-midi:midi_00" not in names
    assert "ardour:P2/midi_in 1" in names


@pytest.mark.parametrize(
    ("options", "wires"),
    [
        (PlayOptions(), (CONTROLLER, NOTES)),
        (PlayOptions(clock="midi"), ROLES),
        (PlayOptions(clock="midi", midi_in=("nano",)), (NOTES,)),
        (PlayOptions(midi_out="synth"), (CONTROLLER,)),
    ],
)
def test_where_a_port_is_named_nothing_else_is_proposed(
    options: PlayOptions, wires: tuple[str, ...]
) -> None:
    assert options.wires == wires


@contextmanager
def opened() -> Iterator[MidiPorts]:
    inbox: SimpleQueue[object] = SimpleQueue()
    ports = open_midi("jack", [], None, inbox=inbox, time=RealTime(), warn=print)
    with closing(ports):
        yield ports


@contextmanager
def controller(number: int) -> Iterator[JackProbe]:
    with JackProbe("a2j") as probe:
        probe.rename("midi_out", f"nanoKONTROL2 [{number}] (capture): nanoKONTROL2 MIDI 1")
        yield probe


def cables(port: str) -> set[str]:
    """What a port is connected with, as another program sees it."""
    done = subprocess.run(["jack_lsp", "-c", port], capture_output=True, text=True, check=False)
    return {line.strip() for line in done.stdout.splitlines() if line.startswith(" ")}


def connected(port: str, other: str) -> bool:
    return any(other in name for name in cables(port))


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n[knobs]\ndensity = { cc = 20 } # the first\n", encoding="utf-8")
    return path


@pytest.mark.jack
def test_what_a_person_agrees_to_is_connected_and_remembered_and_the_rest_is_not(
    jack_server: JackServer, preset: Path
) -> None:
    asked: list[str] = []
    said: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return "turn the knobs" in question

    with controller(28), JackProbe("synth"):
        with opened() as ports:
            wire_up(ports, read_preset(preset), "ask", ROLES, said.append, ask)
            lines = ports.tend()
            assert connected("nesvae_live in", "nanoKONTROL2 [28]")
            assert not connected("nesvae_live out", "synth")
        assert lines == [f"{NANO!r} is connected with 'nesvae_live_in:nesvae_live in'"]
        assert [question for question in asked if "knobs" in question] == [
            f"let {NANO!r} turn the knobs?"
        ]
        assert "send the notes to 'synth:midi_in'?" in asked
        assert said == [f"the connections are remembered in {preset}"]
        assert "# the first" in preset.read_text()
        kept = read_preset(preset).connections
        assert kept["controller"] == (NANO.replace(" [28]", ""),)
        assert "synth:midi_in" in kept["never"]
    asked.clear()
    with controller(32), JackProbe("synth"), opened() as ports:
        wire_up(ports, read_preset(preset), "ask", ROLES, said.append, ask)
        (line,) = ports.tend()
        assert line.startswith(f"{NANO.replace('28', '32')!r} is connected with")
        assert connected("nesvae_live in", "nanoKONTROL2 [32]")
    assert not asked


@pytest.mark.jack
def test_a_remembered_port_that_comes_later_is_connected_once(
    jack_server: JackServer, preset: Path
) -> None:
    remembered = replace(
        read_preset(preset), connections={"controller": (NANO.replace(" [28]", ""),)}
    )
    with opened() as ports:
        wire_up(ports, remembered, "ask", ROLES, print)
        assert ports.tend() == []
        with controller(40):
            assert wait_until(lambda: len(ports.tend()) == 1)
            assert connected("nesvae_live in", "nanoKONTROL2 [40]")
            assert ports.tend() == []
            subprocess.run(
                ["jack_disconnect", NANO.replace("28", "40"), "nesvae_live_in:nesvae_live in"],
                check=True,
                capture_output=True,
            )
            for _ in range(3):
                assert ports.tend() == []
            assert not connected("nesvae_live in", "nano"), "somebody pulled it out"


@pytest.mark.jack
def test_with_no_nothing_is_connected_and_nothing_asked(
    jack_server: JackServer, preset: Path
) -> None:
    remembered = replace(read_preset(preset), connections={"notes": ("synth:midi_in",)})
    with JackProbe("synth"), opened() as ports:
        wire_up(ports, remembered, "no", ROLES, print, lambda _: pytest.fail("it asked"))
        assert ports.tend() == []
        assert not connected("nesvae_live out", "synth")


class Terminal:
    """A program on a terminal: `shown` is what it shows, `type` is what a person types."""

    def __init__(self, command: Sequence[str]) -> None:
        self.shown = ""
        self._leader, terminal = pty.openpty()
        self.process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # the program has ended
            while text := os.read(self._leader, 1024):
                self.shown += text.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._leader, text.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5.0)
        os.close(self._leader)


@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_play_asks_on_a_terminal_and_the_next_one_needs_none(
    jack_server: JackServer, tmp_path: Path, preset: Path
) -> None:
    options = ("--midi-api", "jack", "--audio", "none", "--preset", str(preset))
    command = [sys.executable, "-m", "nesvae_live", "play", "--no-panel", "--no-status"]
    command += ["--jams", str(tmp_path / "asked"), "--control", str(tmp_path / "c"), *options]
    with JackProbe("synth"):
        with closing(Terminal(command)) as terminal:
            question = "send the notes to 'synth:midi_in'? [Y/n]"
            assert wait_until(lambda: question in terminal.shown, 60.0), terminal.shown
            terminal.type("\n")
            assert wait_until(lambda: "is connected with" in terminal.shown), terminal.shown
            terminal.process.terminate()
            assert terminal.process.wait(60) == 0, terminal.shown
        assert read_preset(preset).connections == {"notes": ("synth:midi_in",)}
        with Daemon(tmp_path, *options) as daemon:
            assert wait_until(lambda: connected("nesvae_live out", "synth:midi_in"))
            assert daemon.end() == 0
        assert "is connected with 'synth:midi_in'" in daemon.said
