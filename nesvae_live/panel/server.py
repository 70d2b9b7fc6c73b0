"""What browsers get: the page's files, the map, the take's kept bars, and one WebSocket.

The WebSocket says hello with all that never changes, then what has changed, up to 30 times a second; a
page that reads slowly gets fewer, never older, pictures. What a page says is a `messages.Message`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, REACH
from nesvae_live.music.voices import Voice
from nesvae_live.panel.door import Door
from nesvae_live.panel.drop import LARGEST, adopt, read_phrases
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.guard import Guard
from nesvae_live.panel.instrument import GoneError, Line
from nesvae_live.panel.messages import (
    ALL_AT_ONCE,
    ALL_PER_SECOND,
    PER_SECOND,
    Allowance,
    Learn,
    Unlearn,
    parse,
)
from nesvae_live.panel.picture import Viewer
from nesvae_live.panel.sound import SoundFeed, waves_to_bytes
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.panel.watcher import Watcher, is_offered

PAGE = Path(__file__).parent / "page"
MOST_PAGES = 16
READ_SECONDS = 5.0
"""A page that has not read a picture for so long is hung up on; it comes again by itself."""

CALM_SECONDS = 2.0
"""After a page was sent off for saying too much nobody comes in for so long: not it again, either."""

GOING, POLICY, FAULT, TRY_LATER = 1001, 1008, 1011, 1013
"""Codes with which a WebSocket is closed (RFC 6455)."""

MOST_REASON = 100
"""Characters of the reason, of which there may be 123 bytes."""

MAP_SCALE = 65_535
MEASURE_SCALE = 255


class Panel:
    """Serves a session to browsers; `sound` is what is heard."""

    def __init__(self, facts: PanelFacts, door: Door, sound: SoundRing) -> None:
        self.watcher = Watcher(facts)
        self._facts = facts
        self._line = Line(facts.control)
        self._allowance = Allowance(time.monotonic(), ALL_PER_SECOND, ALL_AT_ONCE)
        self._calm_at = float("-inf")
        self._adopts = asyncio.Lock()
        self._sound = SoundFeed(sound)
        self._map = b"" if facts.atlas is None else atlas_to_bytes(facts.atlas)
        routes = [
            Route("/map.bin", self._serve_map),
            Route("/take/{name}", self._serve_file),
            Route("/takes.json", self._serve_takes),
            Route("/choices.json", self._serve_choices),
            Route("/takes/{take}/{name}", self._serve_take),
            Route("/midi", self._read_midi, methods=["POST"]),
            Route("/adopt", self._adopt, methods=["POST"]),
            WebSocketRoute("/live", self._live),
            WebSocketRoute("/sound", self._play),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        self.app: ASGIApp = Guard(Starlette(routes=routes), door)

    def hello(self) -> dict[str, Any]:
        """All that a page needs to know once."""
        facts = self._facts
        return {
            "hello": {
                "table": facts.table,
                "attributes": [attribute.name for attribute in ATTRIBUTES],
                "voices": [voice.name for voice in Voice],
                "meter": facts.meter,
                "beats_per_bar": facts.beats_per_bar,
                "checkpoint": facts.checkpoint,
                "preset": facts.preset,
                "has_map": facts.atlas is not None,
            }
        }

    def close(self) -> None:
        """Hang up on the instrument."""
        self.watcher.close()
        self._line.close()

    async def _serve_map(self, _request: Request) -> Response:
        return Response(self._map, media_type="application/octet-stream")

    async def _serve_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = self._facts.take / name
        if Path(name).name != name or not is_offered(name) or not path.is_file():
            return PlainTextResponse("no such file in this take\n", 404)
        return FileResponse(path, filename=name)

    async def _serve_takes(self, _request: Request) -> Response:
        from nesvae_live.panel.takes import list_takes  # what reads logs takes its time to load

        return JSONResponse(await asyncio.to_thread(list_takes, self._facts.take))

    async def _serve_choices(self, _request: Request) -> Response:
        """What can be chosen while it plays; on a line of its own, for that takes a second."""
        line = Line(self._facts.control)
        try:
            return JSONResponse(await line.ask({"do": "choices"}))
        except GoneError as error:
            return PlainTextResponse(f"{error}\n", 503)
        finally:
            line.close()

    async def _serve_take(self, request: Request) -> Response:
        from nesvae_live.panel.takes import find_file

        take, name = request.path_params["take"], request.path_params["name"]
        path = await asyncio.to_thread(find_file, self._facts.take, take, name)
        if path is None:
            return PlainTextResponse("no such file of a take\n", 404)
        return FileResponse(
            path, filename=f"{take}{path.suffix}", content_disposition_type="inline"
        )

    async def _read_midi(self, request: Request) -> Response:
        """The phrases of a MIDI file that is sent here, which nobody keeps, or what is wrong with it."""
        return await _of_file(request, read_phrases)

    async def _adopt(self, request: Request) -> Response:
        """Make a style of a MIDI file that is sent here; one at a time."""
        if self._adopts.locked():
            return PlainTextResponse("another file is being adopted\n", 503)
        name, checkpoint = request.query_params.get("name", ""), self._facts.checkpoint_file
        async with self._adopts:
            return await _of_file(request, lambda data: adopt(data, name, checkpoint))

    async def _live(self, page: WebSocket) -> None:
        await page.accept()
        if self.watcher.viewers >= MOST_PAGES:
            await page.close(TRY_LATER, f"{MOST_PAGES} pages are open already")
            return
        if time.monotonic() < self._calm_at:
            await page.close(TRY_LATER, "a page sent too much: try again in a moment")
            return
        self.watcher.viewers += 1
        self.watcher.wake()
        try:
            await _until_one_ends(page, self._show(page), self._listen(page))
        finally:
            self.watcher.viewers -= 1

    async def _show(self, page: WebSocket) -> None:
        """Send what changes, for as long as the page reads; the voices' waves to who asked so."""
        viewer = Viewer()
        await _send(page, self.hello())
        if "waves" not in page.query_params:
            while True:
                await _send(page, viewer.news(self.watcher.picture))
                await self.watcher.next_picture()
        with self._sound.wanted():
            while True:
                await _send(page, viewer.news(self.watcher.picture))
                await _send_bytes(page, waves_to_bytes(self._sound.waves()))
                await self.watcher.next_picture()

    async def _play(self, page: WebSocket) -> None:
        """Let a page hear what is heard, until it leaves."""
        await page.accept()
        if self._sound.listeners >= MOST_PAGES:
            await page.close(TRY_LATER, f"{MOST_PAGES} pages are listening already")
            return
        await _until_one_ends(page, self._send_sound(page), _await_end(page))

    async def _send_sound(self, page: WebSocket) -> None:
        async with self._sound.pieces() as pieces:
            await _send(page, self._sound.about)
            while True:
                await _send_bytes(page, (await pieces.get()).to_bytes())

    async def _listen(self, page: WebSocket) -> None:
        """Carry out what the page says, one after the other, until it leaves or says too much."""
        allowance = Allowance(time.monotonic())
        while True:
            event = await page.receive()
            if event["type"] == "websocket.disconnect":
                return
            if not allowance.take(time.monotonic()):
                self._calm_at = time.monotonic() + CALM_SECONDS
                await page.close(POLICY, f"more than {PER_SECOND:.0f} messages a second")
                return
            said = event.get("text")
            error = await self._carry_out(said if said is not None else event.get("bytes", b""))
            if error is not None:
                await _send(page, {"error": error})

    async def _carry_out(self, said: str | bytes) -> str | None:
        """Carry out a message; what was wrong, in one line, or None."""
        if not self._allowance.take(time.monotonic()):
            return f"all pages together say more than {ALL_PER_SECOND:.0f} messages a second"
        try:
            message = parse(said)
            answer = await self._line.ask(message.to_command(self._facts.atlas))
        except (ValueError, GoneError) as error:
            return str(error)
        self.watcher.wake()
        if isinstance(message, Learn | Unlearn):
            self.watcher.begin_learning()
        return None if answer.get("ok") else str(answer.get("error"))


