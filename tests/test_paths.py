"""Paths: a file is replaced whole, or stays as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nesvae_live.paths import replacing


@pytest.mark.parametrize("before", [None, "before"])
def test_a_file_appears_whole_when_the_block_ends(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before)
    with replacing(path) as part:
        part.write_text("after")
        assert (path.read_text() if path.exists() else None) == before
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "before"])
def test_a_block_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, before: str | None
) -> None:
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before)

    def fail(part: Path) -> None:
        part.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), replacing(path) as part:
        fail(part)
    assert (path.read_text() if path.exists() else None) == before
    assert len(list(tmp_path.iterdir())) == (before is not None)


def test_what_takes_the_place_is_on_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "a.txt", []
    monkeypatch.setattr(os, "fsync", lambda _: told.append(path.exists()))
    with replacing(path) as part:
        part.write_text("after")
    assert told == [False]


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "gone" / "a.txt") as part:
        part.write_text("after")
