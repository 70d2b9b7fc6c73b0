"""A jam through real ports, against its own log; and a take played again to real ports."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from nesvae_live.cli.main import main
from nesvae_live.log.entries import Sent
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import CHANNELS, Voice
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME, read_jam
from tests.support.daemon import Daemon
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.probe import JackProbe

JACK = ("--midi-api", "jack", "--audio", "jack", "--no-status")
IN, OUT = "nesvae_live_in", "nesvae_live_out"
SECONDS = 8.0


@pytest.mark.jack
@pytest.mark.timeout(300)
def test_a_jam_through_jack_plays_again_from_its_log_and_to_jack(
    jack_server: JackServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Live: knobs, mutes, swaps, tempo, a panic. Then its files again, decoded anew; then its notes."""
    draw = random.Random(3)
    with Daemon(tmp_path, *JACK, "--tempo", "180", "--seed", "9") as daemon, JackProbe() as probe:
        probe.connect_midi_to(IN)
        begun = daemon.ctl(do="status")["beat"]

        def act() -> bool:
            for _ in range(5):
                cc = draw.choice([20, 21, 23, 114, 110])
                probe.send_midi((0xB0, cc, draw.randrange(128)))
            voice = draw.choice(["P1", "P2", "TR"])
            daemon.ctl(do="mute", voice=voice, on=draw.random() < 0.4)
            daemon.ctl(do="swap", mode=draw.choice(["now", "beat", "bar"]))
            daemon.ctl(do="tempo", tempo=draw.uniform(100, 240))
            if draw.random() < 0.1:
                daemon.ctl(do="panic")
            return bool(daemon.ctl(do="status")["beat"] > begun + SECONDS * 3)

        assert probe.wait_until(act, 60.0, every=0.25)
        assert daemon.end() == 0
    again = tmp_path / "again"
    assert main(["jam", "replay", str(daemon.take), "-o", str(again), "--redecode"]) == 0
    assert "every decode matches the log" in capsys.readouterr().out
    for name in (MIDI_NAME, SOUND_NAME):
        assert (again / name).read_bytes() == (daemon.take / name).read_bytes(), name

    notes = [
        (CHANNELS[e.event.voice], e.event.note)
        for e in read_jam(daemon.take / LOG_NAME).entries
        if isinstance(e, Sent) and isinstance(e.event, NoteOn) and e.event.voice is not Voice.NO
    ]
    with JackProbe() as probe:
        live = ["--live", "--midi-api", "jack", "--audio", "none"]
        replay = subprocess.Popen(
            [sys.executable, "-m", "nesvae_live", "jam", "replay", str(daemon.take), *live]
        )
        probe.connect_midi_from(OUT)
        assert replay.wait(timeout=100) == 0
        heard = [(channel, note) for _, channel, note in notes_on(probe.midi) if channel < 3]
    # Not those before the probe was connected, nor what a panic came before.
    assert len(heard) > 0.8 * len(notes)
    following = iter(notes)
    assert all(note in following for note in heard), "the same notes in the same order"
