"""Looks at the instrument for all pages at once, and keeps an eye on the take's folder."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.instrument import GoneError, Line
from nesvae_live.panel.picture import Picture
from nesvae_live.take.growing import bytes_per_second, in_words
from nesvae_live.take.wav import HEAD_BYTES

FRAME_SECONDS = 1 / 30
"""From one look to the next while somebody watches."""

SOONEST_SECONDS = FRAME_SECONDS / 2
"""At least so long it is to the next look, though a page did something that all pages are to show."""

IDLE_SECONDS = 1.0
"""While nobody does: often enough that no event is forgotten, and the last bars are there."""

SLOWLY_SECONDS = 1.0
"""From one look at snapshots, files and the disk to the next."""

LEARNING_SECONDS = 0.2
LEARNT_SECONDS = 10.0
"""So long after something was learnt it is still asked whether that was saved."""

OFFERED = (".mid", ".wav", ".png")
SOUND = "take.wav"
GROWING = ("take.mid", SOUND, "take.png")
"""Files that aren't whole before the performance is over."""


class Watcher:
    """Keeps a picture up to date, and tells who waits for the next one."""

    def __init__(self, facts: PanelFacts) -> None:
        self.picture = Picture(facts)
        self.viewers = 0
        """How many pages look."""
        self._line = Line(facts.control)
        self._learning = Line(facts.control)
        self._take, self._rate = facts.take, facts.sample_rate
        self._next = asyncio.Event()
        self._learns_until = float("-inf")
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Look, again and again."""
        slowly = learning = float("-inf")
        while True:
            began = time.monotonic()
            due = began >= slowly + SLOWLY_SECONDS
            try:
                told = await self._line.ask(
                    {"do": "watch", "after": self.picture.next_event, "snapshots": due}
                )
                self.picture.take(told)
                if began < self._learns_until and began >= learning + LEARNING_SECONDS:
                    learning = began
                    await self._look_at_learning(began)
            except GoneError:
                self.picture.lose()
            if due:
                slowly = began
                self.picture.things["recording"] = await asyncio.to_thread(
                    look_at, self._take, self._rate
                )
            self._tell()
            await self._pause(began)

    async def next_picture(self) -> None:
        """Wait until there is something newer to see."""
        await self._next.wait()

    def begin_learning(self) -> None:
        """Something is to be learnt: look what becomes of it, for as long as it takes."""
        self._learns_until = time.monotonic() + LEARNT_SECONDS

    def wake(self) -> None:
        """Somebody came, or did something: look now."""
        self._woken.set()

    def close(self) -> None:
        """Hang up on the instrument."""
        self._line.close()
        self._learning.close()

    async def _look_at_learning(self, now: float) -> None:
        told = await self._learning.ask({"do": "learning"})
        self.picture.things["learning"] = told
        if told.get("target") is not None:
            self._learns_until = now + LEARNT_SECONDS

    def _tell(self) -> None:
        done, self._next = self._next, asyncio.Event()
        done.set()

    async def _pause(self, began: float) -> None:
        seconds = FRAME_SECONDS if self.viewers else IDLE_SECONDS
        left = began + seconds - time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._woken.wait()
        self._woken.clear()
        await asyncio.sleep(max(began + SOONEST_SECONDS - time.monotonic(), 0.0))


def look_at(take: Path, sample_rate: int) -> dict[str, Any]:
    """The take's folder: how long and how large it is, what is free beside it, files to be had."""
    try:
        sizes = {path.name: path.stat().st_size for path in take.iterdir() if path.is_file()}
        free = shutil.disk_usage(take).free
    except OSError as error:
        return {"take": str(take), "error": error.strerror or str(error)}
    files = sorted(name for name in sizes if is_offered(name))
    return {
        "take": str(take),
        "seconds": round(max(sizes.get(SOUND, 0) - HEAD_BYTES, 0) / (2 * sample_rate)),
        "room": in_words(free / bytes_per_second(sample_rate)),
        "megabytes": round(sum(sizes.values()) / 1e6, 1),
        "free_gigabytes": round(free / 1e9, 1),
        "files": files,
    }


def is_offered(name: str) -> bool:
    """Whether a file of the take can be had while it plays."""
    return name.endswith(OFFERED) and not name.startswith(".") and name not in GROWING
