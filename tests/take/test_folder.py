"""Room on the disk: said in advance, and warned of in time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from nesvae_live.log.entries import Noted
from nesvae_live.take.folder import (
    read_jam,
)
from nesvae_live.take.growing import bytes_per_second, in_words, said_in_advance, seconds_left
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
