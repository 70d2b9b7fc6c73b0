"""Who hears what is rendered: the device, through rings that it reads, and whoever listens beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Device(Protocol):
    """What plays: the `n`-th frame that output `i` takes is `rings[i][n % len(rings[i])]`.

    Samples are float32 in -1..1. There are two outputs or, with one for each voice, six; all rings
    have the same length.
    """

    @property
    def rings(self) -> Sequence[npt.NDArray[np.float32]]:
        """One for each output."""
        ...

    @property
    def block_ahead(self) -> int:
        """How many of the frames that it has just taken are still to be heard."""
        ...

    def frames_played(self) -> int:
        """How many frames the device has taken in all."""
        ...


class Monitor(Protocol):
    """Who else hears what is heard: asked before each block, and given it if so."""

    @property
    def wanted(self) -> bool:
        """Whether anybody listens now."""
        ...

    def put(self, first: int, heard: npt.NDArray[np.float32], stems: npt.NDArray[np.int16]) -> None:
        """Take samples from number `first` on, in the renderer's thread; must not block.

        `heard` is what the mixer made, `[frames, outputs]`, `stems` are the voices, `[frames, 4]`.
        """
        ...


def write_ring(ring: npt.NDArray[np.float32], first: int, block: npt.NDArray[np.float32]) -> None:
    """Put `block` into a ring from frame `first` on, round its end."""
    begin = first % len(ring)
    head = min(len(block), len(ring) - begin)
    ring[begin : begin + head] = block[:head]
    ring[: len(block) - head] = block[head:]


def wipe_ring(ring: npt.NDArray[np.float32], first: int, frames: int) -> None:
    """Silence `frames` frames of a ring from `first` on, round its end."""
    begin = first % len(ring)
    head = min(frames, len(ring) - begin)
    ring[begin : begin + head] = 0.0
    ring[: frames - head] = 0.0
