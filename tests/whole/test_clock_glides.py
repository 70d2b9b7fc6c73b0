"""Behind JACK's transport: tempi that glide, other metres in mid-piece, loops: each note on its frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.log.entries import Clocked, Metered
from tests.support.following import Follower
from tests.support.jack import JackServer, own_server
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.transportplaces import placed_notes
from tests.support.waiting import wait_until

FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "jack", "--patch", "off")
BARS = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")
CHANGES = (("7/8", 97.0), ("3/4", 171.0), ("4/4", 120.0))
"""A metre, and the tempo to which it glides there in two seconds."""

DECIDED_SECONDS = 0.1
"""What sounds so soon after a tempo began to glide, or ceased to, may have been decided before."""


def roll_on(probe: JackProbe, seconds: float) -> None:
    """Until so much has gone by on the server."""
    until = probe.frames + seconds * probe.sample_rate
    assert probe.wait_until(lambda: probe.frames >= until, 30.0 + seconds, every=0.1)


@own_server
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_notes_lie_on_the_masters_frames_while_tempi_glide_and_metres_change(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Follower(tmp_path, *FOLLOW, *BARS) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(140.0)
        probe.connect_midi_from("nesvae_live_out")
        probe.transport("start")
        assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 3, 30.0, every=0.1)
        bends: list[int] = []
        for text, tempo in CHANGES:
            numerator, denominator = map(int, text.split("/"))
            probe.meter_in_a_bar(numerator, denominator)
            bends += map(probe.frame_of, probe.glide_in_a_bar(tempo, 2.0))
            roll_on(probe, 4.5)
            status = daemon.ctl(do="status")
            assert status["meter"] == text
            assert status["tempo"] == pytest.approx(tempo, abs=0.01)
        probe.transport("stop")
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        jam = daemon.jam()
        unknown = DECIDED_SECONDS * probe.sample_rate
        notes = [
            note
            for note in placed_notes(probe, jam)
            if not any(0 < note.place - bend < unknown for bend in bends)
        ]
    off = [note.off for note in notes]
    print(
        f"{len(off)} notes, of which on bar lines {sum(note.on_line for note in notes)}: frames off",
        off,
    )
    assert [entry.meter for entry in jam.entries if isinstance(entry, Metered)] == [
        "7/8",
        "3/4",
        "4/4",
    ]
    breaks = [entry for entry in jam.entries if isinstance(entry, Clocked) and not entry.runs]
    assert len(breaks) == 2, "before the start and at the stop: nothing broke off in between"
    assert len(off) >= 30
    assert any(note.on_line for note in notes)
    assert max(map(abs, off)) <= 1


@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_minute_of_loops_of_one_bar_has_each_note_on_its_frame(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Follower(tmp_path, *FOLLOW, *BARS) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(125.0)  # a bar is 360 cycles of 256 frames
        probe.connect_midi_from("nesvae_live_out")
        probe.loop(probe.frame_of(4.0))
        probe.transport("start")
        roll_on(probe, 62.0)
        probe.transport("stop")
        assert wait_until(lambda: daemon.motion == "stopped")
        assert daemon.end() == 0
        loops, notes = len(probe.rolls), placed_notes(probe, daemon.jam())
    off = [note.off for note in notes]
    print(f"{loops} loops, {len(off)} notes: frames off", sorted(off))
    assert loops >= 30
    assert {note.index for note in notes} >= set(range(loops - 1)), (
        "in each of them something plays"
    )
    assert max(map(abs, off)) <= 1
