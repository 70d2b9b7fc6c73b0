"""The system's bin, from which a person can get things back: freedesktop.org's, or macOS's.

The first is laid out as the Trash specification 1.0 says: `files` has what was put in, `info` from
where and when. https://specifications.freedesktop.org/trash-spec/
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

from nesvae_live import NesvaeError


class BinError(NesvaeError):
    """Something can't be put into the bin; one line says what, and what to do."""


def discard(path: Path) -> Path:
    """Put a file or folder into the bin; returns where it is now.

    It is moved within its disk, never copied: from another disk than the home's it goes into that
    disk's own bin.

    Raises:
        BinError: there is no bin, or it can't be written.
    """
    path = path.absolute()
    try:
        if sys.platform == "win32":
            raise BinError(f"{path}: delete this folder in the Explorer")
        if sys.platform == "darwin":
            return _move(path, Path("~/.Trash").expanduser())
        return _discard_with_info(path)
    except OSError as error:
        raise BinError(
            f"{path}: can't be put into the bin ({error.strerror}): delete the folder by hand"
        ) from None


def _discard_with_info(path: Path) -> Path:
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    home, there = data / "Trash", path.lstat().st_dev
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.lstat().st_dev == there:
        return _put(path, home, str(path))
    top = path
    while top != top.parent and top.parent.lstat().st_dev == there:
        top = top.parent
    own = top / f".Trash-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    return _put(path, own, str(path.relative_to(top)))


def _put(path: Path, trash: Path, was: str) -> Path:
    files, info = trash / "files", trash / "info"
    for folder in (files, info):
        folder.mkdir(mode=0o700, exist_ok=True)
    now = datetime.now().isoformat(timespec="seconds")  # noqa: DTZ005 - the specification's local time
    text = f"[Trash Info]\nPath={quote(was)}\nDeletionDate={now}\n"
    for n in count(1):
        name = path.name if n == 1 else f"{path.name}.{n}"
        note = info / f"{name}.trashinfo"
        try:
            with note.open("x", encoding="utf-8") as file:  # whoever makes the note has the name
                file.write(text)
        except FileExistsError:
            continue
        try:
            path.rename(files / name)
        except OSError:
            note.unlink()
            raise
        return files / name
    raise AssertionError


def _move(path: Path, folder: Path) -> Path:
    for n in count(1):
        to = folder / (path.name if n == 1 else f"{path.name} {n}")
        if not to.exists():
            path.rename(to)
            return to
    raise AssertionError
