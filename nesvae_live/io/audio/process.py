"""The process that holds the sound device: pyo, or JACK-Client where pyo finds no server.

Nothing else runs there that needs the interpreter.

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
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live.io.audio.deviceplan import (
    CPU_NS,
    DeviceError,
    DeviceOpened,
    DevicePlan,
    Floats,
    Sound,
    UnfitError,
)
from nesvae_live.io.audio.jacksound import JackSound
from nesvae_live.io.audio.probe import AudioOffer, ask_jack, set_environment
from nesvae_live.io.audio.pyosound import Feed, boot_jack, boot_portaudio
from nesvae_live.io.realtime import ask_for_realtime

PRIORITY = -11
"""The niceness that it asks for, as sound servers do; what JACK makes real-time stays so."""

LOOK_SECONDS = 0.1
"""How often it checks whether the device or the other end is gone."""

ASK_SECONDS = 0.5
"""How often it asks for a device that isn't there."""


def run(plan: DevicePlan, pipe: Connection, head: Any, rings: Any) -> None:
    """Run the process: open the device, say so, play until told to end or the device is gone."""
    # They go to the whole group; the other end decides. A server waits for who is stopped.
    for name in ("SIGINT", "SIGHUP", "SIGTSTP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # C libraries write to the terminal
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    set_environment()
    with contextlib.suppress(AttributeError, OSError):  # where the system allows it
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    shared = np.frombuffer(head, dtype=np.int64)
    floats = np.frombuffer(rings, dtype=np.float32).reshape(plan.outputs, -1)
    sys.setswitchinterval(1e-4)
    try:
        sound = _open(plan, pipe, shared, floats)
    except DeviceError as error:
        if isinstance(error, UnfitError) or not plan.patience:
            pipe.send(str(error))
        return
    pipe.send(DeviceOpened(sound.sample_rate, sound.block_frames))
    ask_for_realtime()  # or any program could preempt the holder of the interpreter's lock
    while sound.plays and not pipe.poll(LOOK_SECONDS):
        shared[CPU_NS] = time.process_time_ns()
    sound.close()
    os._exit(0)  # libraries clean up badly after a lost server


def _open(plan: DevicePlan, pipe: Connection, head: npt.NDArray[np.int64], rings: Floats) -> Sound:
    """Open the device, waiting for it as long as the plan has patience."""
    last = time.monotonic() + plan.patience
    while True:
        try:
            if plan.api != "jack":
                return _feed(boot_portaudio(plan), head, rings)
            offer = _ask_server(plan)
            if offer.pyo_reaches:
                return _feed(boot_jack(plan, offer), head, rings)
            _settle()
            return JackSound(plan, offer, head, rings)
        except UnfitError:
            raise
        except DeviceError:
            if time.monotonic() >= last or pipe.poll(ASK_SECONDS):
                raise


def _feed(server: Any, head: npt.NDArray[np.int64], rings: Floats) -> Feed:
    """Let a pyo server that is booted play the rings."""
    _settle()
    return Feed(server, head, rings)


def _settle() -> None:
    """Collect garbage before the device waits for us: that holds the interpreter's lock."""
    gc.collect()
    gc.disable()  # what runs from here on makes no cycles


def _ask_server(plan: DevicePlan) -> AudioOffer:
    """What the JACK server offers.

    Raises:
        DeviceError: there is none, or it has another sample rate than it must.
    """
    offer = ask_jack()
    if not offer.jack_rate:
        raise DeviceError(f"JACK: {offer.jack_fault}")
    if plan.same_rate and offer.jack_rate != plan.sample_rate:
        raise UnfitError(
            f"the JACK server runs at {offer.jack_rate} Hz, and this take at {plan.sample_rate} Hz"
        )
    return offer
