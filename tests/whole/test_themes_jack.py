"""A theme is marked and asked back by two buttons, through real ports, and is heard again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nesvae_live.log.entries import Decoded, Spliced, Themed
from nesvae_live.music.phrase import Ints, tokens_to_tuples
from tests.support.daemon import Daemon, plug
from tests.support.figures import grams
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.jack, pytest.mark.slow]

GEAR = """
[knobs]
noise = { cc = 20 }

[actions]
mark-A = { cc = 40 }
return-A = { cc = 41 }
"""
BPM = 300
PLAY = ("--midi-api", "jack", "--audio", "none", "--seed", "5", "--swap", "bar")


def tuples_of(entries: list[Decoded | Spliced]) -> Ints:
    return tokens_to_tuples(np.array([t for e in entries for t in e.tokens]))


def press(probe: JackProbe, control: int) -> None:
    for value in (0, 127):
        probe.send_midi((0xB0, control, value))


def passes(daemon: Daemon, bars: float) -> None:
    began = daemon.ctl(do="status")["beat"]
    assert wait_until(lambda: daemon.ctl(do="status")["beat"] >= began + 4 * bars, 90.0)


@pytest.mark.parametrize("bars", [8, pytest.param(64, marks=pytest.mark.soak)])
@pytest.mark.timeout(180)
def test_what_was_marked_is_heard_again(jack_server: JackServer, tmp_path: Path, bars: int) -> None:
    del jack_server
    gear = tmp_path / "gear.toml"
    gear.write_text(GEAR, encoding="utf-8")
    options = ("--preset", str(gear), "--tempo", str(BPM), *PLAY)
    with Daemon(tmp_path, *options) as daemon, JackProbe() as probe:
        plug(probe, daemon, 20, "noise")
        probe.connect_midi_from("nesvae_live_out")
        passes(daemon, 4)
        press(probe, 40)
        assert wait_until(lambda: daemon.ctl(do="status")["themes"] == ["A"])
        for knob, value in (("density", 0.25), ("register", 0.85), ("style1", 0.9)):
            assert daemon.ctl(do="set", knob=knob, value=value)["ok"]
        passes(daemon, bars)
        assert daemon.ctl(do="release")["ok"]
        press(probe, 41)
        passes(daemon, 5)
        heard = [
            message[1]
            for _, message in probe.midi
            if len(message) == 3 and message[0] == 0x90 and message[2] > 0
        ]
        assert daemon.end() == 0
    entries = daemon.jam().entries
    kept, back = (e for e in entries if isinstance(e, Themed))
    assert (kept.what, back.what) == ("kept", "returns")
    written = [e for e in entries if isinstance(e, Decoded | Spliced)]
    marked = [e for e in written if kept.index - 1 <= e.index <= back.index]
    came = tuples_of([e for e in written if e.at - e.seconds > back.at])[:13]  # begun since then
    known = set(grams(tuples_of(marked)))
    assert np.mean([gram in known for gram in grams(came)]) >= 0.5
    notes = came[:, 0]
    line = [int(n) for n, was in zip(notes[1:], notes[:-1], strict=True) if n not in (0, was)][:4]
    runs = [heard[i : i + len(line)] for i in range(len(heard))]
    assert line in runs, "it was heard"
