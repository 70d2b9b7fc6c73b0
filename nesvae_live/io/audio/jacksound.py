"""The sound on a JACK server that pyo can't reach: PipeWire's, through the system's libjack.

pyo's wheel brings jackd's libjack, which finds only a jackd. JACK-Client takes the libjack that the
system, or `pw-jack`, names, and copies blocks as pyo's callback does. It also follows a server that
changes its block size, as PipeWire does while it plays.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live.io.audio.deviceplan import (
    BLOCKS_LATE,
    CLIENT_NAME,
    FRAMES,
    SETTLE_SECONDS,
    DeviceError,
    DevicePlan,
    Floats,
    connections,
    port_names,
)
from nesvae_live.io.audio.probe import AudioOffer
from nesvae_live.io.realtime import ask_for_realtime, keep_thread_state


class JackSound:
    """A client whose outputs play the rings; in the process of the sound device.

    `head` are the shared counters, `rings` `[outputs, frames]` is what is played, float32 in -1..1.

    Raises:
        DeviceError: the server lets no client in.
    """

    def __init__(
        self, plan: DevicePlan, offer: AudioOffer, head: npt.NDArray[np.int64], rings: Floats
    ) -> None:
        import jack

        try:
            self._client: Any = jack.Client(CLIENT_NAME, no_start_server=True)
        except jack.JackError:
            raise DeviceError("JACK: the server answered but let no client in") from None
        self.sample_rate = int(self._client.samplerate)
        self.block_frames = int(self._client.blocksize)
        self.plays = True
        self._head = head
        rings.sum()  # brings its pages in now, not while the server waits
        self._size = rings.shape[1]
        self._outputs = [
            (self._client.outports.register(port), ring)
            for port, ring in zip(port_names(plan), rings, strict=True)
        ]
        self._silent = int(SETTLE_SECONDS * self.sample_rate)
        self._played = 0
        self._due = time.perf_counter() + 1.0
        self._client.set_process_callback(self._process)
        self._client.set_shutdown_callback(self._die)
        self._client.activate()
        for (port, _), others in zip(self._outputs, connections(plan, offer), strict=True):
            for other in others:
                self._client.connect(port, other)

    def close(self) -> None:
        """Leave the server."""
        self._client.deactivate()
        self._client.close()

    def _die(self, status: object, reason: str) -> None:
        """Take note of the server's end. Runs in libjack's thread: one assignment."""
        del status, reason
        self.plays = False

    def _process(self, frames: int) -> None:
        """Copy the block that is due. Runs in the server's cycle."""
        if not self._played:
            keep_thread_state()
            ask_for_realtime()
        now = time.perf_counter()
        if now > self._due:
            self._head[BLOCKS_LATE] += 1
        self._due = now + 2 * frames / self.sample_rate
        first = int(self._head[FRAMES])
        begin = first % self._size
        whole = min(frames, self._size - begin)
        for port, ring in self._outputs:
            block = port.get_array()[:frames]
            if self._played < self._silent:
                block[:] = 0.0
                continue
            block[:whole] = ring[begin : begin + whole]
            block[whole:] = ring[: frames - whole]
            ring[begin : begin + whole] = 0.0  # or it would go round, if who writes it was stopped
            ring[: frames - whole] = 0.0
        self._played += frames
        self._head[FRAMES] = first + frames
