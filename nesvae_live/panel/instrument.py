"""The instrument, from the panel's side: its control socket, asked from an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nesvae_live.io.remote.client import ControlError, connect

ANSWER_SECONDS = 5.0
LONGEST_ANSWER = 1 << 20


class GoneError(Exception):
    """The instrument does not answer; it is asked again as if nothing had been."""


class Line:
    """One connection to the control socket: a command goes, its answer comes, one at a time.

    It connects when it is first used, and again after it was lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Send a command; its answer.

        Raises:
            GoneError: nothing plays there, or it doesn't answer.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._exchange(command)
            except (OSError, EOFError, ValueError, ControlError) as error:
                self.close()
                raise GoneError(str(error)) from None
            except (
                BaseException
            ):  # cancelled: an answer may be on its way, and is not the next one's
                self.close()
                raise

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, command: Mapping[str, Any]) -> dict[str, Any]:
        if self._streams is None:
            sock = await asyncio.to_thread(connect, self._path)
            sock.setblocking(False)
            self._streams = await asyncio.open_connection(sock=sock, limit=LONGEST_ANSWER)
        reader, writer = self._streams
        writer.write(msgspec.json.encode(command) + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise EOFError("the instrument hung up")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer
