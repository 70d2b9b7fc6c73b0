"""An Ableton Link session, joined through aalink (an extra: its licence is the GPL)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.linkclocks import LINK_PORT, LinkClocks
from nesvae_live.control.inputs import LinkBar, MidiIn

POLL_SECONDS = 0.004
"""Seconds between two polls of the session; the stamps of its clocks are exact all the same."""

SAY_AGAIN = 0.25
"""Seconds after which a bar line that is still waited for is said again."""

CLOSE_SECONDS = 2.0
"""How long the thread may take to end."""


class LinkError(NesvaeError):
    """Link can't be joined; one line for a person says why."""


class LinkSession:
    """Joins the session on this network, and puts its clocks into the inbox; `with` leaves it.

    An error in the thread ends the thread and stays in `error`; for the music the clock is lost.

    Raises:
        LinkError: aalink is not installed.
    """

    def __init__(
        self,
        tempo: float,
        quantum: float,
        *,
        start_stop: bool,
        inbox: SimpleQueue[Any],
        time: Time,
    ) -> None:
        try:
            import aalink
        except ImportError:
            raise LinkError(
                "Ableton Link needs aalink: in the project's folder, pip install -c constraints.txt -e '.[link]'"
            ) from None

        async def join() -> Any:
            return aalink.Link(tempo)

        self._loop = (
            asyncio.new_event_loop()
        )  # aalink needs a running one, and nothing else uses it
        self._link: Any = self._loop.run_until_complete(join())
        self._link.quantum = quantum
        self._link.start_stop_sync_enabled = start_stop
        self._clocks = LinkClocks(quantum, start_stop=start_stop)
        self._inbox, self._time = inbox, time
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Ableton Link", daemon=True)
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        self._link.enabled = True
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(CLOSE_SECONDS)
        self._link.enabled = False
        self._loop.close()

    @property
    def peers(self) -> int:
        """How many others are in the session."""
        return int(self._link.num_peers)

    def poll(self) -> None:
        """Put the clocks that were due since the last poll into the inbox. Runs in the thread."""
        before = self._time.now()
        beat, tempo, playing = self._link.beat, self._link.tempo, self._link.playing
        after = self._time.now()
        if after - before > POLL_SECONDS:
            return  # another thread ran in between: what was read fits no time, the next poll will
        self._take(beat, (before + after) / 2, 60.0 / tempo, playing=bool(playing))

    def _take(self, beat: float, at: float, beat_seconds: float, *, playing: bool) -> None:
        """Put what is to be said of the session, whose beat falls `at` seconds, into the inbox."""
        for data, when in self._clocks.due(beat, at, beat_seconds, playing=playing):
            self._inbox.put(MidiIn(LINK_PORT, data, when))

    def _run(self) -> None:
        """Poll until told to stop."""
        try:
            while not self._stopping.wait(POLL_SECONDS):
                self.poll()
        except Exception as error:  # noqa: BLE001 - kept for whoever watches it
            self.error = error


class LinkBars(LinkSession):
    """Puts a session's bar line into the inbox while it is waited for, as long as somebody is there.

    Only then is it in the session, so that nobody has to do with our tempo. `waits` says whether a
    clock waits for it; any thread may ask.

    Raises:
        LinkError: aalink is not installed.
    """

    def __init__(
        self,
        tempo: float,
        quantum: float,
        waits: Callable[[], bool],
        *,
        inbox: SimpleQueue[Any],
        time: Time,
    ) -> None:
        super().__init__(tempo, quantum, start_stop=False, inbox=inbox, time=time)
        self._quantum = quantum
        self._waits = waits
        self._told_at = -SAY_AGAIN

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def poll(self) -> None:
        """Join the session while it is waited for, and say where its bar began. Runs in the thread."""
        waits = self._waits()
        if waits != self._link.enabled:
            self._link.enabled = waits
        if waits:
            super().poll()

    def _take(self, beat: float, at: float, beat_seconds: float, *, playing: bool) -> None:
        del playing
        if self.peers and at - self._told_at >= SAY_AGAIN:
            self._told_at = at
            self._inbox.put(LinkBar(beat % self._quantum * beat_seconds, at))