async def _of_file(request: Request, work: Callable[[bytes], dict[str, Any]]) -> Response:
    """What comes of a file that is sent here, or what is wrong with it."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST:
            return PlainTextResponse(
                f"more than {LARGEST >> 20} MB: that is no piece of music\n", 413
            )
    try:
        return JSONResponse(await asyncio.to_thread(work, bytes(data)))
    except ValueError as error:
        return JSONResponse({"error": str(error)})


async def _until_one_ends(page: WebSocket, *works: Coroutine[Any, Any, None]) -> None:
    """Do several things for a page until one of them ends, and hang up."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(RuntimeError, OSError):  # it left, or was sent off with reason
            await page.close(*_ending(ends))


async def _await_end(page: WebSocket) -> None:
    """Wait until a page leaves, which has nothing to say."""
    while (await page.receive())["type"] != "websocket.disconnect":
        await page.close(POLICY, "this socket takes no messages")


def _ending(ends: Sequence[BaseException | None]) -> tuple[int, str]:
    """The code and the reason with which a page is hung up on."""
    faults = [end for end in ends if end is not None and not isinstance(end, CancelledError)]
    if not faults:
        return GOING, ""
    fault = faults[0]
    if isinstance(fault, TimeoutError):
        return TRY_LATER, "the page does not read"
    return FAULT, f"{type(fault).__name__}: {fault}"[:MOST_REASON]


async def _send(page: WebSocket, content: dict[str, Any]) -> None:
    async with asyncio.timeout(READ_SECONDS):
        await page.send_text(msgspec.json.encode(content).decode())


async def _send_bytes(page: WebSocket, content: bytes) -> None:
    async with asyncio.timeout(READ_SECONDS):
        await page.send_bytes(content)


def atlas_to_bytes(atlas: Atlas) -> bytes:
    """The map as the page reads it: little-endian, row after row.

    First how many points there are (uint32), then (x, y) of each in 0..65535 (uint16), then its
    attributes in 0..255, for the colours (uint8).
    """
    places = np.round(np.clip(atlas.xy, 0.0, 1.0) * MAP_SCALE).astype("<u2")
    measures = np.clip(atlas.z[:, :N_ATTRIBUTES], -REACH, REACH) / (2 * REACH) + 0.5
    colours = np.round(measures * MEASURE_SCALE).astype(np.uint8)
    return np.uint32(len(places)).tobytes() + places.tobytes() + colours.tobytes()
