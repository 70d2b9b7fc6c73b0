"""A panel without its process: the server in a thread of the test, and pages that are bare clients."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self

import numpy as np
import uvicorn
from websockets.sync.client import ClientConnection, connect

from nesvae_live.control.inputs import GetLearning, Input
from nesvae_live.io.remote.asides import Desk
from nesvae_live.io.remote.server import ControlServer
from nesvae_live.latent.atlas import Atlas
from nesvae_live.panel.door import Door, open_door
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.process import config_for
from nesvae_live.panel.server import Panel
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.panel.table import table
from tests.support.fakes import ManualTime
from tests.support.tiny import TINY, tiny_checkpoint

ANSWER_SECONDS = 10.0
ANY_PORT = 0
RATE, LEAD_SECONDS = 44_100, 0.035


def some_facts(folder: Path, *, has_map: bool = True) -> PanelFacts:
    """Of a session that a test makes up; `folder` is the take's and has the control socket."""
    checkpoint = tiny_checkpoint(TINY)
    draw = np.random.default_rng(3)
    z = draw.standard_normal((400, 8 + TINY.style)).astype(np.float32)
    xy = draw.random((400, 2)).astype(np.float32)
    return PanelFacts(
        control=folder / "socket",
        take=folder,
        meter="4/4",
        beats_per_bar=4.0,
        checkpoint="tiny",
        preset="default",
        quantiles=checkpoint.quantiles,
        reach=checkpoint.quantiles.reach(),
        table=table(TINY.style, {"style1": "brighter"}),
        atlas=Atlas(z, xy) if has_map else None,
        sample_rate=RATE,
    )


class Told:
    """Stands for the instrument: tells what a test puts into `look`, and keeps what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.heard: list[Input] = []
        self.targets: dict[str, float] = {"swap": 1.0, "density": 0.25}
        self.status: dict[str, Any] = {"beat": 1.0, "tempo": 120.0, "motion": "running"}
        self.played: list[list[Any]] = []
        self.looked: list[float] = []  # when, in seconds
        self.refuses: str | None = None
        self.asked: list[object] = []  # beside the music
        desk = Desk(lambda _: [0.0] * (8 + TINY.style), self.again, self.choices, self.choose)
        time = ManualTime(1.0)
        self._server = ControlServer(self.inbox, time, folder / "socket", self.look, desk)
        self._thread = threading.Thread(target=self._run)

    def look(self, after: int, snapshots: bool) -> dict[str, Any]:
        self.looked.append(time.monotonic())
        told: dict[str, Any] = {
            "status": self.status,
            "targets": dict(self.targets),
            "z": [0.0] * (8 + TINY.style),
            "mask": [0.0] * 8,
            "goal": None,
            "phrase": None,
            "line": None,
            "takeover": {},
            "themes": {},
            "played": self.played[after:],
            "next": len(self.played),
        }
        return told | ({"snapshots": {}} if snapshots else {})

    def again(self, name: str | None) -> dict[str, Any]:
        self.asked.append(name)
        return {}

    def choices(self) -> dict[str, Any]:
        how = {"how": "at a bar line", "why_not": ""}
        no = {"now": "none", "there": [], "how": "", "why_not": "none was opened at the start"}
        return {"preset": {"now": "default", "there": ["default", "mine"], **how}, "audio": no}

    def choose(self, what: str, name: str | None) -> dict[str, Any]:
        self.asked.append((what, name))
        return {"said": "at a bar line"}

    def __enter__(self) -> Self:
        self._server.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self.inbox.get()) is not None:
            self.heard.append(item)
            if isinstance(item, GetLearning):
                item.reply({"ok": True, "target": None, "number": 1, "learnt": None})
            elif self.refuses is not None:
                item.reply({"ok": False, "error": self.refuses})
            else:
                item.reply({"ok": True})


@contextmanager
def serving_at(
    facts: PanelFacts, host: str | None, sound: SoundRing | None = None
) -> Iterator[Door]:
    """A panel in a thread of this process; its door. `sound` is what is heard."""
    door, listener = open_door(ANY_PORT, host)
    ready, ended = threading.Event(), threading.Event()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        panel = Panel(facts, door, sound or SoundRing(RATE, LEAD_SECONDS))
        server = uvicorn.Server(config_for(panel))
        servers.append(server)
        looking = asyncio.create_task(panel.watcher.run())
        ready.set()
        await server.serve(sockets=[listener])
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        panel.close()

    def work() -> None:
        asyncio.run(serve())
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(ANSWER_SECONDS)
        yield door
    finally:
        servers[0].should_exit = True
        thread.join(ANSWER_SECONDS)
        listener.close()
        assert ended.is_set()


@contextmanager
def serving(facts: PanelFacts, sound: SoundRing | None = None) -> Iterator[int]:
    """The same, for this machine; its port."""
    with serving_at(facts, None, sound) as door:
        yield door.port


class BarePage:
    """A page without a browser: what it was told, and what it says.

    `host`, `origin` and `cookie` are what it comes with, if it isn't this machine's own page.
    """

    def __init__(self, port: int, **options: Any) -> None:
        host = options.pop("host", "127.0.0.1")
        origin = options.pop("origin", f"http://{host}:{port}")
        cookie = options.pop("cookie", None)
        self._connect = connect(
            f"ws://{host}:{port}/live",
            origin=origin,
            max_size=None,
            additional_headers={} if cookie is None else {"Cookie": cookie},
            **options,
        )
        self.socket: ClientConnection
        self.hello: dict[str, Any] = {}
        self.things: dict[str, Any] = {}
        self.targets: dict[str, float | None] = {}
        self.played: list[list[Any]] = []
        self.errors: list[str] = []
        self.pictures = 0

    def __enter__(self) -> Self:
        self.socket = self._connect.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connect.__exit__(None, None, None)

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, timeout: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Take one message."""
        news: dict[str, Any] = json.loads(self.socket.recv(timeout))
        self.hello = news.get("hello", self.hello)
        self.things |= news.get("things", {})
        self.targets |= news.get("targets", {})
        self.played += news.get("played", [])
        self.errors += [news["error"]] if "error" in news else []
        self.pictures += "beat" in news
        return news

    def wait_for(self, condition: Callable[[], bool], timeout: float = ANSWER_SECONDS) -> None:
        """Take messages until something is so."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            self.hear()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
