"""Where presets, checkpoints and jams are, and how a file is replaced whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

import platformdirs

from nesvae_live import NesvaeError

APP = "nesvae_live"
DEFAULT_CHECKPOINT = "nesmdb-song"
"""The one of those that ship which plays when none is named."""

DEFAULT_PERFORMER, PERFORMER_SUFFIX = "nesmdb", ".performer"
DEFAULT_DRUMMER, DRUMMER_SUFFIX = "nesmdb", ".drummer"
"""The performer and the drummer that ship, and how such files are named: no network that writes
notes is."""


class ConfigError(NesvaeError):
    """A preset, checkpoint or folder can't be used; one line says which, where and why."""


def find_checkpoint(name_or_path: str | None = None) -> Path:
    """The checkpoint to play.

    Args:
        name_or_path: a file, the name of a shipped checkpoint, or None for the shipped one.

    Raises:
        ConfigError: there is none, or nothing says which of several.
    """
    shipped = {path.stem: path for path in sorted(shipped_dir("checkpoints").glob("*.safetensors"))}
    if name_or_path is None:
        if DEFAULT_CHECKPOINT in shipped:
            return shipped[DEFAULT_CHECKPOINT]
        if len(shipped) != 1:
            names = ", ".join(shipped) or "none"
            raise ConfigError(
                f"which checkpoint? (shipped: {names}) name one with --checkpoint FILE"
            )
        return next(iter(shipped.values()))
    if name_or_path in shipped:
        return shipped[name_or_path]
    if (path := Path(name_or_path).expanduser()).is_file():
        return path
    raise ConfigError(
        f"checkpoint {name_or_path}: no such file; shipped: {', '.join(shipped) or 'none'}"
    )


def find_performer(name_or_path: str | None = None) -> Path:
    """The performer's file: the one that ships, or a file.

    Raises:
        ConfigError: there is none.
    """
    return _find_part("performer", name_or_path or DEFAULT_PERFORMER, PERFORMER_SUFFIX)


def find_drummer(name_or_path: str | None = None) -> Path:
    """The drummer's file: the one that ships, or a file.

    Raises:
        ConfigError: there is none.
    """
    return _find_part("drummer", name_or_path or DEFAULT_DRUMMER, DRUMMER_SUFFIX)


def _find_part(what: str, name: str, suffix: str) -> Path:
    shipped = {path.stem: path for path in shipped_dir("checkpoints").glob(f"*{suffix}")}
    if name in shipped:
        return shipped[name]
    if (path := Path(name).expanduser()).is_file():
        return path
    there = ", ".join(sorted(shipped)) or "none"
    raise ConfigError(f"{what} {name}: no such file; shipped: {there}")


def shipped_dir(kind: str) -> Path:
    """The folder of shipped `presets` or `checkpoints`: in the wheel, or beside the source.

    Raises:
        ConfigError: the installation is incomplete.
    """
    package = Path(str(resources.files("nesvae_live")))
    for folder in (package / "_data" / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise ConfigError(f"the installation lacks its {kind} ({package}): install nesvae_live again")


def user_presets_dir() -> Path:
    """Where a user's own presets are looked for; it need not exist."""
    return platformdirs.user_config_path(APP, appauthor=False) / "presets"


STYLE_SUFFIX = ".style.json"
"""Of the files of a user's own styles."""


def user_styles_dir() -> Path:
    """Where a user's own styles are; it need not exist."""
    return platformdirs.user_config_path(APP, appauthor=False) / "styles"


def history_path() -> Path:
    """Where the prompt of `ctl` keeps what was typed."""
    return platformdirs.user_state_path(APP, appauthor=False) / "ctl_history"


def default_jams_dir() -> Path:
    """Where jams go unless told otherwise: nesvae_live in the user's music folder."""
    return platformdirs.user_music_path() / APP


def read_whole(path: Path) -> bytes:
    """What is in a file that somebody gave.

    Raises:
        OSError: it can't be read.
        ValueError: there is nothing in it.
    """
    data = path.read_bytes()
    if not data:
        raise ValueError("the file is empty")
    return data


def make_dir(path: Path) -> None:
    """Make a folder that somebody named, with those it is in, where it isn't there yet.

    Raises:
        OSError: it can't be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(path)) from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write in place of `path`, which takes its place when the block ends well.

    Whoever reads `path` finds what was there before or all that was written, never a part, and so
    does whoever reads it after a crash or a power failure: the new file is on the disk before it
    takes its place. When the block raises, the old file stays and nothing else is left behind. The
    folder must exist; two writers of one path at a time are not guarded against.

    Raises:
        OSError: it can't be written; the old file stays. The error names `path`.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        if error.filename is None or Path(error.filename) != part:
            raise
        lacks = not path.parent.exists()
        why = f"there is no folder {path.parent}" if lacks else error.strerror
        raise type(error)(error.errno, why, str(path)) from None
    finally:
        with suppress(OSError):  # it took its place, was never made, or the disk is gone
            part.unlink(missing_ok=True)
