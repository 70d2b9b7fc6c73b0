"""The Ableton Link session that play joins: to follow it, or for the bars of a clock that rolls."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.live.config import ClockSetup
from nesvae_live.io.remote.link import LinkBars, LinkSession


def open_link(
    clock: str,
    setup: ClockSetup,
    quantum: float,
    waits: Callable[[], bool],
    *,
    start_stop: bool,
    inbox: SimpleQueue[Any],
    time: Time,
) -> LinkSession | None:
    """Make what listens to Link; it is not entered yet. None if Link was not asked for.

    Args:
        clock: what is followed, as the command line names it.
        setup: how it is.
        quantum: beats in a bar.
        waits: says whether clocks come without a start; any thread may ask.
        start_stop: start and stop with the session, if that is what is followed.
        inbox: takes what the session says.
        time: of its stamps.

    Raises:
        LinkError: aalink is not installed.
    """
    if clock == "link":
        return LinkSession(setup.tempo, quantum, start_stop=start_stop, inbox=inbox, time=time)
    if clock == "midi" and setup.join == "link":
        return LinkBars(setup.tempo, quantum, waits, inbox=inbox, time=time)
    return None
