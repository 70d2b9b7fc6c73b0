"""The harmony that somebody holds, and what of it the decoder is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.phrase import N_VOICES

TONES = 12
STRONG, BETWEEN = 0, 1
"""The rows of a table: what may sound on strong places, and between them."""


@dataclass(frozen=True, slots=True)
class Harmony:
    """The pitch classes of a chord that are heard on beats, and those of its scale between them.

    Each voice is moved by `transpose` semitones after it was written. The music goes on `tick` ticks
    after a beat; None: it is not known where beats are, and every place is strong.
    """

    chord: tuple[int, ...]
    scale: tuple[int, ...]
    transpose: tuple[int, int, int] = (0, 0, 0)
    tick: int | None = None

    @property
    def key(self) -> bytes:
        """Bytes that are equal for equal harmonies, wherever the music goes on."""
        return bytes((*self.chord, 255, *self.scale, 255, *(x + 64 for x in self.transpose)))

    def table(self) -> NDArray[np.int64]:
        """`[2, 3, 12]`: 1 for each pitch class that a voice may be written on, strong or between."""
        out = np.zeros((2, N_VOICES, TONES), np.int64)
        for row, tones in ((STRONG, self.chord), (BETWEEN, self.scale)):
            for voice, by in enumerate(self.transpose):
                out[row, voice, [(tone - by) % TONES for tone in tones]] = 1
        return out


def no_harmony() -> NDArray[np.int64]:
    """`[2, 3, 12]`: nobody says what may sound."""
    return np.zeros((2, N_VOICES, TONES), np.int64)
