"""A file that a living process holds: it lets go when it ends, however it ends."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO, Any

FRESH_SECONDS = 10.0
"""Where files can't be held, one that was written so lately counts as held."""

if sys.platform != "win32":
    import fcntl


def hold(file: IO[Any]) -> None:
    """Hold an open file until it is closed; where that can't be, do nothing."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # a file system without locks, or another holds it
            return


def is_held(path: Path) -> bool:
    """Whether another process holds the file at `path`.

    Raises:
        OSError: there is none.
    """
    if sys.platform == "win32":
        return time.time() - path.stat().st_mtime < FRESH_SECONDS
    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return time.time() - path.stat().st_mtime < FRESH_SECONDS
    return False
