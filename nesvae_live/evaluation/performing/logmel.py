"""How far two sounds lie apart to the ear: the distance of their log-mel spectra, in dB."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.floating] | npt.NDArray[np.integer]

WINDOW, HOP, BANDS = 2048, 512, 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 16_000.0
QUIETEST_DB = -60.0
"""Below a sound's loudest band by so much, a band counts as silent."""


def mel(sound: Sound, rate: int) -> npt.NDArray[np.float64]:
    """The power in mel bands `[frames, 64]`, without DC."""
    sound = np.asarray(sound, np.float64) - np.mean(sound)
    count = max(1, 1 + (len(sound) - WINDOW) // HOP)
    padded = np.pad(sound, (0, max(0, WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    return np.asarray(power @ _filters(rate).T)


def _filters(rate: int) -> npt.NDArray[np.float64]:
    """Triangles over the bins `[64, 1025]`."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / rate)[None, :]
    left, middle, right = (edges[i : i + BANDS, None] for i in range(3))
    up, down = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.asarray(np.clip(np.minimum(up, down), 0, None))


def distance(one: Sound, other: Sound, rate: int) -> float:
    """The root mean square of the bands' differences in dB, as loud as one another over all."""
    n = min(len(one), len(other))
    a, b = mel(one[:n], rate), mel(other[:n], rate)
    decibels = []
    for bands in (a, b):
        loudest = bands.max() or 1.0
        decibels.append(np.maximum(10 * np.log10(bands / loudest + 1e-30), QUIETEST_DB))
    difference = decibels[0] - decibels[1]
    heard = np.maximum(*decibels) > QUIETEST_DB
    difference = difference[heard]
    if not len(difference):
        return 0.0
    return float(np.sqrt(np.mean((difference - np.median(difference)) ** 2)))
