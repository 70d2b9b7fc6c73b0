"""The process that holds the sound device: pyo, and nothing else that needs the interpreter.

pyo takes Python's lock for every block, and its blocks would come late beside a decoder and a
recorder: so it has a process of its own. The rings lie in memory that both processes share; for
each block this one copies what is due into pyo's tables, and counts. A driver that hangs, or a
device that crashes pyo, costs only this process, and the music goes on without it.

One thing comes back through the pipe: a `DeviceOpened`, or one line that says why there is none,
or nothing if it waited in vain for a device that was lost. The other end closes the pipe to end the
process.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live import NesvaeError
from nesvae_live.io.audio.probe import AudioOffer, ask_here, ask_jack, set_environment
from nesvae_live.io.realtime import ask_for_realtime, keep_thread_state
from nesvae_live.music.voices import Voice

CLIENT_NAME = "nesvae_live_audio"
"""The JACK client's name; its ports are `output_1`, `output_2`, and `P1` to `NO` on request."""

OUTPUTS = ("output_1", "output_2")
"""Left and right, as JACK's ports are called."""

RING_FRAMES = 65536
"""The length of a ring: a power of two, with which pyo's float32 reading speed is exactly one."""

FRAMES, BLOCKS_LATE, CPU_NS, HEAD = range(4)
"""Indices into the shared head: frames taken, blocks late, CPU time; and the head's length."""

PRIORITY = -11
"""The niceness that it asks for, as sound servers do; what JACK makes real-time stays so."""

LOOK_SECONDS = 0.1
"""How often it checks whether the device or the other end is gone."""

ASK_SECONDS = 0.5
"""How often it asks for a device that isn't there."""

SETTLE_SECONDS = 0.1
"""How long it counts frames but plays silence, until the renderer knows where it reads."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What to open: `device` is the exact name of a PortAudio output, or of a JACK client.

    `patience` is how many seconds to wait for it to be there; `same_rate` refuses any sample rate
    but `sample_rate`, which otherwise JACK decides.
    """

    api: str
    device: str | None
    sample_rate: int
    block_frames: int
    outputs: int = 2
    patience: float = 0.0
    same_rate: bool = False


@dataclass(frozen=True, slots=True)
class DeviceOpened:
    """What the device turned out to be."""

    sample_rate: int
    block_frames: int


class DeviceError(NesvaeError):
    """The device can't be opened; one line says why."""


class UnfitError(DeviceError):
    """The device is there but can't be used."""


def run(plan: DevicePlan, pipe: Connection, head: Any, rings: Any) -> None:
    """Run the process: open the device, say so, play until told to end or the device is gone."""
    for name in ("SIGINT", "SIGHUP"):  # they go to the whole group; the other end decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # C libraries write to the terminal
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    set_environment()
    with contextlib.suppress(AttributeError, OSError):  # where the system allows it
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    try:
        server = _boot(plan, pipe)
    except DeviceError as error:
        if isinstance(error, UnfitError) or not plan.patience:
            pipe.send(str(error))
        return
    sys.setswitchinterval(1e-4)
    gc.collect()  # before the device begins to wait for us: it holds the interpreter's lock
    gc.disable()  # what runs from here on makes no cycles
    shared = np.frombuffer(head, dtype=np.int64)
    feed = Feed(server, shared, np.frombuffer(rings, dtype=np.float32).reshape(plan.outputs, -1))
    pipe.send(DeviceOpened(round(server.getSamplingRate()), int(server.getBufferSize())))
    ask_for_realtime()  # or any program could preempt the holder of the interpreter's lock
    while server.getIsStarted() and not pipe.poll(LOOK_SECONDS):
        shared[CPU_NS] = time.process_time_ns()
    if server.getIsBooted():  # pyo has shut itself down when the JACK server died
        server.stop()
        server.shutdown()
    del feed
    os._exit(0)  # libraries clean up badly after a lost server


class Feed:
    """Has pyo play the rings: a table for each, filled block by block and read in a loop.

    All tables are read by one object from its first block on, so the outputs are in step.
    """

    def __init__(self, server: Any, head: npt.NDArray[np.int64], rings: Floats) -> None:
        import pyo

        self._head = head
        self._block = int(server.getBufferSize())
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
            to, first, frames = (to + n) % self._size, (first + n) % self._size, frames - n


def _boot(plan: DevicePlan, pipe: Connection) -> Any:
    """Boot a pyo server, waiting for the device as long as the plan has patience."""
    last = time.monotonic() + plan.patience
    while True:
        try:
            return _boot_jack(plan) if plan.api == "jack" else _boot_portaudio(plan)
        except UnfitError:
            raise
        except DeviceError:
            if time.monotonic() >= last or pipe.poll(ASK_SECONDS):
                raise


def _boot_jack(plan: DevicePlan) -> Any:
    offer = ask_jack()
    if not offer.jack_rate:
        raise DeviceError(f"JACK: {offer.jack_fault}")
    if plan.same_rate and offer.jack_rate != plan.sample_rate:
        raise UnfitError(
            f"the JACK server runs at {offer.jack_rate} Hz, and this take at {plan.sample_rate} Hz"
        )
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
    server.setJackAutoConnectOutputPorts(_connections(plan, offer))
    server.boot()
    if not server.getIsBooted():
        raise DeviceError("JACK: the server answered but let no client in")
    names = [*OUTPUTS, *(voice.name for voice in Voice)]
    server.setJackOutputPortNames(names[: plan.outputs])
    return server


def _connections(plan: DevicePlan, offer: AudioOffer) -> list[list[str]]:
    """Where each output goes: left and right to the device's first two ports, voices nowhere."""
    ports = [
        port
        for port in offer.jack_outputs
        if plan.device is None or port.rsplit(":", 1)[0] == plan.device
    ]
    both = [[ports[0]], [ports[min(1, len(ports) - 1)]]] if ports else [[], []]
    return both + [[]] * (plan.outputs - len(both))


def _boot_portaudio(plan: DevicePlan) -> Any:
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
