"""Room on the disk: said in advance, and warned of in time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Noted, Opened
from nesvae_live.take.folder import (
    LOG_NAME,
    read_jam,
)
from nesvae_live.take.growing import bytes_per_second, in_words, said_in_advance, seconds_left
from nesvae_live.take.takes import find_take, find_takes
from tests.support.recording import RATE, START, Session, opened


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def give(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    free = round(seconds * bytes_per_second(RATE))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))


def test_an_hour_is_said_in_megabytes_before_it_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, 5.5 * 3600)
    text = said_in_advance(tmp_path / "not" / "yet", RATE)
    assert text == f"recording into {tmp_path}/not/yet: about 418 MB an hour, room for 5 hours"
    assert in_words(119 * 60 + 59) == "119 minutes"


def test_where_room_can_t_be_known_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert seconds_left(Path("/"), RATE) is None
    assert "room" not in said_in_advance(Path("/"), RATE)


def test_little_room_is_warned_of_once_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, 3600)
    session = Session(tmp_path)
    session.recorder.put(opened())
    for minute, room in enumerate((60, 30, 14, 13, 12, 40, 9)):
        give(monkeypatch, room * 60)
        session.time.value = START + 60 * minute
        session.recorder.step()
    warned = [text.partition("room for ")[2].partition(" of")[0] for text in session.warnings]
    assert warned == ["14 minutes", "9 minutes"]
    noted = [e.text for e in read_jam(session.close().folder).entries if isinstance(e, Noted)]
    assert noted == session.warnings


def test_the_newest_take_is_so_by_its_own_clock(tmp_path: Path) -> None:
    """The second of these was begun ten minutes later, when summer time had ended."""
    names = {
        "2026-10-25_02-55-00": "2026-10-25T02:55:00+02:00",
        "2026-10-25_02-05-00": "2026-10-25T02:05:00+01:00",
    }
    for name, started in names.items():
        (tmp_path / name).mkdir()
        opened = Opened(0.0, started, 120.0, "4/4", 4.0, 48000, 7, "map", "ab", "default", {}, {})
        (tmp_path / name / LOG_NAME).write_bytes(entry_to_line(opened, 0.0))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / LOG_NAME).write_text("")
    assert [take.name for take in find_takes(tmp_path)] == ["mine", *names]
    assert find_take(None, tmp_path).name == "2026-10-25_02-05-00"
