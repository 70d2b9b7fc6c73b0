"""What libraries a process has loaded is read from where Linux lists it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.io import libraries
from nesvae_live.io.libraries import loaded_libraries

MAPS = """\
55d0c0a0a000-55d0c0a0b000 r--p 00000000 08:01 1311 /usr/bin/python3.11
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
7f1000000000-7f1000001000 r--p 00000000 08:01 2001 /site packages/pyo.libs/libjack-1f.so.0
7f1000001000-7f1000002000 r-xp 00001000 08:01 2001 /site packages/pyo.libs/libjack-1f.so.0
7f2000000000-7f2000001000 r--p 00000000 08:01 2002 /usr/lib/libjack.so.0
7f3000000000-7f3000001000 r--p 00000000 08:01 2003 /usr/lib/libasound.so.2
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
"""


def test_each_file_is_listed_once_in_the_order_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "maps").write_text(MAPS)
    monkeypatch.setattr(libraries, "MAPS", tmp_path / "maps")
    jack = [Path("/site packages/pyo.libs/libjack-1f.so.0"), Path("/usr/lib/libjack.so.0")]
    assert loaded_libraries("libjack") == jack
    assert loaded_libraries("libjack", "libasound") == [*jack, Path("/usr/lib/libasound.so.2")]
    assert loaded_libraries("libportaudio") == []


def test_a_system_that_does_not_say_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(libraries, "MAPS", tmp_path / "maps")
    assert loaded_libraries("lib") == []
