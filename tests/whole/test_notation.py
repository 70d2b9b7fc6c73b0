"""A take that was just played, as MuseScore reads it: its bars, its tempo, its metre."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nesvae_live.take.folder import MIDI_NAME
from tests.support.daemon import Daemon

BARS = 8
SILENT = ("--midi-api", "none", "--audio", "none")


def to_musicxml(midi: Path, folder: Path) -> ET.Element:
    """What MuseScore, without a screen, makes of a MIDI file."""
    program = shutil.which("mscore3") or shutil.which("musescore3")
    assert program is not None  # the marker asks
    home = folder / "home"
    home.mkdir(mode=0o700)
    out = folder / "score.musicxml"
    subprocess.run(
        [program, "-o", str(out), str(midi)],
        env={
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "QT_QPA_PLATFORM": "offscreen",
        },
        capture_output=True,
        check=True,
        timeout=110,
    )
    return ET.parse(out).getroot()


@pytest.mark.musescore
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_eight_bars_at_120_are_notated_as_eight_bars_at_120(tmp_path: Path) -> None:
    play = ("--checkpoint", "nesmdb-song", "--tempo", "120", "--bars", str(BARS), "--seed", "1")
    daemon = Daemon(tmp_path, *SILENT, *play)
    assert daemon.wait() == 0, daemon.said
    score = to_musicxml(daemon.take / MIDI_NAME, tmp_path)
    parts = score.findall("part")
    assert len(parts) >= 3
    notes = score.findall(".//note")
    assert sum(note.find("pitch") is not None for note in notes) > 20
    for part in parts:
        assert len(part.findall("measure")) == BARS
        times = [(t.findtext("beats"), t.findtext("beat-type")) for t in part.iter("time")]
        assert set(times) == {("4", "4")}
    tempi = [float(sound.get("tempo", 0)) for sound in score.iter("sound") if sound.get("tempo")]
    assert tempi == pytest.approx([120.0])
