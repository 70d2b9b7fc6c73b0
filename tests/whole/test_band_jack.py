"""Through real ports: somebody plays a voice, and pulls out the cable with a key down."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Heard, Sent, Spliced
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.replayfiles import replay_take
from tests.support.daemon import Daemon, plug
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.jack, pytest.mark.slow]

PLAY = ("--midi-api", "jack", "--audio", "none", "--seed", "5", "--tempo", "120")
TUNE = (76, 74, 72, 74, 76, 79)


def knows_after(jam: Jam) -> list[float]:
    """From each key to the first tuple of the others that knows it, in seconds."""
    entries = jam.entries
    keys = [
        e.at
        for e in entries
        if isinstance(e, Heard)
        and isinstance(e.input, MidiIn)
        and e.input.data[0] == 0x90
        and e.input.data[2] > 0
    ]
    tails = [(e.at - e.seconds, jam.time_of(e.beat)) for e in entries if isinstance(e, Spliced)]
    return [
        next(sounds - key for asked, sounds in tails if asked >= key - 0.001)
        for key in keys
        if any(asked >= key - 0.001 for asked, _ in tails)
    ]


@pytest.mark.timeout(120)
def test_who_plays_is_heard_and_followed_and_nothing_hangs_without_them(
    jack_server: JackServer, tmp_path: Path
) -> None:
    del jack_server
    with Daemon(tmp_path, *PLAY) as daemon, JackProbe() as ear:
        ear.connect_midi_from("nesvae_live_out")
        with JackProbe("keys", speaks_as="keys_out") as keys:
            plug(keys, daemon, 20, "density")
            assert daemon.ctl(do="release")["ok"]
            assert daemon.ctl(do="voice", voice="P1", source="keys")["ok"]
            assert daemon.ctl(do="keys-return", beats=2)["ok"]
            for note in TUNE:
                keys.send_midi((0x90, note, 90))
                time.sleep(0.3)
                keys.send_midi((0x80, note, 0))
                time.sleep(0.05)
            keys.send_midi((0x90, 81, 90))
            assert wait_until(lambda: (0x90, 81) in [(m[0], m[1]) for _, m in ear.midi])
        # The cable is out, with a key down.
        assert wait_until(lambda: (0x80, 81) in [(m[0], m[1]) for _, m in ear.midi], 10.0)
        before = len(ear.midi)
        assert wait_until(
            lambda: any(m[0] == 0x90 and m[2] > 0 for _, m in ear.midi[before:]), 15.0
        ), "the network plays on"
        assert daemon.ctl(do="status")["given"] == {"P1": "keys"}
        assert daemon.end() == 0
    jam = daemon.jam()
    sent = [e.event for e in jam.entries if isinstance(e, Sent)]
    played = [e.note for e in sent if isinstance(e, NoteOn) and e.voice is Voice.P1]
    at = played.index(TUNE[0])
    assert played[at : at + len(TUNE) + 1] == [*TUNE, 81]
    assert NoteOff(Voice.P1, 81) in sent
    waits = knows_after(jam)
    assert len(waits) >= len(TUNE)
    print(
        "from the key to the first tuple that knows it:", *np.percentile(waits, (50, 95)).round(3)
    )
    done = replay_take(daemon.take / "take.jsonl", tmp_path / "again")
    assert not done.faults
    assert (tmp_path / "again" / "take.mid").read_bytes() == (daemon.take / "take.mid").read_bytes()
