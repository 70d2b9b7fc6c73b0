"""Takes in order: named, rated, found by their names, opened, put into the bin and got back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from nesvae_live.cli.main import main
from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Closed, Opened
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME
from nesvae_live.take.growing import GrowingFile
from nesvae_live.take.takes import LABEL_NAME, find_take, read_label

NAMES = ("2026-11-26_20-00-00", "2026-11-27_20-00-00")

Jam = Callable[..., int]


@pytest.fixture
def jams(tmp_path: Path) -> Path:
    folder = tmp_path / "jams"
    for name in NAMES:
        started = f"{name[:10]}T20:00:00+00:00"
        opened = Opened(0.0, started, 120.0, "4/4", 4.0, 48000, 7, "map", "ab", "default", {}, {})
        (folder / name).mkdir(parents=True)
        lines = entry_to_line(opened, 0.0) + entry_to_line(Closed(8.0, 16.0, "asked"), 0.0)
        (folder / name / LOG_NAME).write_bytes(lines)
        (folder / name / MIDI_NAME).write_bytes(b"MThd")
    return folder


@pytest.fixture
def jam(jams: Path) -> Jam:
    return lambda *words: main(["jam", words[0], "--jams", str(jams), *words[1:]])


def test_a_take_is_named_and_rated_and_found_by_its_name(
    jam: Jam, jams: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jam("name", "2026-11-26", "The", "Good", "one") == 0
    assert jam("rate", "the good one", "4") == 0
    assert jam("rate", "newest", "1") == 0
    capsys.readouterr()
    assert jam("list") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("whole     ****  The Good one")
    assert second.endswith("whole     *")
    assert find_take("THE GOOD ONE", jams).name == NAMES[0]
    assert jam("name", "the good one", "-") == 0
    assert read_label(jams / NAMES[0]).name == ""
    assert read_label(jams / NAMES[0]).stars == 4


def test_without_a_take_it_is_the_newest_that_is_named_and_rated(
    jam: Jam, jams: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert jam("name", "chorus") == 0
    assert jam("rate", "3") == 0
    label = read_label(jams / NAMES[1])
    assert (label.name, label.stars) == ("chorus", 3)
    capsys.readouterr()
    assert jam("name") == 0
    assert jam("name", NAMES[0]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{NAMES[1]}: chorus",
        f"{NAMES[0]}: it has no name",
    ]
    assert jam("name", "2026") == 1  # two begin so: neither is named by it
    assert "2 takes" in capsys.readouterr().err
    assert read_label(jams / NAMES[1]).name == "chorus"
    assert jam("name", "-") == 0
    assert read_label(jams / NAMES[1]).name == ""


@pytest.mark.parametrize("damage", [b"", b"{", b'{"stars": 9}', b"\xff"])
def test_a_damaged_label_is_none(damage: bytes, jams: Path) -> None:
    (jams / NAMES[0] / LABEL_NAME).write_bytes(damage)
    assert read_label(jams / NAMES[0]).stars == 0
    assert find_take(None, jams).name == NAMES[1]


@pytest.mark.skipif(sys.platform != "linux", reason="freedesktop.org's bin")
def test_a_deleted_take_is_in_the_bin_with_a_note_of_where_it_was(
    jam: Jam, jams: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    trash = tmp_path / "data" / "Trash"
    for n in (1, 2):
        assert jam("delete", NAMES[0]) == 0
        name = NAMES[0] if n == 1 else f"{NAMES[0]}.2"
        assert (trash / "files" / name / LOG_NAME).is_file()
        note = (trash / "info" / f"{name}.trashinfo").read_text()
        assert note.startswith("[Trash Info]\nPath=")
        assert unquote(note.splitlines()[1].removeprefix("Path=")) == str(jams / NAMES[0])
        (jams / NAMES[0]).mkdir()
        (jams / NAMES[0] / LOG_NAME).write_bytes(b"")
    assert (jams / NAMES[1]).is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="freedesktop.org's bin")
def test_what_cannot_be_moved_stays_and_is_one_line(
    jam: Jam, jams: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (jams / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(jams / "file"))
    assert jam("delete", NAMES[0]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "by hand" in error
    assert (jams / NAMES[0]).is_dir()
    monkeypatch.setattr("nesvae_live.io.bin.sys.platform", "win32")
    assert jam("delete", NAMES[0]) == 1


def test_a_take_that_is_recorded_stays(
    jam: Jam, jams: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = GrowingFile(jams / "2026-11-28_20-00-00.jsonl", keep=1000)
    held.close()
    folder = jams / "2026-11-28_20-00-00"
    folder.mkdir()
    log = GrowingFile(folder / LOG_NAME, keep=1000)
    log.append((jams / NAMES[0] / LOG_NAME).read_bytes())
    log.flush(sync=False)
    assert jam("delete", "2026-11-28") == 1
    assert "being recorded" in capsys.readouterr().err
    assert folder.is_dir()
    log.close()


@pytest.mark.skipif(os.name != "posix", reason="a program on the PATH")
def test_a_take_s_folder_is_opened(
    jam: Jam, jams: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / "bin" / ("open" if sys.platform == "darwin" else "xdg-open")
    opener.parent.mkdir()
    opener.write_text('#!/bin/sh\necho "$1" > "$OPENED"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("OPENED", str(tmp_path / "opened"))
    assert jam("open") == 0
    assert (tmp_path / "opened").read_text().strip() == str(jams / NAMES[1])
    monkeypatch.setenv("PATH", str(jams))
    assert jam("open") == 1
