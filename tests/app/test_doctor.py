"""The doctor: says what there is and what to do, and never fails itself."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from nesvae_live import paths
from nesvae_live.app import doctor
from nesvae_live.app.doctor import examine, examine_ports
from nesvae_live.app.doctorreport import (
    MidiApiReport,
    PathReport,
    Report,
    ports_to_text,
    to_markdown,
    to_text,
)
from nesvae_live.io.audio.probe import AudioOffer, AudioPort
from tests.support.jack import JackServer


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no device at all, and everything else in place."""
    no_sound = AudioOffer(jack_fault="no server answers")
    monkeypatch.setattr(doctor, "probe", lambda: no_sound)
    monkeypatch.setattr(doctor, "_midi_api", lambda name: midi_api(name, fault="no sequencer"))
    monkeypatch.setattr(doctor, "_libraries", lambda: ["/usr/lib/libjack.so.0"])
    monkeypatch.setattr(paths, "user_presets_dir", lambda: tmp_path / "presets")
    monkeypatch.setattr(paths, "default_jams_dir", lambda: tmp_path / "jams")
    monkeypatch.setattr(paths, "find_checkpoint", lambda: tmp_path / "map.safetensors")
    return tmp_path


def midi_api(name: str, *inputs: str, fault: str = "") -> MidiApiReport:
    return MidiApiReport(name=name, inputs=list(inputs), outputs=[], fault=fault)


def missing(report: Report) -> set[str]:
    return {each["what"] for each in report["missing"]}


def test_a_machine_without_devices_gets_advice_for_each(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    report = examine()
    assert missing(report) == {"midi", "portaudio", "jack"}
    text = to_text(report)
    assert "no server answers" in text
    assert "sudo apt install jackd2" in text
    assert "modprobe snd-seq" in text


def test_windows_is_told_of_loopmidi(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert "loopMIDI" in to_text(examine())


def test_nothing_missing_is_said_so(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = AudioOffer(outputs=(AudioPort(3, "Speakers"),), default_output=3)
    monkeypatch.setattr(doctor, "probe", lambda: offer)
    monkeypatch.setattr(doctor, "_midi_api", lambda name: midi_api(name, "nano"))
    report = examine()
    assert not report["missing"]
    assert "Nothing is missing." in to_text(report)
    assert "Speakers (default)" in to_text(report)
    assert re.search(r"MIDI in, \w+ +nano", to_text(report))


def test_a_package_that_is_not_installed_is_named(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    report = examine()
    assert report["packages"]["no-such-package"] == ""
    assert "no-such-package" in missing(report)
    assert "pip install no-such-package" in to_text(report)


def test_folders_are_looked_at_but_not_made(bare: Path) -> None:
    report = examine()
    assert report["jams"] == PathReport(path=str(bare / "jams"), fault="")
    assert list(bare.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_reported(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "file").write_text("in the way")
    monkeypatch.setattr(paths, "default_jams_dir", lambda: bare / "file" / "jams")
    report = examine()
    assert "can't be written" in report["jams"]["fault"]
    assert "--jams" in to_text(report)


@pytest.mark.parametrize("name", ["user_presets_dir", "default_jams_dir", "find_checkpoint"])
def test_whatever_fails_becomes_a_line_of_the_report(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken() -> Path:
        raise RuntimeError("it is broken")

    monkeypatch.setattr(paths, name, broken)
    assert "it is broken" in to_text(examine())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it isn't asked for")
@pytest.mark.parametrize(("granted", "says"), [(True, "granted"), (False, "audio $USER")])
def test_whether_sound_may_be_real_time_is_said(
    bare: Path, monkeypatch: pytest.MonkeyPatch, granted: bool, says: str
) -> None:
    monkeypatch.setattr(doctor, "realtime_granted", lambda: granted)
    report = examine()
    assert report["realtime"] is granted
    assert re.search(rf"real time +.*{re.escape(says)}", to_text(report))


def test_a_report_for_others_asks_what_is_needed_and_names_no_home(bare: Path) -> None:
    report = examine()
    home = Path(report["config"]["path"]).parents[1]
    text = to_markdown(report, home)
    assert str(home) not in text
    assert "take.jsonl" in text
    assert text.count("```") == 2
    assert report["version"] in text


def test_the_report_is_json(bare: Path) -> None:
    data: dict[str, Any] = json.loads(json.dumps(examine()))
    assert data["audio"]["jack_rate"] == 0
    assert data["jams"] == {"path": str(bare / "jams"), "fault": ""}
    assert {"what", "why", "do"} == set(data["missing"][0])


def test_this_machine_can_be_examined(capfd: pytest.CaptureFixture[str]) -> None:
    report = examine()
    assert report["packages"]["numpy"]
    assert report["audio"]["versions"]["pyo"]
    assert to_text(report)
    assert capfd.readouterr() == ("", "")


@pytest.mark.jack
def test_the_ports_of_a_jack_server_are_listed(jack_server: JackServer) -> None:
    text = ports_to_text(examine_ports())
    assert re.search(r"MIDI out, jack +\S", text)
    assert "48000 Hz, blocks of 256, plays to system:playback_1, system:playback_2" in text
