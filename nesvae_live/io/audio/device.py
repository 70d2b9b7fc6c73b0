"""The open sound device, as the rest of the program sees it: the process that plays on it.

The renderer writes ring buffers that the process reads. When a device is lost, the rings and the
count of frames stay as they are, and the next process goes on from there.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import Time
from nesvae_live.io.audio.deviceplan import (
    BLOCKS_LATE,
    CPU_NS,
    FRAMES,
    HEAD,
    RING_FRAMES,
    DeviceOpened,
    DevicePlan,
)
from nesvae_live.io.audio.process import run

OPEN_SECONDS = 20.0
"""How long opening may take: a driver can be slow."""

LOST_SECONDS = 0.5
"""A device that has asked for nothing for so long is lost."""

HOPELESS_SECONDS = 5.0
"""A device that has asked for nothing for so long is reopened."""

PATIENCE_SECONDS = 30.0
"""How long a process waits for a lost device before another process takes its place."""

AGAIN_SECONDS = 5.0
"""How often a device that is back but can't be used is tried again."""

CLOSE_SECONDS = 3.0
"""How long closing may take before the process is killed."""


def device_name(api: str, device: str | None) -> str:
    """What a device is called for a person, who may name it so."""
    return api if device is None else f"{api}: {device}"


NAMES = {"portaudio": "sound device", "jack": "JACK server"}


class AudioError(NesvaeError):
    """The sound device could not be opened; the message is one line for a person."""


