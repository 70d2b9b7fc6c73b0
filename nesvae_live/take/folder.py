"""A take's folder: which files there are in it, and how those are made that are made of the log."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from nesvae_live.log.codec import JamError, lines_to_jam
from nesvae_live.log.jam import Jam

LOG, SOUND, MIDI, PICTURE = "take.jsonl", "take.wav", "take.mid", "take.png"

Maker = Callable[[Jam, Path], None]
"""Writes one file of a whole jam to a path, like `smf.write_midi` and `picture.write_picture`."""


def make_folder(jams: Path, name: str) -> Path:
    """Make a folder in `jams` that is new: if there is one of that name, it gets a number.

    Raises:
        OSError: it can't be made.
    """
    jams.mkdir(parents=True, exist_ok=True)
    for n in count(1):
        folder = jams / (name if n == 1 else f"{name}_{n}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError


def read_jam(path: Path) -> Jam:
    """Read a log.

    Args:
        path: the log, or the take's folder.

    Raises:
        JamError: there is none, or it is not ours to read; one line that names it.
    """
    log = path / LOG if path.is_dir() else path
    try:
        with log.open("rb") as lines:
            return lines_to_jam(lines)
    except OSError as error:
        raise JamError(f"{log}: {error.strerror}") from None
    except JamError as error:
        raise JamError(f"{log}: {error}") from None


def make_files(folder: Path, makers: Mapping[str, Maker]) -> list[str]:
    """Make the files `makers` of the log in `folder`, each under a temporary name first.

    Returns:
        What could not be made and why, a line each.
    """
    try:
        jam = read_jam(folder)
    except JamError as error:
        return [f"{', '.join(makers)}: not made: {error}"]
    faults = []
    for name, make in makers.items():
        part = folder / f".{name}.part"
        try:
            make(jam, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(folder / name)
        except Exception as error:  # noqa: BLE001 - a picture must not cost the other files
            part.unlink(missing_ok=True)
            why = (isinstance(error, OSError) and error.strerror) or error
            faults.append(f"{name}: not made: {why}")
    return faults
