"""What numba has compiled: where it is kept if need be, and when it is too old.

In a container, a kiosk or a service the installation and the home may be read-only. Numba then
refuses to run what is to be kept. So it is kept in a folder for temporary files, in which nobody
else can put code of theirs, and compiled anew when that is gone.

Numba compiles a function anew when its own file has changed, but not when another file has from which it
calls something or has a constant: after an update it would go on with the old ones. So what was
kept before any of those files changed is forgotten.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Numba's own: where to keep it. It is read when numba is imported."""

OURS = "NESVAE_CACHE_IS_TEMPORARY"
"""Set if we named that folder; our own child processes see it."""

PACKAGE = Path(__file__).parent

COMPILED = (
    "chip",
    "evaluation/performing",
    "model",
    "model/drums",
    "model/performer",
    "model/song",
    "model/song/steering",
)
"""The rooms that have something compiled."""

SOURCES = {
    "chip": ("kernel", "tables"),
    "evaluation/performing": ("naive", "played"),
    "latent": ("attributes",),
    "model": ("alike", "encoder", "gru", "measured", "symbols", "wide"),
    "model/drums": ("cells", "drumming", "drumnet", "reading", "strokes"),
    "model/performer": (
        "batches",
        "choosing",
        "choosingtables",
        "kit",
        "likes",
        "notes",
        "pairs",
        "performerfile",
        "weighing",
    ),
    "model/song": ("candidates", "songconfig", "songkernel"),
    "model/song/steering": (
        "barsago",
        "chording",
        "ending",
        "figures",
        "leaning",
        "marginals",
        "presence",
        "quote",
    ),
    "music": ("events", "phrase"),
    "music/metre": ("place",),
}
"""By room, the files that are compiled, and those whose constants are compiled with them."""


def forget_outdated(package: Path = PACKAGE) -> None:
    """Delete what was compiled in `package` before one of the `SOURCES` changed.

    A file from the future counts as unchanged, or everything would be compiled at each start.
    """
    now = time.time()
    times = (_changed(package / room / f"{name}.py") for room in SOURCES for name in SOURCES[room])
    newest = max(moment for moment in times if moment <= now)
    for room in COMPILED:
        for kept in (package / room / "__pycache__").glob("*.nb[ci]"):
            if _changed(kept) < newest:
                with suppress(OSError):
                    kept.unlink()


def _changed(file: Path) -> float:
    """When a file was last written, in seconds since 1970; 0 if it isn't there."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def keep_compiled() -> None:
    """Name a folder for numba if it would find none."""
    if VARIABLE in os.environ:
        return
    if all(_can_write(PACKAGE / room / "__pycache__") for room in COMPILED):
        return
    if _can_write(_home_cache()):
        return
    folder = _own_folder()
    os.environ[VARIABLE] = str(folder)
    os.environ[OURS] = "1"
    os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))  # it would say so at length


def is_temporary() -> bool:
    """Whether what is compiled will be gone when the machine is started again."""
    return OURS in os.environ


def _can_write(folder: Path) -> bool:
    """Whether a file can be made in a folder; it is tried, as numba does."""
    file = folder / f".nesvae_live-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        file.unlink()
    except OSError:
        return False
    return True


def _home_cache() -> Path:
    """Where numba looks in the user's home."""
    if sys.platform == "darwin":
        return Path("~/Library/Caches/numba").expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "numba"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "numba"


def _own_folder() -> Path:
    """A folder that is this user's alone: the same at the next start, or else a new one."""
    import tempfile

    if not hasattr(os, "getuid"):
        return Path(tempfile.mkdtemp(prefix="nesvae_live-"))
    folder = Path(tempfile.gettempdir()) / f"nesvae_live-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        there = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="nesvae_live-"))
    is_ours = there.st_uid == os.getuid() and there.st_mode & 0o077 == 0
    if folder.is_symlink() or not is_ours:
        return Path(tempfile.mkdtemp(prefix="nesvae_live-"))
    return folder
