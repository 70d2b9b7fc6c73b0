"""Whether a phrase is a copy: the same 13 tuples, anywhere in the training songs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints

FACTORS = np.random.default_rng(52).integers(
    1, 2**63, TUPLES_PER_PHRASE * SLOTS, dtype=np.uint64
) * np.uint64(2) + np.uint64(1)


class Known:
    """All stretches of 13 tuples of some songs, as 64-bit hashes (wherever they start)."""

    def __init__(self, songs: Iterable[Ints]) -> None:
        parts = [
            _hashes(sliding_window_view(song, TUPLES_PER_PHRASE, axis=0).transpose(0, 2, 1))
            for song in songs
            if len(song) >= TUPLES_PER_PHRASE
        ]
        self._hashes = np.sort(np.concatenate([np.zeros(0, np.uint64), *parts]))

    def holds(self, phrases: Ints) -> NDArray[np.bool_]:
        """Which of `[n, 13, 4]` whole phrases occur in the songs, `[n]`."""
        wanted = _hashes(phrases)
        left, right = (np.searchsorted(self._hashes, wanted, side) for side in ("left", "right"))
        return left < right


def _hashes(phrases: Ints) -> NDArray[np.uint64]:
    flat = phrases.reshape(len(phrases), len(FACTORS)).astype(np.uint64)
    out: NDArray[np.uint64] = (flat * FACTORS).sum(1)
    return out
