"""The whole instrument behind a real MIDI clock: `jack_midi_clock` and JACK's transport."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nesvae_live.events import NoteOn
from nesvae_live.io.control import ControlError
from nesvae_live.jam import Jam
from nesvae_live.journal import Clocked, Placed, Sent
from tests.daemon import START_SECONDS, Daemon
from tests.jack import JackProbe, JackServer, wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "midi", "--patch", "off")
CLOCKS_PER_BAR = 96
MARGIN_SECONDS = 0.002

needs_clock = pytest.mark.skipif(
    shutil.which("jack_midi_clock") is None and "jack" not in os.environ.get("NESVAE_REQUIRE", ""),
    reason="jack_midi_clock not found: install jack-midi-clock",
)


class Follower(Daemon):
    """The instrument; it has started when it answers, as its music waits for the clock."""

    def plays(self) -> bool:
        try:
            return bool(self.ctl(do="status")["clock"] == "midi")
        except (ControlError, KeyError):
            return False


@contextmanager
def midi_clock(tempo: float) -> Iterator[subprocess.Popen[bytes]]:
    command = ["jack_midi_clock", "-b", f"{tempo:g}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def note_frames(midi: list[tuple[int, bytes]]) -> list[int]:
    return [frame for frame, data in midi if data[0] & 0xF0 == 0x90 and data[2] > 0]


def source_bar_lines(midi: list[tuple[int, bytes]]) -> list[int]:
    """The frames on which the source's bars begin, by counting from its last start."""
    lines: list[int] = []
    clocks = -1
    for frame, data in midi:
        if data[0] == 0xFA:
            clocks, lines = 0, []
        elif data[0] == 0xFC:
            clocks = -1
        elif data[0] == 0xF8 and clocks >= 0:
            if clocks % CLOCKS_PER_BAR == 0:
                lines.append(frame)
            clocks += 1
    return lines


def starts_on_bar_lines(jam: Jam) -> set[int]:
    """The bars, counted from the start, on whose line the log says that a note began."""
    struck = {
        round(e.beat, 6) for e in jam.entries if isinstance(e, Sent) and isinstance(e.event, NoteOn)
    }
    return {round(beat / 4.0) for beat in struck if abs(beat / 4.0 - round(beat / 4.0)) < 1e-6}


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "tempo",
    [
        *(90.0, 174.0),
        *(pytest.param(tempo, marks=pytest.mark.soak) for tempo in (123.4, *range(40, 250, 10))),
    ],
)
def test_bar_lines_of_the_notes_lie_on_the_sources_bar_lines(
    jack_server: JackServer, tmp_path: Path, tempo: float
) -> None:
    seconds = 8 * 240.0 / tempo
    with (
        Follower(tmp_path, *FOLLOW, "--seed", "3") as daemon,
        JackProbe() as probe,
        midi_clock(tempo),
    ):
        wait_until(lambda: any("jack_midi_clock" in name for name in probe.port_names()))
        probe.transport("stop")
        probe.transport("locate", 0)
        connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
        probe.connect_midi_from("jack_midi_clock")
        probe.connect_midi_from("nesvae_live_out")
        probe.transport("start")
        assert probe.wait_until(lambda: len(source_bar_lines(probe.midi)) >= 8, seconds + 10.0)
        assert daemon.ctl(do="status")["motion"] == "running"
        midi = probe.midi
        probe.transport("stop")
        assert wait_until(lambda: daemon.ctl(do="status")["motion"] == "stopped")
        sent = len(note_frames(probe.midi))
        assert daemon.end() == 0
        assert len(note_frames(probe.midi)) == sent
    lines, notes = source_bar_lines(midi), note_frames(midi)
    jam = daemon.jam()
    bars = [bar for bar in sorted(starts_on_bar_lines(jam)) if bar < len(lines) - 1]
    assert len(bars) >= 3
    most = jack_server.period + MARGIN_SECONDS * jack_server.sample_rate
    off = [min((frame - lines[bar] for frame in notes), key=abs) for bar in bars]
    print(f"{tempo:g} BPM: frames off the bar line: {off}, at most {most:.0f}")
    assert max(abs(frames) for frames in off) <= most
    assert all(
        e.beat % 2.0 == pytest.approx(0.0, abs=1e-6) for e in jam.entries if isinstance(e, Placed)
    )
    running = [e for e in jam.entries if isinstance(e, Clocked) and e.runs]
    assert 60.0 / running[-1].beat_seconds == pytest.approx(tempo, rel=0.01)


def connect(source: str, target: str) -> None:
    done = subprocess.run(["jack_connect", source, target], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


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
        assert not note_frames(probe.midi)


@pytest.mark.jack
def test_a_clock_port_that_is_not_there_is_one_line_and_exit_1(
    jack_server: JackServer, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path, *FOLLOW, "--clock-in", "no such clock")
    assert daemon.wait() == 1
    assert "no such clock" in daemon.said
    assert len(daemon.said.splitlines()) == 1
