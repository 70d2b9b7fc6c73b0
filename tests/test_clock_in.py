"""The whole instrument behind a real MIDI clock: `jack_midi_clock` and JACK's transport."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from nesvae_live.events import NoteOn
from nesvae_live.io.control import ControlError
from nesvae_live.jam import Jam
from nesvae_live.journal import Placed, Sent
from nesvae_live.voices import CHANNELS
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
def midi_clock(tempo: float | None) -> Iterator[subprocess.Popen[bytes]]:
    """The source; its tempo, or None for that of JACK's timebase."""
    command = ["jack_midi_clock", *([] if tempo is None else ["-b", f"{tempo:g}"])]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def note_frames(midi: list[tuple[int, bytes]]) -> list[int]:
    return [frame for frame, data in midi if data[0] & 0xF0 == 0x90 and data[2] > 0]


def source_clocks(midi: Sequence[tuple[int, bytes]]) -> list[tuple[int, int]]:
    """(frame, position in clocks) of the source's clocks, by what it said and counting."""
    clocks: list[tuple[int, int]] = []
    position, runs = 0, False
    for frame, data in midi:
        if data[0] == 0xF2:
            position = (data[1] + 128 * data[2]) * 6
        elif data[0] in {0xFA, 0xFB}:
            position, runs = (0 if data[0] == 0xFA else position), True
        elif data[0] == 0xFC:
            runs = False
        elif data[0] == 0xF8 and runs:
            clocks.append((frame, position))
            position += 1
    return clocks


def bar_lines(midi: Sequence[tuple[int, bytes]]) -> list[int]:
    """The frames on which the source's bars begin."""
    return [frame for frame, position in source_clocks(midi) if position % CLOCKS_PER_BAR == 0]


def off_the_bar_lines(midi: Sequence[tuple[int, bytes]], jam: Jam) -> list[tuple[int, int]]:
    """For each note that the log has on a bar line: its frame, and how far from the source's.

    Notes that a stop took back were logged and never sent, so notes are matched by their order.
    """
    lines, found = bar_lines(midi), []
    for channel in range(3):
        sent = [
            entry
            for entry in jam.entries
            if isinstance(entry, Sent)
            and isinstance(entry.event, NoteOn)
            and CHANNELS[entry.event.voice] == channel
        ]
        came = [(f, d[1]) for f, d in midi if d[0] == 0x90 | channel and d[2] > 0]
        names = [entry.event.note for entry in sent if isinstance(entry.event, NoteOn)]
        matcher = SequenceMatcher(None, names, [note for _, note in came], autojunk=False)
        for block in matcher.get_matching_blocks():
            for i in range(block.size):
                bars = sent[block.a + i].beat / 4.0
                if abs(bars - round(bars)) < 1e-6:
                    frame = came[block.b + i][0]
                    found.append((frame, min((frame - line for line in lines), key=abs)))
    return sorted(found)


def check_bar_lines(
    midi: Sequence[tuple[int, bytes]], jam: Jam, late_ms: float, server: JackServer, least: int
) -> list[int]:
    """Notes on bar lines lie on the source's, within a period and 2 ms.

    A machine that is too busy to let the sender wake makes its notes later; by how much, the sender
    itself says.
    """
    off = [frames for _, frames in off_the_bar_lines(midi, jam)]
    most = server.period + (MARGIN_SECONDS + max(late_ms - 1.0, 0.0) / 1e3) * server.sample_rate
    print(f"frames off the bar line: {off}, at most {most:.0f}; sent {late_ms} ms late")
    assert len(off) >= least
    assert max(abs(frames) for frames in off) <= most
    return off


@contextmanager
def followed(folder: Path) -> Iterator[tuple[Follower, JackProbe]]:
    """The instrument behind a clock, and a probe that hears its notes."""
    with Follower(folder, *FOLLOW, "--seed", "3") as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.connect_midi_from("nesvae_live_out")
        yield daemon, probe


