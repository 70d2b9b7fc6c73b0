"""What the sound's process is asked for, and what it answers; what both ends share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nesvae_live import NesvaeError
from nesvae_live.io.audio.probe import AudioOffer
from nesvae_live.music.voices import Voice

CLIENT_NAME = "nesvae_live_audio"
"""The JACK client's name; its ports are `output_1`, `output_2`, and `P1` to `NO` on request."""

OUTPUTS = ("output_1", "output_2")
"""Left and right, as JACK's ports are called."""

RING_FRAMES = 65536
"""The length of a ring: a power of two, with which pyo's float32 reading speed is exactly one."""

FRAMES, BLOCKS_LATE, CPU_NS, HEAD = range(4)
"""Indices into the shared head: frames taken, blocks late, CPU time; and the head's length."""

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


class Sound(Protocol):
    """What plays the rings, from when it is made until `close`."""

    sample_rate: int
    block_frames: int

    @property
    def plays(self) -> bool:
        """Whether the device is still there."""
        ...

    def close(self) -> None:
        """Leave the device, dead or alive."""
        ...


def port_names(plan: DevicePlan) -> list[str]:
    """What the outputs are called under JACK."""
    return [*OUTPUTS, *(voice.name for voice in Voice)][: plan.outputs]


def connections(plan: DevicePlan, offer: AudioOffer) -> list[list[str]]:
    """Where each output goes: left and right to the device's first two ports, voices nowhere."""
    ports = [
        port
        for port in offer.jack_outputs
        if plan.device is None or port.rsplit(":", 1)[0] == plan.device
    ]
    both = [[ports[0]], [ports[min(1, len(ports) - 1)]]] if ports else [[], []]
    return both + [[]] * (plan.outputs - len(both))
