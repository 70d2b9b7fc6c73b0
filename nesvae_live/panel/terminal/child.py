"""The view's process: keys in, commands out, ten pictures a second, until the instrument is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from nesvae_live.panel.terminal.facts import ViewFacts

if TYPE_CHECKING:
    from nesvae_live.panel.instrument import Line
    from nesvae_live.panel.terminal.screen import Screen

YIELDING = 5
"""By so much nicer than the music."""

PICTURE_SECONDS = 0.1
MESSAGE_SECONDS = 5.0
KEPT_NOTICES = 50
MOST_WAITING = 64
"""Keys that may wait for their turn; those beyond are dropped."""

READ_BYTES = 1024
KEYS, PICTURE = 0, 2
"""File descriptors: standard input, and standard error, where everything else is said, too."""

MAY_I, GO, SAY, LEAVE, LEFT, BACK = b"?", b"g", b"s", b"l", b"l", b"b"
"""What is said through the pipe. Up: may I take the terminal; I have left it. Down: go; a notice,
which follows; leave the terminal, and say so; you may have it again."""


def run(facts: ViewFacts, modes: list[Any], pipe: Connection) -> None:
    """The process; `modes` are those that the terminal had before."""
    for name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # the instrument decides
    with contextlib.suppress(OSError):
        os.nice(YIELDING)
    from nesvae_live.panel.terminal.screen import Screen

    screen = Screen(KEYS, PICTURE, modes)
    view = LiveView(facts, screen, pipe)
    try:
        asyncio.run(view.until_over())
    finally:
        view.leave()


class LiveView:
    """The view of one session, in its process."""

    def __init__(self, facts: ViewFacts, screen: Screen, pipe: Connection) -> None:
        from nesvae_live.panel.instrument import Line
        from nesvae_live.panel.terminal.drawing import Drawing
        from nesvae_live.panel.terminal.hands import Hands
        from nesvae_live.panel.terminal.view import View, knobs_of

        self._screen = screen
        self._pipe = pipe
        self._watching, self._playing = Line(facts.control), Line(facts.control)
        self._hands = Hands(knobs_of(facts))
        self._view = View(facts, self._hands)
        self._drawing = Drawing(screen.picture)
        self._told: dict[str, Any] | None = None
        self._notices: deque[str] = deque(maxlen=KEPT_NOTICES)
        self._unread: deque[str] = deque(maxlen=KEPT_NOTICES)
        self._message, self._message_until = "", 0.0
        self._keys: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._over = asyncio.Event()
        self._may = False

    async def until_over(self) -> None:
        """Show and play, until the other end of the pipe is gone."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pipe.fileno(), self._hear)
        self._pipe.send_bytes(MAY_I)
        works = (self._show, self._watch, self._play, self._over.wait)
        tasks = [asyncio.create_task(work()) for work in works]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(self._pipe.fileno())
        loop.remove_reader(KEYS)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            task.result()

    def leave(self) -> None:
        """Give the terminal back, and say there what was said on our page of it."""
        if self._screen.is_taken:
            self._screen.give_back()
            while self._unread:
                self._screen.print(self._unread.popleft())

    def _hear(self) -> None:
        """Take what the instrument says through the pipe."""
        try:
            while self._pipe.poll():
                said = self._pipe.recv_bytes()
                if said[:1] == SAY:
                    self._take_notice(said[1:].decode())
                elif said == LEAVE:
                    self._may = False
                    self._stop_reading()
                    self.leave()
                    self._pipe.send_bytes(LEFT)
                else:
                    self._may = True
        except (EOFError, OSError):
            self._over.set()

    def _take_notice(self, text: str) -> None:
        self._notices.append(text)
        if self._screen.is_taken:
            self._unread.append(text)
        else:
            self._screen.print(text)

    async def _show(self) -> None:
        """Draw, while the terminal is ours."""
        loop = asyncio.get_running_loop()
        while True:
            is_ours = self._may and self._screen.is_ours
            if is_ours and not self._screen.is_taken:
                self._screen.take()
                self._drawing.forget()
                loop.add_reader(KEYS, self._read_keys)
            elif self._screen.is_taken and not is_ours:
                self._stop_reading()
                self.leave()
            if self._screen.is_taken:
                now = time.monotonic()
                message = self._message if now < self._message_until else ""
                lines = self._view.lines(self._told, self._notices, message, now)
                self._drawing.draw(lines, now)
            await asyncio.sleep(PICTURE_SECONDS)

    async def _watch(self) -> None:
        """Look at the instrument, whether it is shown or not: what was late is counted."""
        while True:
            await self._look(self._watching)
            await asyncio.sleep(PICTURE_SECONDS)

    async def _look(self, line: Line) -> None:
        from nesvae_live.panel.instrument import GoneError

        try:
            self._told = await line.ask({"do": "watch", "after": NOTHING_PLAYED})
        except GoneError:
            self._told = None

    async def _play(self) -> None:
        """Do what keys ask for, one after the other, each as everything stands after the last."""
        from nesvae_live.panel.instrument import GoneError

        while True:
            key = await self._keys.get()
            for command in self._hands.press(key, self._told["targets"] if self._told else {}):
                try:
                    answer = await self._playing.ask(command)
                except GoneError as error:
                    answer = {"ok": False, "error": str(error)}
                if not answer.get("ok"):
                    self._message = str(answer.get("error"))
                    self._message_until = time.monotonic() + MESSAGE_SECONDS
                await self._look(self._playing)

    def _read_keys(self) -> None:
        from nesvae_live.panel.terminal.keystrokes import keystrokes

        try:
            sent = os.read(KEYS, READ_BYTES)
        except OSError:
            sent = b""
        if not sent:  # the terminal was closed
            self._stop_reading()
            return
        for key in keystrokes(sent):
            with contextlib.suppress(asyncio.QueueFull):
                self._keys.put_nowait(key)

    def _stop_reading(self) -> None:
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(KEYS)


NOTHING_PLAYED = 1 << 62
"""An event that has not been: what was played isn't asked for."""