def plug_in(probe: JackProbe) -> None:
    """Connect the clock with the instrument and the probe, and wait until that holds."""
    assert wait_until(lambda: any("jack_midi_clock" in name for name in probe.port_names()))
    if len(bar_lines(probe.midi)) == 0:  # later on the instrument does it by itself
        connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
    probe.connect_midi_from("jack_midi_clock")
    frames = probe.frames
    assert probe.wait_until(lambda: probe.frames > frames + probe.sample_rate // 4)


def play_bars(daemon: Follower, probe: JackProbe, bars: int, tempo: float) -> None:
    """Roll for so many bars, and stop."""
    for _ in range(3):
        before = len(bar_lines(probe.midi))
        probe.transport("start")
        if wait_until(lambda: daemon.ctl(do="status")["motion"] == "running", 5.0):
            break
        probe.transport("stop")  # it was sent while the ports were being connected
        probe.transport("locate", 0)
    seconds = bars * 240.0 / tempo
    assert probe.wait_until(lambda: len(bar_lines(probe.midi)) > before + bars, seconds + 15.0)
    status = daemon.ctl(do="status")
    assert status["motion"] == "running", (daemon.said, source_clocks(probe.midi)[-3:])
    assert status["tempo"] == pytest.approx(tempo, rel=0.02)
    probe.transport("stop")
    assert wait_until(lambda: daemon.ctl(do="status")["motion"] == "stopped")


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(240)
def test_bar_lines_of_the_notes_lie_on_the_sources_bar_lines_at_every_tempo(
    jack_server: JackServer, tmp_path: Path
) -> None:
    bars = {40.0: 1, 90.0: 3, 123.4: 3, 174.0: 5, 240.0: 6}
    with followed(tmp_path) as (daemon, probe):
        for tempo, n in bars.items():
            probe.transport("locate", 0)
            with midi_clock(tempo):
                plug_in(probe)
                play_bars(daemon, probe, n, tempo)
        sent = len(note_frames(probe.midi))
        late = daemon.ctl(do="status")["midi_late_ms"]["max"]
        assert daemon.end() == 0
        midi = probe.midi
    assert len(note_frames(midi)) == sent, "nothing sounds after the source's stop"
    jam = daemon.jam()
    check_bar_lines(midi, jam, late, jack_server, 10)
    placed = [e.beat % 2.0 for e in jam.entries if isinstance(e, Placed)]
    assert placed == pytest.approx([0.0] * len(placed), abs=1e-6)


@contextmanager
def timebase(tempo: float) -> Iterator[Callable[[str], None]]:
    """A timebase master: with one, the clock says song position; takes jack_transport's words."""
    with subprocess.Popen(
        ["jack_transport"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        stdin = process.stdin

        def say(text: str) -> None:
            stdin.write(text + "\n")
            stdin.flush()

        say("master")
        say(f"tempo {tempo:g}")
        try:
            yield say
        finally:
            process.kill()


def roll_on(probe: JackProbe, bars: int) -> None:
    """Let so many more bars go by."""
    before = len(bar_lines(probe.midi))
    assert probe.wait_until(lambda: len(bar_lines(probe.midi)) >= before + bars, bars * 2.0 + 15.0)


def locate_and_change(
    daemon: Follower, probe: JackProbe, say: Callable[[str], None], tempi: tuple[float, float]
) -> None:
    """Roll from 0, locate while stopped, change the tempo, locate while rolling."""
    bar_frames = round(probe.sample_rate * 240.0 / tempi[0])
    play_bars(daemon, probe, 2, tempi[0])
    probe.transport("locate", 7 * bar_frames + bar_frames // 3)
    probe.transport("start")
    assert wait_until(lambda: daemon.ctl(do="status")["motion"] == "running")
    roll_on(probe, 3)
    say(f"tempo {tempi[1]:g}")
    roll_on(probe, 3)
    probe.transport("locate", 20 * bar_frames)
    roll_on(probe, 3)
    probe.transport("stop")
    assert wait_until(lambda: daemon.ctl(do="status")["motion"] == "stopped")


@needs_clock
@pytest.mark.jack
@pytest.mark.timeout(240)
def test_after_locates_and_changes_of_tempo_notes_lie_where_position_and_counting_say(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with followed(tmp_path) as (daemon, probe), timebase(174.0) as say, midi_clock(None):
        plug_in(probe)
        locate_and_change(daemon, probe, say, (174.0, 240.0))
        late = daemon.ctl(do="status")["midi_late_ms"]["max"]
        assert daemon.end() == 0
        midi = probe.midi
    positions = [data for _, data in midi if data[0] == 0xF2]
    assert len(positions) >= 2, "the source said where it went"
    check_bar_lines(midi, daemon.jam(), late, jack_server, 5)


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
