"""A take's folder: the names of its files, and what is made from its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError, lines_to_jam
from nesvae_live.paths import make_dir, replacing

LOG_NAME, SOUND_NAME, MIDI_NAME, PICTURE_NAME = "take.jsonl", "take.wav", "take.mid", "take.png"

Maker = Callable[[Jam, Path], None]
"""Writes one file of a whole jam to a path, like `write_midi` and `write_picture`."""


def make_folder(jams: Path, name: str) -> Path:
    """Make a new folder in `jams`; where there is one of that name, it gets a number.

    Raises:
        OSError: it can't be made.
    """
    make_dir(jams)
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
        JamError: there is none, or it is no log of ours; one line that names it.
    """
    log = path / LOG_NAME if path.is_dir() else path
    try:
        with log.open("rb") as lines:
            return lines_to_jam(lines)
    except OSError as error:
        raise JamError(f"{log}: {error.strerror}") from None
    except JamError as error:
        raise JamError(f"{log}: {error}") from None


def make_files(folder: Path, makers: Mapping[str, Maker]) -> list[str]:
    """Make the files `makers` from the log in `folder`; each appears when it is whole.

    Returns:
        What could not be made and why, one line each.
    """
    try:
        jam = read_jam(folder)
    except JamError as error:
        return [f"{', '.join(makers)}: not made: {error}"]
    faults = []
    for name, make in makers.items():
        try:
            with replacing(folder / name) as part:
                make(jam, part)
        except Exception as error:  # noqa: BLE001 - a failed picture must not cost the other files
            why = (isinstance(error, OSError) and error.strerror) or error
            faults.append(f"{name}: not made: {why}")
    return faults
