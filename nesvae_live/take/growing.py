"""A file that grows while it plays: it keeps what the disk refuses, and is locked meanwhile.

The lock says that a living process writes the file; it is released when the process ends, however
it ends. For how long there is room is told here too.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

FRESH_SECONDS = 10.0
"""Where files can't be locked, one that was written so lately counts as held."""

if sys.platform != "win32":
    import fcntl


def hold(file: IO[Any]) -> None:
    """Lock an open file until it is closed; where files can't be locked, do nothing."""
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


COPY_BYTES = 1 << 20
"""How much of a file is copied at once."""


def no_head(n_bytes: int) -> bytes:  # noqa: ARG001 - the signature of a head
    """The head of files that have none."""
    return b""


class GrowingFile:
    """A new file at `path`, locked, for one thread; written without a buffer of Python's.

    Args:
        path: where; it must not exist.
        keep: how many bytes may wait in memory while the disk refuses them. What comes beyond
            that is lost, and counted.
        head: makes the file's head, always of the same length, for so many bytes that follow it.
            The head is brought up to date at every flush, and what is lost leaves a hole of
            zeros, so that the rest keeps its place; a file without a head has no holes.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path, *, keep: int, head: Callable[[int], bytes] = no_head) -> None:
        self.path = path
        self.lost = 0
        """How many bytes will never be written."""
        self._keep = keep
        self._head = head
        self._head_bytes = len(head(0))
        self._end = self._head_bytes  # where the next bytes belong
        self._written_to = self._head_bytes
        self._waiting: deque[tuple[int, bytes]] = deque()  # (where, what)
        self._unsynced: list[tuple[int, bytes]] = []  # written, but perhaps not on the disk
        self._trouble = ""
        self._file = path.open("xb+", buffering=0)
        hold(self._file)
        try:
            self._write(0, head(0))
        except OSError:
            self.close()
            raise

    @property
    def size(self) -> int:
        """How many bytes were appended so far, with lost ones that left a hole."""
        return self._end - self._head_bytes

    @property
    def waiting(self) -> int:
        """How many bytes wait in memory."""
        return sum(len(data) for _, data in self._waiting)

    def append(self, data: bytes) -> None:
        """Append `data`, which the next flush writes."""
        if not data:
            return
        if self.waiting + len(data) > self._keep:
            self.lost += len(data)
            if not self._head_bytes:
                return
        else:
            self._waiting.append((self._end, data))
        self._end += len(data)

    def flush(self, *, sync: bool) -> str | None:
        """Write what waits, and with `sync` force it to the disk.

        Returns:
            None, or what is wrong in one line; what could not be written keeps waiting.
        """
        troubles = [self._tried(self._restore), self._tried(self._write_waiting)]
        troubles.append(self._tried(self._write_head))
        if sync:
            troubles.append(self._tried(self._sync))
        trouble = next((t for t in troubles if t), None)
        if trouble:
            self._trouble = trouble
        return trouble

    def _tried(self, act: Callable[[], str | None]) -> str | None:
        try:
            return act()
        except OSError as error:
            return f"{self.path.name}: {error.strerror or error}"

    def _restore(self) -> str | None:
        """If the file is gone from its folder, write it anew from the one that is still open."""
        try:
            here = self.path.stat()
        except FileNotFoundError:
            here = None
        if here:
            if os.path.samestat(here, os.fstat(self._file.fileno())):
                return None
            return f"{self.path.name}: another file has taken its place"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        old, self._file = self._file, self.path.open("xb+", buffering=0)
        hold(self._file)
        try:
            where = 0
            old.seek(0)
            while data := old.read(COPY_BYTES):
                self._write(where, data)
                where += len(data)
        except OSError:
            self._file.close()
            self._file = old
            self.path.unlink(missing_ok=True)
            raise
        old.close()
        return f"{self.path.name}: it was removed, and is being written again"

    def _write_waiting(self) -> None:
        while self._waiting:
            where, data = self._waiting.popleft()
            self._file.seek(where)
            try:
                n = self._file.write(data)
            except OSError:
                self._waiting.appendleft((where, data))
                raise
            self._unsynced.append((where, data[:n]))
            self._written_to = max(self._written_to, where + n)
            if n < len(data):
                self._waiting.appendleft((where + n, data[n:]))

    def _write_head(self) -> None:
        self._write(0, self._head(self._written_to - self._head_bytes))

    def _write(self, where: int, data: bytes) -> None:
        self._file.seek(where)
        while data:
            data = data[self._file.write(data) :]

    def _sync(self) -> None:
        try:
            os.fsync(self._file.fileno())
        except OSError:
            self._waiting.extendleft(reversed(self._unsynced))
            raise
        finally:
            self._unsynced.clear()

    def fault(self) -> str | None:
        """What came of its troubles, in one line; None if there were none."""
        missing = self.lost + self.waiting
        if missing:
            return f"{self._trouble or self.path.name}; {missing} bytes of it are missing"
        return f"{self._trouble}; nothing is missing" if self._trouble else None

    def close(self) -> None:
        """Close the file; what still waits is lost, as `fault` says. Harmless when closed."""
        self._file.close()


LOG_BYTES_PER_SECOND = 20_000
"""What a log grows by while patches shape every frame and a clock is followed (docs/takes.md)."""

ENOUGH_SECONDS = 15 * 60.0
"""Where there is room for less, the person is warned."""


def bytes_per_second(sample_rate: int) -> int:
    """What a take grows by each second: 16-bit mono samples, and its log."""
    return 2 * sample_rate + LOG_BYTES_PER_SECOND


def seconds_left(folder: Path, sample_rate: int) -> float | None:
    """How long recording into `folder` can go on, in seconds; None where that can't be known."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        return shutil.disk_usage(there).free / bytes_per_second(sample_rate)
    except OSError:
        return None


def said_in_advance(folder: Path, sample_rate: int) -> str:
    """How much room an hour takes, and for how long there is room, in one line."""
    megabytes = bytes_per_second(sample_rate) * 3600 / 1e6
    text = f"recording into {folder}: about {megabytes:.0f} MB an hour"
    left = seconds_left(folder, sample_rate)
    return text if left is None else f"{text}, room for {in_words(left)}"


def in_words(seconds: float) -> str:
    """A duration in minutes or hours, for a person."""
    minutes = int(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
