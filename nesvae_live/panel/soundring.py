"""What is heard, in memory that the instrument's process and the panel's share.

The renderer writes each block as it makes it, some 35 ms before it is to sound, but only while
somebody wants it; it waits for nobody. Who reads too slowly misses frames, and is told which.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.voices import Voice

RING_FRAMES = 1 << 15
"""Frames in the ring: 0.7 s at 44.1 kHz."""

SPARE_FRAMES = 1 << 12
"""So many of the oldest may be being written over, and are not read."""

STEREO = 2
CHANNELS = STEREO + len(Voice)
"""Left and right as they are heard, then each voice by itself."""

BEGIN, END, WANTED, HEAD = range(4)
"""Indices into the head: the first frame since somebody wanted them, the frame after the newest,
whether somebody wants them now; and the head's length."""

LOUDEST = 32_767
Samples = NDArray[np.int16]


class SoundRing:
    """The last frames that were rendered: int16, `[RING_FRAMES, CHANNELS]`.

    Frame `n` is sample `n` of the take. One thread writes, in one process; any may read. It goes to
    another process as an argument of that process.

    Args:
        sample_rate: in Hz.
        lead_seconds: how long before it sounds a frame is written.
    """

    def __init__(self, sample_rate: int, lead_seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.sample_rate = sample_rate
        self.lead_seconds = lead_seconds
        self._shared: tuple[Any, Any] = (
            context.RawArray("q", HEAD),
            context.RawArray("h", RING_FRAMES * CHANNELS),
        )
        self._view()

    def _view(self) -> None:
        head, frames = self._shared
        self._head = np.frombuffer(head, np.int64)
        self._frames: Samples = np.frombuffer(frames, np.int16).reshape(-1, CHANNELS)

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: the memory itself, and no views of it."""
        return {k: v for k, v in vars(self).items() if k not in {"_head", "_frames"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The other process' own views of the same memory."""
        vars(self).update(state)
        self._view()

    @property
    def wanted(self) -> bool:
        """Whether somebody reads. The renderer's thread asks before each block."""
        return bool(self._head[WANTED])

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self._head[WANTED] = wanted

    @property
    def end(self) -> int:
        """The frame after the newest."""
        return int(self._head[END])

    def put(self, first: int, heard: NDArray[np.float32], stems: Samples) -> None:
        """Write a block, from frame `first` on. Runs in the renderer's thread: it only copies.

        Args:
            first: the number of its first frame.
            heard: float32 `[frames, 2 or more]` in about -1..1: left, right, and what else there is.
            stems: int16 `[frames, 4]`.
        """
        count = len(stems)
        block = np.empty((count, CHANNELS), np.int16)
        block[:, :STEREO] = np.clip(heard[:, :STEREO], -1.0, 1.0) * LOUDEST
        block[:, STEREO:] = stems
        if first != self.end:
            self._head[BEGIN] = first
        place = first % RING_FRAMES
        straight = min(count, RING_FRAMES - place)
        self._frames[place : place + straight] = block[:straight]
        self._frames[: count - straight] = block[straight:]
        self._head[END] = first + count

    def read(self, first: int, end: int, channels: slice) -> Samples | None:
        """Frames `first` to `end` of some channels, `[frames, channels]`; None if they aren't there."""
        if first < self._head[BEGIN]:
            return None
        indices = np.arange(first, end) % RING_FRAMES
        frames: Samples = self._frames[indices, channels]
        if self.end - first > RING_FRAMES - SPARE_FRAMES:
            return None
        return frames
