"""What the player should write, frame by frame; and registers by chance."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np

from nesvae_live.chip.console.frames import FrameLog, frames_to_log
from nesvae_live.chip.registers import CPU_CLOCK
from nesvae_live.chip.vgm.registerlog import RegisterLog

Write = tuple[int, int]


def intended(frames: FrameLog) -> list[list[Write]]:
    """The writes of each frame, in order."""
    _, log = frames_to_log(frames)
    at: defaultdict[int, list[Write]] = defaultdict(list)
    for stamp, address, value in log.writes.tolist():
        at[round((stamp - 1) / CPU_CLOCK * frames.fps)].append((address, value))
    return [at[frame] for frame in range(frames.count)]


def held(writes: list[list[Write]]) -> list[dict[int, int]]:
    """What the registers hold after each frame."""
    now: dict[int, int] = {}
    stood = []
    for frame in writes:
        now |= dict(frame)
        stood.append(dict(now))
    return stood


def any_log(seed: int, seconds: float, density: float) -> RegisterLog:
    """Writes by chance, at 44.1 kHz: `density` of them in a 200th of a second."""
    draw = random.Random(seed)
    n = int(seconds * 200 * density)
    times = sorted(draw.randrange(int(seconds * 44_100)) for _ in range(n))
    writes = [
        (at, 0x4015, draw.randrange(16))
        if draw.random() < 0.2
        else (at, 0x4000 + draw.randrange(16), draw.randrange(256))
        for at in times
    ]
    return RegisterLog(int(seconds * 44_100), np.array(writes, dtype=np.int64).reshape(-1, 3))
