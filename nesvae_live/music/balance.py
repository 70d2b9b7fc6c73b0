"""The balance: the voices' levels, stereo spread and solo, as gains of the outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from nesvae_live.music.ranges import LEVEL
from nesvae_live.music.voices import Voice

PLACES = (-1.0, 1.0, 0.0, 0.0)
"""Where P1, P2, TR and NO are panned at a spread of 1: left is -1, right is 1."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Balance:
    """Levels in dB relative to the chip's own loudness, and `spread`, 0 (mono) to 1.

    `level` is that of everything, `voices` are the levels of P1, P2, TR and NO. If any voice is in
    `solo`, the others are silent.
    """

    level: float = 0.0
    spread: float = 0.0
    voices: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    solo: frozenset[Voice] = frozenset()

    def with_level(self, voice: Voice | None, level: float) -> Self:
        """The balance with another level of a voice, or of everything (None)."""
        if voice is None:
            return replace(self, level=level)
        levels = list(self.voices)
        levels[voice] = level
        return replace(self, voices=tuple(levels))

    def with_solo(self, voice: Voice, *, solo: bool) -> Self:
        """The balance with a voice in or out of solo."""
        return replace(self, solo=self.solo | {voice} if solo else self.solo - {voice})

    def gains(self, outputs: int) -> Floats:
        """The linear gain of each voice in each output, `[outputs, 4]`.

        Left and right come first; their mean is the mix at any spread. If there are six outputs,
        the others carry one voice each, at its own level, whatever the solo, spread and overall
        level are.
        """
        own = np.array([amplitude(level) for level in self.voices])
        heard = np.array([not self.solo or voice in self.solo for voice in Voice])
        places = self.spread * np.array(PLACES)
        both = amplitude(self.level) * own * heard
        rows = np.stack((both * (1 - places), both * (1 + places)))
        return np.concatenate((rows, np.diag(own))).astype(np.float32)[:outputs]


def amplitude(level: float) -> float:
    """The factor of a level in dB; 0 at the low end of `LEVEL` and below."""
    return 0.0 if level <= LEVEL.low else 10.0 ** (min(level, LEVEL.high) / 20.0)
