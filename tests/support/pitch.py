"""Pitch found in sound."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.registers import note_to_period, period_to_frequency
from nesvae_live.music.voices import Voice

FINER = 8
"""How much finer than a sample the autocorrelation is looked at: a period is no whole number."""


def pitch_of(sound: npt.NDArray[np.floating], rate: int) -> float:
    """The fundamental in Hz, by the autocorrelation's first strong peak, refined by a parabola."""
    sound = sound - sound.mean()
    power = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    correlation = np.fft.irfft(power, 2 * FINER * len(sound))[: FINER * len(sound) // 2]
    correlation /= correlation[0] * (1 - np.arange(len(correlation)) / (FINER * len(sound)))
    inner = correlation[1:-1]
    rising, falling = inner > correlation[:-2], inner >= correlation[2:]
    peaks = 1 + np.flatnonzero(rising & falling & (inner > 0.9))
    best = int(peaks[np.flatnonzero(correlation[peaks] > correlation[peaks].max() - 0.03)[0]])
    before, here, after = correlation[best - 1 : best + 2]
    offset = (before - after) / (2 * (before - 2 * here + after))
    return float(FINER * rate / (best + offset))


def chip_frequency(voice: Voice, note: int) -> float:
    """What the chip plays for a note, Hz."""
    return float(period_to_frequency(voice, note_to_period(voice, note)))


def cents(one: float, other: float) -> float:
    """The interval between two frequencies."""
    return 1200.0 * math.log2(one / other)


def strength_at(sound: npt.NDArray[np.floating], rate: int, frequency: float) -> float:
    """How strong a frequency is in a sound, of the sound's own strength, 0..1 about."""
    windowed = (sound - sound.mean()) * np.hanning(len(sound))
    turn = np.exp(-2j * np.pi * frequency / rate * np.arange(len(sound)))
    return float(
        2.0 * abs(np.sum(windowed * turn)) / (np.sqrt(len(sound)) * np.linalg.norm(windowed))
    )


def was_heard(sound: npt.NDArray[np.floating]) -> bool:
    """Whether a capture is whole: what JACK gave too late is silence to the last bit."""
    silent = np.flatnonzero(np.convolve(sound == 0.0, np.ones(64), mode="valid") > 63.5)
    return not silent.size
