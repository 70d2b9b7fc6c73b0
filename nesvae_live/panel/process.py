"""The panel's process: uvicorn on the socket that it was given, until the instrument is gone.

It says each second through the pipe that it is alive. The other end closes the pipe to end it; so
does the instrument's own end, whatever that was.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from multiprocessing.connection import Connection

import uvicorn

from nesvae_live.panel.door import Door
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.messages import LARGEST
from nesvae_live.panel.server import Panel
from nesvae_live.panel.soundring import SoundRing

BEAT_SECONDS = 1.0
"""From one sign of life to the next."""

MOST_CONNECTIONS = 64
PING_SECONDS = 20.0


def config_for(panel: Panel) -> uvicorn.Config:
    """How uvicorn serves a panel."""
    return uvicorn.Config(
        panel.app,
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=LARGEST,
        ws_ping_interval=PING_SECONDS,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )


class Server(uvicorn.Server):
    """One that leaves signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the instrument decides."""
        yield


async def serve(
    facts: PanelFacts, door: Door, sound: SoundRing, listener: socket.socket, pipe: Connection
) -> None:
    """Serve until the other end of the pipe is gone."""
    panel = Panel(facts, door, sound)
    server = Server(config_for(panel))
    tasks = [
        asyncio.create_task(panel.watcher.run()),
        asyncio.create_task(server.serve(sockets=[listener])),
        asyncio.create_task(_live_with(pipe)),
    ]
    _, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    panel.close()


async def _live_with(pipe: Connection) -> None:
    """Say that all is well, until the other end is gone."""
    with contextlib.suppress(OSError, EOFError):
        while not pipe.poll():
            pipe.send_bytes(b".")
            await asyncio.sleep(BEAT_SECONDS)
