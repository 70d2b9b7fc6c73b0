"""The kit: the envelopes and duty sequences that patches are made of, and the patches themselves.

A patch is one of some 100 envelopes, a level, and a duty sequence. An envelope is as a note of the
corpus was played, 24 times a second, in 15ths of its loudest; the chip changes at 60 Hz, so each of its
values lasts two or three frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Macro, Patch

Bytes = NDArray[np.uint8]
F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

FRAMES = 2.5
"""Frames of 1/60 s in a step."""
DUTIES = 4

HIT, NEAR = 0.92, 2.0
"""How likely a step has the volume that a patch says, and over how many volumes the rest lies."""
SAME_DUTY = 0.97


def volume_table() -> F32:
    """`[16, 16]`: the log-probability of a volume (column) where the patch says another (row)."""
    volumes = np.arange(LOUDEST + 1)
    other = np.exp(-np.abs(volumes[:, None] - volumes[None]) / NEAR)
    np.fill_diagonal(other, 0.0)
    other[:, 0] = 0.0  # what sounds has a volume
    table = (1 - HIT) * other / other.sum(1, keepdims=True)
    np.fill_diagonal(table, HIT)
    table[0] = np.where(
        volumes > 0, 1.0 / LOUDEST, 1e-6
    )  # a patch that has faded away says nothing
    table[:, 0] = np.maximum(table[:, 0], 1e-6)
    return np.asarray(np.log(table), np.float32)


def duty_table() -> F32:
    """`[4, 4]`: the same of duties."""
    table = np.full((DUTIES, DUTIES), (1 - SAME_DUTY) / (DUTIES - 1))
    np.fill_diagonal(table, SAME_DUTY)
    return np.asarray(np.log(table), np.float32)


@dataclass(frozen=True)
class Kit:
    """`shapes` `[K, STEPS]`, volumes of 0-15 whose greatest is 15; `duties` `[D, STEPS]` of 0-3."""

    shapes: Bytes
    duties: Bytes

    def volumes(self) -> Bytes:
        """`[K, 16, STEPS]`: each shape at each level; what sounds in it is at least 1."""
        levels = np.arange(LOUDEST + 1)[None, :, None]
        shapes = self.shapes[:, None].astype(np.int64)
        scaled = (2 * shapes * levels + LOUDEST) // (2 * LOUDEST)
        return np.where(shapes > 0, np.maximum(scaled, 1), 0).astype(np.uint8)

    def patch(self, shape: int, level: int, duty: int) -> Patch:
        """A patch of the kit; levels are 1 to 15."""
        volumes = self.volumes()[shape, level]
        return Patch(volume=steps_to_macro(volumes), duty=steps_to_macro(self.duties[duty]))


def steps_to_macro(values: Bytes) -> Macro:
    """Values of steps of 1/24 s as one of each frame of 1/60 s; the last one stays."""
    end = len(values)
    while end > 1 and values[end - 1] == values[end - 2]:
        end -= 1
    count = int(np.ceil(end * FRAMES))
    steps = np.minimum((np.arange(count) / FRAMES).astype(np.int64), end - 1)
    return Macro(tuple(int(v) for v in values[steps]))


@njit(cache=True)
def assign(
    volume: Bytes,
    duty: Bytes,
    steps: Ints,
    group: Ints,
    volumes: Bytes,
    duties: Bytes,
    table: F32,
    slack: float,
) -> Ints:
    """Name the patch of each note, `[n, 3]`: shape, level, duty.

    The likeliest; of those that are within `slack` nats of it the one that its group (a voice of a
    song, notes of which follow each other) has had most often, so that short notes, which fit many,
    have the patch of the long ones.

    Args:
        volume: `[n, STEPS]` what the score has.
        duty: `[n, STEPS]`, likewise.
        steps: `[n]` how long each note is.
        group: `[n]`.
        volumes: `[K, 16, STEPS]` of `Kit.volumes`.
        duties: `[D, STEPS]` of the kit.
        table: of `volume_table`.
        slack: see above.
    """
    n, n_shapes, n_duties = len(volume), volumes.shape[0], duties.shape[0]
    out = np.zeros((n, 3), np.int64)
    score = np.zeros((n_shapes, 16), np.float32)
    count = np.zeros((n_shapes, 16), np.int64)
    for i in range(n):
        if i == 0 or group[i] != group[i - 1]:
            count[:] = 0
        m = min(steps[i], volume.shape[1])
        best = np.float32(-1e9)
        for k in range(n_shapes):
            for level in range(1, 16):
                total = np.float32(0)
                for t in range(m):
                    total += table[volumes[k, level, t], volume[i, t]]
                    if total < best - slack:
                        break
                score[k, level] = total
                best = max(best, total)
        most, near = -1, np.float32(-1e9)
        for k in range(n_shapes):
            for level in range(1, 16):
                had, fits = count[k, level], score[k, level]
                if fits >= best - slack and (had > most or (had == most and fits > near)):
                    most, near = had, fits
                    out[i, 0], out[i, 1] = k, level
        count[out[i, 0], out[i, 1]] += m
        agree = -1
        for d in range(n_duties):
            hits = 0
            for t in range(m):
                hits += duties[d, t] == duty[i, t]
            if hits > agree:
                agree = hits
                out[i, 2] = d
    return out
