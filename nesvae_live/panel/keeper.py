"""The panel, from the instrument's side: its port, and its process, started and started again.

The port is opened here and handed to each process, so that the address is known at once and stays
the same, and a page that asks while a process is being started only waits.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.panel.child import run
from nesvae_live.panel.door import Door
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.soundring import SoundRing

START_SECONDS = 20.0
"""What a start may take before that, on a busy machine."""

STUCK_SECONDS = 10.0
"""A process that gives no sign of life for so long is ended; it gives one each second."""

SLEPT_SECONDS = 3.0
"""Who didn't look for so long was stopped itself, and the process with it (Ctrl-Z)."""

AGAIN_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait before the first start, the second, ...; as long as the last from then on."""

WELL_SECONDS = 60.0
"""A process that has lived for so long was well started."""

CLOSE_SECONDS = 2.0


class PanelKeeper:
    """Keeps the panel up, for the main thread; nothing here waits for the process.

    Args:
        door: from `open_door`.
        listener: the same.
        sound: what is heard.
        time: seconds.
        say: takes one line for a person.
    """

    def __init__(
        self,
        door: Door,
        listener: socket.socket,
        sound: SoundRing,
        time: Time,
        say: Callable[[str], None],
    ) -> None:
        self.door = door
        self.starts = 0
        """How often its process was started."""
        self._listener = listener
        self._sound = sound
        self._facts: PanelFacts | None = None
        self._time = time
        self._say = say
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Connection | None = None
        self._telling: threading.Thread | None = None
        self._tries = 0
        self._start_at = float("-inf")
        self._started = self._alive = self._looked = 0.0

    @property
    def pid(self) -> int | None:
        """The process' number, None while there is none."""
        return None if self._process is None else int(self._process.pid)

    def look(self) -> None:
        """Start the process if there is none, and end one that is stuck; about twice a second."""
        now = self._time.now()
        if self._pipe is None:
            if now >= self._start_at:
                self._start(now)
            return
        if now - self._looked > SLEPT_SECONDS:
            self._alive = max(self._alive, now)
        self._looked = now
        ended = self._hear(now)
        if not ended and now - self._alive <= STUCK_SECONDS:
            return
        self._drop(patience=0.0)
        if now - self._started > WELL_SECONDS:
            self._tries = 1
        self._start_at = now + AGAIN_SECONDS[min(self._tries, len(AGAIN_SECONDS) - 1)]
        self._say(f"the panel {'ended' if ended else 'was stuck'}: starting it again")

    def show(self, facts: PanelFacts) -> None:
        """Show a session; for another one the process is started anew, and pages come back by themselves.

        A process that was started by `look` before there was any session has loaded meanwhile.
        """
        if self._facts is not None:
            self._drop(patience=0.0)
            self._tries = 0
            self._start_at = float("-inf")
        self._facts = facts
        if self._pipe is None:
            self.look()
        else:
            self._tell(self._pipe, facts)

    def close(self) -> None:
        """End the process, and give the port back."""
        self._drop(patience=CLOSE_SECONDS)
        self._listener.close()

    def _start(self, now: float) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=run,
            args=(self.door, self._sound, self._listener, theirs),
            name="panel",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self.starts += 1
        self._tries += 1
        self._started, self._alive, self._looked = now, now + START_SECONDS, now
        if self._facts is not None:
            self._tell(self._pipe, self._facts)

    def _tell(self, pipe: Connection, facts: PanelFacts) -> None:
        """Tell the process what it is to serve; a thread waits until it has loaded enough to hear it."""

        def send() -> None:
            with contextlib.suppress(OSError):  # it has ended
                pipe.send(facts)

        self._telling = threading.Thread(target=send, name="panel facts", daemon=True)
        self._telling.start()

    def _hear(self, now: float) -> bool:
        """Take its signs of life; whether it has ended."""
        assert self._pipe is not None  # the caller asked
        try:
            while self._pipe.poll():
                self._pipe.recv_bytes()
                self._alive = now
        except (EOFError, OSError):
            return True
        return not self._process.is_alive()

    def _drop(self, patience: float) -> None:
        """Let go of the process, by force after `patience` seconds."""
        if self._pipe is None:
            return
        self._sound.wanted = False
        if self._telling is not None and self._telling.is_alive():
            self._process.kill()  # it hasn't heard what it is to serve; nobody closes a pipe in use
            self._telling.join(CLOSE_SECONDS)
        self._telling = None
        self._pipe.close()
        self._pipe = None
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._process = None
