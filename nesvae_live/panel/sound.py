"""The sound for pages: what is heard, a piece at a time to who listens, and the voices' waves.

    GET /sound    a WebSocket: first what it is, as JSON, then pieces, as `Piece.to_bytes`
    /live?waves   beside the news, each time what the voices sound like, as `waves_to_bytes`

A page that reads too slowly misses pieces, and sees it by their numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from nesvae_live.panel.soundring import CHANNELS, STEREO, Samples, SoundRing

PIECE_SECONDS = 0.02
"""From one piece to the next."""

MOST_WAITING = 25
"""Pieces that wait for a page that does not read: half a second."""

WAVE_FRAMES = 1024
"""How long a wave is that a page gets, ..."""

WAVE_STEP = 2
"""... of which it gets every second sample."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames from number `first` on, int16 `[frames, 2]`."""

    first: int
    frames: Samples

    def to_bytes(self) -> bytes:
        """As a page reads it, little-endian: the number (float64), then left and right by turns."""
        return np.float64(self.first).tobytes() + self.frames.astype("<i2").tobytes()


class SoundFeed:
    """Reads the ring for all pages at once, while any of them wants it."""

    def __init__(self, ring: SoundRing) -> None:
        self._ring = ring
        ring.wanted = False
        self._looking = 0
        self._queues: set[asyncio.Queue[Piece]] = set()
        self._reader: asyncio.Task[None] | None = None

    @property
    def about(self) -> dict[str, Any]:
        """What a page needs to know of the pieces."""
        ring = self._ring
        return {"rate": ring.sample_rate, "lead": ring.lead_seconds}

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return len(self._queues)

    @contextmanager
    def wanted(self) -> Iterator[None]:
        """While this lasts, the instrument gives what it makes."""
        self._looking += 1
        self._ring.wanted = True
        try:
            yield
        finally:
            self._looking -= 1
            self._ring.wanted = self._looking > 0

    @asynccontextmanager
    async def pieces(self) -> AsyncIterator[asyncio.Queue[Piece]]:
        """A queue that gets each piece from now on; those that find it full are missing."""
        queue: asyncio.Queue[Piece] = asyncio.Queue(MOST_WAITING)
        with self.wanted():
            self._queues.add(queue)
            if self._reader is None:
                self._reader = asyncio.create_task(self._read(self._ring.end))
            try:
                yield queue
            finally:
                self._queues.discard(queue)
                if not self._queues:
                    self._reader.cancel()
                    self._reader = None

    def waves(self) -> Samples:
        """The voices as they sound now, int16 `[4, WAVE_FRAMES / WAVE_STEP]`."""
        ring = self._ring
        now = ring.end - round(ring.lead_seconds * ring.sample_rate)
        frames = ring.read(now - WAVE_FRAMES, now, slice(STEREO, CHANNELS))
        if frames is None:
            return np.zeros((CHANNELS - STEREO, WAVE_FRAMES // WAVE_STEP), np.int16)
        return np.ascontiguousarray(frames[::WAVE_STEP].T)

    async def _read(self, at: int) -> None:
        """Give each queue what is new, from frame `at` on."""
        ring = self._ring
        while True:
            await asyncio.sleep(PIECE_SECONDS)
            end = ring.end
            frames = ring.read(at, end, slice(STEREO)) if end > at else None
            if frames is not None:
                for queue in self._queues:
                    with contextlib.suppress(asyncio.QueueFull):
                        queue.put_nowait(Piece(at, frames))
            at = end


def waves_to_bytes(waves: Samples) -> bytes:
    """Waves as a page reads them: a byte a sample, 128 in the middle of the voice, voice by voice.

    Each voice is drawn about its own middle, and to one scale, by which the loudest just fits.
    """
    low, high = waves.min(axis=1, keepdims=True), waves.max(axis=1, keepdims=True)
    centred = waves - (low.astype(np.int32) + high) // 2
    return bytes(np.clip(centred // WAVE_SCALE + 128, 0, 255).astype(np.uint8).tobytes())


WAVE_SCALE = 32
"""Units of int16 in one of a wave's: a voice at its loudest spans some 8,000."""
