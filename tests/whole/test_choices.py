"""Another preset is chosen while it plays: the music goes on at a bar line, in a take of its own."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from nesvae_live.cli.main import main
from nesvae_live.log.entries import Closed, Placed, Sent
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import MIDI_NAME, SOUND_NAME, read_jam
from tests.support.daemon import Daemon
from tests.support.jambeats import beat_at
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3", "--tempo", "180")
BAR_SECONDS = 4 * 60 / 180


def struck(jam: Jam) -> list[float]:
    """When each note begins, on the scale of the stamps, in seconds."""
    return [
        e.at + jam.opened.origin
        for e in jam.entries
        if isinstance(e, Sent) and isinstance(e.event, NoteOn)
    ]


def test_another_preset_goes_on_at_a_bar_line_and_neither_take_lacks_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text('name = "mine"\n')
    with Daemon(tmp_path, "--preset", str(preset), *QUIET) as daemon:
        first = Path(daemon.ctl(do="status")["take"])
        daemon.ctl(do="set", knob="density", value=0.75)
        daemon.ctl(do="mute", voice="P2", on=True)
        choices = daemon.ctl(do="choices")
        assert choices["preset"]["now"] == "mine"
        assert "korg-nanokontrol2" in choices["preset"]["there"]
        assert "no sound device" in choices["audio"]["why_not"]
        said = daemon.ctl(do="choose", what="preset", name="korg-nanokontrol2")["said"]
        assert "from a bar line, in a new take" in said
        for what, name in (("preset", "none"), ("audio", "jack"), ("midi-in", "a"), ("x", "a")):
            assert not daemon.ctl(do="choose", what=what, name=name)["ok"]
        assert wait_until(lambda: daemon.ctl(do="status")["take"] != str(first))
        second = Path(daemon.ctl(do="status")["take"])
        assert wait_until(lambda: daemon.ctl(do="status")["bar"] > 1)
        status = daemon.ctl(do="status")
        assert (status["knobs"], status["muted"]) == ({"density": 0.75}, ["P2"])
        assert daemon.ctl(do="choices")["preset"]["now"] == "korg-nanokontrol2"
        assert wait_until((first / MIDI_NAME).exists, every=0.1)
        assert daemon.end() == 0
    assert f"the music goes on in the take {second.name}" in daemon.said
    before, after = read_jam(first), read_jam(second)
    line = beat_at(before, after.opened.origin) / 4
    assert line == pytest.approx(round(line), abs=1e-3)
    assert after.opened.preset == "korg-nanokontrol2"
    (closed,) = (e for e in before.entries if isinstance(e, Closed))
    late = 0.1  # this machine has other work
    assert closed.at + before.opened.origin <= after.opened.origin + late
    assert struck(before)[-1] < after.opened.origin + late
    assert struck(after)[0] >= after.opened.origin - 1e-6
    gap = struck(after)[0] - struck(before)[-1]
    usual = max(b - a for a, b in pairwise(struck(before)))
    assert gap < max(2 * usual, BAR_SECONDS), "no more of a rest than the music has"
    ends = [e.event for e in before.entries if isinstance(e, Sent)]
    for voice in (Voice.P1, Voice.TR):
        last = [e for e in ends if isinstance(e, NoteOn | NoteOff) and e.voice is voice]
        assert not last or isinstance(last[-1], NoteOff), "nothing hangs"
    for take in (first, second):
        again = tmp_path / f"again {take.name}"
        assert main(["jam", "replay", str(take), "-o", str(again)]) == 0
        for name in (SOUND_NAME, MIDI_NAME):
            assert (again / name).read_bytes() == (take / name).read_bytes(), name
    assert "Error" not in capsys.readouterr().err


def test_another_grid_goes_on_at_a_bar_line(tmp_path: Path) -> None:
    with Daemon(tmp_path, *QUIET) as daemon:
        first = Path(daemon.ctl(do="status")["take"])
        grid = daemon.ctl(do="choices")["grid"]
        assert (grid["now"], grid["there"]) == ("clock", ["native", "clock", "bars"])
        assert not daemon.ctl(do="choose", what="grid", name="beats")["ok"]
        assert daemon.ctl(do="choose", what="grid", name="bars")["ok"]
        assert wait_until(lambda: daemon.ctl(do="status")["take"] != str(first))
        second = Path(daemon.ctl(do="status")["take"])
        assert wait_until(lambda: daemon.ctl(do="status")["bar"] > 2)
        assert daemon.ctl(do="choices")["grid"]["now"] == "bars"
        assert daemon.end() == 0
    placed = [e.beat for e in read_jam(second).entries if isinstance(e, Placed)]
    assert placed
    assert all(beat % 2 == pytest.approx(0, abs=1e-6) for beat in placed)
    again = tmp_path / "again"
    assert main(["jam", "replay", str(second), "-o", str(again)]) == 0
    assert (again / MIDI_NAME).read_bytes() == (second / MIDI_NAME).read_bytes()
