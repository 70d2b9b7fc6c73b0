"""Where numba keeps what it has compiled, if neither the package nor the home can be written.

In a container, a kiosk or a service the installation and the home may be read-only. Numba then
refuses to run what is to be kept. So it is kept in a folder for temporary files, in which nobody
else can put code of theirs, and compiled anew when that is gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Numba's own: where to keep it. It is read when numba is imported."""

OURS = "NESVAE_CACHE_IS_TEMPORARY"
"""Set if we named that folder; our own child processes see it."""

COMPILED = ("chip", "model", "model/song")
"""The rooms that have something compiled."""


def keep_compiled() -> None:
    """Name a folder for numba if it would find none."""
    if VARIABLE in os.environ:
        return
    package = Path(__file__).parent
    if all(_can_write(package / room / "__pycache__") for room in COMPILED):
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