class AudioDevice:
    """A sound device that a process of its own plays on.

    The `n`-th frame that output `i` takes is `rings[i][n % RING_FRAMES]`, float32 in -1..1. Any
    thread may use the rings and ask for figures; `open`, `lost`, `recover` and `close` are for the
    main thread.
    """

    def __init__(self, plan: DevicePlan, time: Time) -> None:
        self.api = plan.api
        self.sample_rate = plan.sample_rate
        self.block_frames = plan.block_frames
        self._plan = plan
        self._time = time
        self._context = multiprocessing.get_context("spawn")
        self._shared_head = self._context.RawArray("q", HEAD)
        self._shared_rings = self._context.RawArray("f", plan.outputs * RING_FRAMES)
        self._head = np.frombuffer(self._shared_head, dtype=np.int64)
        rings = np.frombuffer(self._shared_rings, dtype=np.float32)
        self.rings: Sequence[npt.NDArray[np.float32]] = list(rings.reshape(plan.outputs, -1))
        self._process: Any = None
        self._pipe: Connection | None = None
        self._opened = False  # the process plays, as far as is known
        self._reason = "the sound device is closed"
        self._seen = (0, 0.0)
        self._again = 0.0  # when another process may be started

    def open(self) -> None:
        """Open the device.

        Raises:
            AudioError: it can't be opened.
        """
        self._start(self._plan)
        assert self._pipe is not None
        if not self._pipe.poll(OPEN_SECONDS):
            self._drop()
            raise AudioError(f"the {NAMES[self.api]} did not answer within {OPEN_SECONDS:.0f} s")
        answer = self._answer()
        if answer is None:
            raise AudioError(
                f"{self._plan.device or NAMES[self.api]!r} can't be opened at "
                f"{self.sample_rate} Hz in blocks of {self.block_frames}: its driver crashed"
            )
        if isinstance(answer, str):
            raise AudioError(answer)
        self.sample_rate, self.block_frames = answer.sample_rate, answer.block_frames

    @property
    def name(self) -> str:
        """What it is called: the API, and which device of it, if one was named."""
        return device_name(self.api, self._plan.device)

    @property
    def outputs(self) -> int:
        """How many outputs it has: two, or six."""
        return len(self.rings)

    def switch(self, plan: DevicePlan) -> None:
        """Go over to another device, at the same sample rate; rings and frames go on.

        Nothing is heard until it is open. Takes until then.

        Raises:
            AudioError: it can't be opened, or fetches larger blocks; the old one is opened again.
        """
        before = self._plan
        try:
            self._reopen(replace(plan, sample_rate=self.sample_rate, same_rate=True))
        except AudioError:
            self._reopen(replace(before, sample_rate=self.sample_rate, same_rate=True))
            raise

    def _reopen(self, plan: DevicePlan) -> None:
        ahead = self.block_frames
        self._drop()
        self.api, self._plan = plan.api, plan
        self.open()
        if self.block_frames > ahead:
            larger, self.block_frames = self.block_frames, ahead
            self._drop()
            raise AudioError(
                f"{self.name} fetches {larger} frames at once, and everything is done ahead for "
                f"{ahead}: start with it"
            )

    @property
    def period(self) -> float:
        """How long a block lasts, in seconds."""
        return self.block_frames / self.sample_rate

    @property
    def block_ahead(self) -> int:
        """How many of the frames that it has just taken are still to be heard.

        On JACK it is the block of the cycle that begins; elsewhere nobody knows.
        """
        return self.block_frames if self.api == "jack" else 0

    def frames_played(self) -> int:
        """How many frames the device has taken in all; the count stands still while it is lost."""
        return int(self._head[FRAMES])

    @property
    def blocks_late(self) -> int:
        """How many blocks were asked for more than a block late, so far."""
        return int(self._head[BLOCKS_LATE])

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of its process so far, in seconds; a tenth of a second old."""
        return float(self._head[CPU_NS]) * 1e-9

    def lost(self) -> str | None:
        """Why the device is gone, or None while it plays; called about twice a second."""
        if not self._opened:
            return self._reason
        now, frames = self._time.now(), self.frames_played()
        assert self._pipe is not None
        if self._pipe.poll():  # it has nothing more to say, so this is its end
            self._drop()
            self._reason = f"the {NAMES[self.api]} went away"
            return self._reason
        if frames != self._seen[0]:
            self._seen = (frames, now)
        elif now - self._seen[1] > LOST_SECONDS:
            return f"the {NAMES[self.api]} stopped asking for sound"
        return None

    def recover(self) -> None:
        """Get a lost device back; called about twice a second until `lost` returns None.

        Never waits: a process does, and opens the device when it is there again, at the same
        sample rate. A device that only hangs comes back by itself, or is reopened after a while.
        """
        if self._opened:
            if self._time.now() - self._seen[1] < HOPELESS_SECONDS:
                return
            self._reason = self.lost() or self._reason
            self._drop()
        if self._pipe is None:
            if self._time.now() < self._again:
                return
            self._again = self._time.now() + AGAIN_SECONDS
            plan = replace(self._plan, sample_rate=self.sample_rate, same_rate=True)
            self._start(replace(plan, patience=PATIENCE_SECONDS))
        elif self._pipe.poll() and isinstance(answer := self._answer(), str):
            self._reason = answer

    def close(self) -> None:
        """Close the device, whatever state it is in; harmless when closed."""
        self._drop()
        self._reason = "the sound device is closed"

    def _start(self, plan: DevicePlan) -> None:
        self._pipe, theirs = self._context.Pipe()
        arguments = (plan, theirs, self._shared_head, self._shared_rings)
        self._process = self._context.Process(
            target=run, args=arguments, name="sound device", daemon=True
        )
        self._process.start()
        theirs.close()

    def _answer(self) -> DeviceOpened | str | None:
        """What the process says of opening the device; None if it ended without a word."""
        assert self._pipe is not None
        try:
            answer: DeviceOpened | str | None = self._pipe.recv()
        except (EOFError, OSError):
            answer = None
        if isinstance(answer, DeviceOpened):
            self._opened = True
            self._seen = (self.frames_played(), self._time.now())
        else:
            self._drop()
        return answer

    def _drop(self) -> None:
        """End the process, by force if need be."""
        self._opened = False
        if self._pipe is None:
            return
        self._pipe.close()
        self._pipe = None
        self._process.join(CLOSE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
