"""Where the panel's process begins; it alone loads what it takes to serve a page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from multiprocessing.connection import Connection

from nesvae_live.panel.door import Door
from nesvae_live.panel.soundring import SoundRing

YIELDING = 5
"""By so much nicer than the music."""


def run(door: Door, sound: SoundRing, listener: socket.socket, pipe: Connection) -> None:
    """The process; `listener` listens already. What it serves comes through the pipe, a `PanelFacts`."""
    for name in ("SIGINT", "SIGHUP"):  # they go to the whole group; the instrument decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # the terminal is the instrument's
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(YIELDING)
    from nesvae_live.panel.process import serve

    try:
        facts = pipe.recv()
    except (EOFError, OSError):
        return  # there was no session
    asyncio.run(serve(facts, door, sound, listener, pipe))
