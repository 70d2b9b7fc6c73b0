"""The view, from the instrument's side: its process, what it is told, and the terminal after it.

Nothing here waits for the process but the end and Ctrl-Z, and those for a second at most.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import select
import signal
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from nesvae_live.panel.terminal.child import (
    BACK,
    GO,
    KEPT_NOTICES,
    KEYS,
    LEAVE,
    LEFT,
    MAY_I,
    PICTURE,
    SAY,
    run,
)
from nesvae_live.panel.terminal.facts import ViewFacts
from nesvae_live.panel.terminal.screen import Screen

LEAVE_SECONDS = 1.0
"""So long it may take the process to give the terminal back, before that is done for it."""

LONGEST = 1000
"""Bytes of a notice that are shown."""


class ViewKeeper:
    """Keeps the view up. All but `say` is the main thread's.

    Args:
        facts: about the session.
        say: tells a person one line, while there is no view.
        stop: stops the process, and returns when it goes on.
    """

    def __init__(
        self, facts: ViewFacts, say: Callable[[str], None], stop: Callable[[], None]
    ) -> None:
        self._plainly = say
        self._stop = stop
        self._screen = Screen(KEYS, PICTURE)
        self._waiting: deque[str] = deque(maxlen=KEPT_NOTICES)
        self._told: deque[str] = deque(maxlen=KEPT_NOTICES)
        self._is_up = False
        context = multiprocessing.get_context("spawn")
        pipe, theirs = context.Pipe()
        self._pipe: Connection | None = pipe
        self._process = context.Process(
            target=run, args=(facts, self._screen.modes, theirs), name="view", daemon=True
        )
        self._process.start()
        theirs.close()
        self._before: Any = signal.signal(signal.SIGTSTP, self._pause)

    @property
    def is_there(self) -> bool:
        """Whether there is a view, or one that is being started."""
        return self._pipe is not None

    @property
    def pid(self) -> int | None:
        """The process' number, None when it has ended."""
        return self._process.pid if self.is_there else None

    def say(self, text: str) -> None:
        """Tell a person a line, in the view if there is one. Any thread may call it."""
        if self._is_up:
            self._waiting.append(text)
        else:
            self._plainly(text)

    def look(self) -> None:
        """Tell the process what was said, and see whether it has ended; ten times a second."""
        if self._pipe is None:
            return
        try:
            while self._pipe.poll():
                if self._pipe.recv_bytes() == MAY_I:
                    self._is_up = True
                    self._tell(GO)
            while self._waiting and self._has_room():
                text = self._waiting.popleft()
                self._told.append(text)
                self._tell(SAY + text.encode()[:LONGEST].decode("utf-8", "ignore").encode())
        except (EOFError, OSError):
            self._clear_up()
            self._plainly("the terminal's view ended: the music plays on")

    def close(self) -> None:
        """Get the terminal back, and end the process."""
        self.look()
        if not self.is_there:
            return
        has_left = self._make_it_leave()
        if has_left:
            self._told.clear()  # said on the terminal's own page, by the process
        self._clear_up(by_force=not has_left)

    def _pause(self, *_: object) -> None:
        """Ctrl-Z: leave the terminal to the shell, stop, and come back with `fg`."""
        has_left = self._make_it_leave()
        if not has_left:
            self._screen.give_back(by_force=True)
        self._stop()
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._tell(BACK)

    def _make_it_leave(self) -> bool:
        """Let the process give the terminal back; whether it did."""
        if self._pipe is None:
            return True
        try:
            if not self._has_room():
                return False
            self._tell(LEAVE)
            while self._pipe.poll(LEAVE_SECONDS):
                said = self._pipe.recv_bytes()
                if said == LEFT:
                    return True
                self._is_up |= said == MAY_I  # `BACK` lets it
        except (EOFError, OSError):
            pass
        return False

    def _clear_up(self, *, by_force: bool = True) -> None:
        """Let go of the process, and of the terminal if it didn't."""
        assert self._pipe is not None  # the callers asked
        self._pipe.close()
        self._pipe = None
        if by_force:
            self._process.kill()
        self._process.join(LEAVE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        if by_force and self._is_up:
            self._screen.give_back(by_force=True)
        self._is_up = False
        signal.signal(signal.SIGTSTP, self._before)
        for text in (*self._told, *self._waiting):
            self._plainly(text)
        self._told.clear()
        self._waiting.clear()

    def _tell(self, what: bytes) -> None:
        assert self._pipe is not None  # the callers asked
        self._pipe.send_bytes(what)

    def _has_room(self) -> bool:
        """Whether the process can be told something without waiting for it."""
        assert self._pipe is not None  # the callers asked
        return bool(select.select([], [self._pipe], [], 0.0)[1])
