"""pyo as the sound device: through PortAudio, or a jackd; and what it plays, block by block."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
from nesvae_live.io.audio.probe import AudioOffer, ask_here
from nesvae_live.io.realtime import ask_for_realtime, keep_thread_state


class Feed:
    """Has pyo play the rings: a table for each, filled block by block and read in a loop.

    All tables are read by one object from its first block on, so the outputs are in step.
    """

    def __init__(self, server: Any, head: npt.NDArray[np.int64], rings: Floats) -> None:
        import pyo

        self._server = server
        self._head = head
        self.sample_rate = round(server.getSamplingRate())
        self.block_frames = self._block = int(server.getBufferSize())
        table = pyo.DataTable(rings.shape[1], chnls=len(rings))
        tables = [np.asarray(table.getBuffer(i)) for i in range(len(rings))]
        for memory in (*tables, rings):  # brings its pages in now, not while the device waits
            memory.sum()
        self._pairs: Sequence[tuple[Floats, Floats]] = list(zip(tables, rings, strict=True))
        self._size = rings.shape[1]
        self._read = 0  # of the table, which begins with this process; the rings go on
        rate = server.getSamplingRate()
        self._silent = int(SETTLE_SECONDS * rate)
        self._longest = 2 * self._block / rate
        self._at = time.perf_counter() + 1.0
        self._objects = table, pyo.TableRead(table, freq=table.getRate(), loop=True, interp=1).out()
        server.setCallback(self._take)
        server.start()

    @property
    def plays(self) -> bool:
        """Whether the device is still there."""
        return bool(self._server.getIsStarted())

    def close(self) -> None:
        """Leave the device; pyo has shut itself down when a JACK server died."""
        if self._server.getIsBooted():
            self._server.stop()
            self._server.shutdown()

    def _take(self) -> None:
        """Fetch the block that is about to be read. Runs in the device's thread: it only copies."""
        if self._read == 0:  # its first block
            keep_thread_state()
            ask_for_realtime()
        now = time.perf_counter()
        if now - self._at > self._longest:
            self._head[BLOCKS_LATE] += 1
        self._at = now
        frames = int(self._head[FRAMES])
        if self._read >= self._silent:
            self._copy(self._read % self._size, frames % self._size, self._block)
        self._read += self._block
        self._head[FRAMES] = frames + self._block

    def _copy(self, to: int, first: int, frames: int) -> None:
        while frames:
            n = min(frames, self._size - to, self._size - first)
            for table, ring in self._pairs:
                table[to : to + n] = ring[first : first + n]
                ring[first : first + n] = 0.0  # or it would go round, if who writes it was stopped
            to, first, frames = (to + n) % self._size, (first + n) % self._size, frames - n


def boot_jack(plan: DevicePlan, offer: AudioOffer) -> Any:
    """Boot a server on jackd, which has made an offer."""
    import pyo

    server = pyo.Server(
        sr=offer.jack_rate,
        nchnls=plan.outputs,
        buffersize=offer.jack_block,
        duplex=0,
        audio="jack",
        jackname=CLIENT_NAME,
        verbosity=0,
    )
    server.deactivateMidi()
    server.setJackAuto(False, False)  # pyo's own search for `system` ports crashes without any
    server.setJackAutoConnectOutputPorts(connections(plan, offer))
    server.boot()
    if not server.getIsBooted():
        raise DeviceError("JACK: the server answered but let no client in")
    server.setJackOutputPortNames(port_names(plan))
    return server


def boot_portaudio(plan: DevicePlan) -> Any:
    """Boot a server on a PortAudio device."""
    refused = DeviceError(
        f"PortAudio: {plan.device!r} can't be opened at {plan.sample_rate} Hz "
        f"in blocks of {plan.block_frames}; is it in use elsewhere?"
    )
    found = [port.index for port in ask_here().outputs if port.name == plan.device]
    if not found:
        raise refused
    import pyo

    server = pyo.Server(
        sr=plan.sample_rate,
        nchnls=plan.outputs,
        buffersize=plan.block_frames,
        duplex=0,
        audio="pa",
        verbosity=0,
    )
    server.deactivateMidi()
    server.setOutputDevice(found[0])
    server.boot()
    if not server.getIsBooted():
        raise refused
    return server
