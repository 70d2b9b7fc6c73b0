"""A drummer of random weights, and a song whose drums come again bar by bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.drumfile import DrumFile
from nesvae_live.model.drums.strokes import LONGEST, StrokeKit
from nesvae_live.music.metre.place import N_PLACES

TINY = DrumConfig(kinds=4, hidden=8)
BEAT_STEPS = 12
"""Steps of 1/24 s of a beat of the song: 120 a minute, so that a step is a tick."""


def tiny_stroke_kit() -> StrokeKit:
    """Kick, snare, hat and one that rings on."""
    envelopes = np.zeros((4, LONGEST), np.uint8)
    envelopes[:, :3] = [(15, 9, 4), (12, 8, 2), (6, 0, 0), (9, 9, 9)]
    envelopes[3] = 9
    return StrokeKit(
        np.array([4, 12, 15, 9], np.uint8), np.array([0, 0, 0, 1], np.uint8), envelopes
    )


def tiny_drummer(seed: int = 0, config: DrumConfig = TINY) -> DrumFile:
    """A drummer that strikes by chance, and about every other tick."""
    rng = np.random.default_rng(seed)
    weights = {
        name: (0.3 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in config.weights().items()
    }
    weights["stroke.bias"][0] += 2.0
    ranks = rng.random((2, N_PLACES, 8)).astype(np.float32)
    return DrumFile(config, tiny_stroke_kit(), ranks, weights)


def drummed_score(bars: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """A score `[N, 4, 3]` in 4/4: bass on the beats, pulses on eighths, the same drums in each bar.

    Every fourth bar ends with a fill of sixteenths.
    """
    rng = np.random.default_rng(seed)
    score = np.zeros((bars * 4 * BEAT_STEPS, 4, 3), np.uint8)
    theme = rng.integers(52, 76, 32)
    for beat in range(4 * bars):
        at = beat * BEAT_STEPS
        score[at : at + 10, 2, 0] = 40 + (beat % 4 == 0) * 5 + beat // 16 % 2
        for half in range(2):
            first = at + 6 * half
            for voice in range(2):
                score[first : first + 5, voice, 0] = theme[(2 * beat + half) % 16 + 16 * voice]
                score[first : first + 5, voice, 1] = (12, 10, 8, 6, 4)
        _strike(score, at, 4 if beat % 2 == 0 else 12, (15, 9, 4) if beat % 2 == 0 else (12, 8, 2))
        _strike(score, at + 6, 15, (6,))
        if beat % 16 >= 14:
            _strike(score, at + 3, 12, (12, 8, 2))
            _strike(score, at + 9, 12, (12, 8, 2))
    return score


def _strike(score: NDArray[np.uint8], at: int, note: int, volumes: tuple[int, ...]) -> None:
    for i, volume in enumerate(volumes):
        score[at + i, 3] = (note, volume, 0)
