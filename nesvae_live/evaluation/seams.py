"""How phrases join: what holds over their border, and how far the others jump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import bootstrap, interval
from nesvae_live.music.phrase import N_VOICES, TUPLES_PER_PHRASE, Ints
from nesvae_live.music.voices import VOICES


def seams(songs: Sequence[Ints]) -> dict[str, Any]:
    """Measure the borders between phrases.

    Args:
        songs: each `[m, 13, 4]`, phrases that follow one another; the last may be short.

    Returns:
        `held.P1|P2|TR`: of the borders before which the voice sounds, the share over which its
        note goes on; `jump`: semitones from the last note to the next where the voice sounds on
        both sides (a note that goes on is 0), the mean of the three voices; `jumps.P1|P2|TR`.
    """
    sums = np.stack([_sums(phrases) for phrases in songs])  # songs, (held, before, jump, both), 3
    names = [v.voice.name for v in VOICES]
    held = {name: interval(sums[:, 0, i], sums[:, 1, i]) for i, name in enumerate(names)}
    jumps = {name: interval(sums[:, 2, i], sums[:, 3, i]) for i, name in enumerate(names)}
    return {"held": held, "jump": _mean_jump(sums), "jumps": jumps}


def _sums(phrases: Ints) -> NDArray[np.float64]:
    last = phrases[:-1, TUPLES_PER_PHRASE - 1, :N_VOICES]
    first = phrases[1:, 0, :N_VOICES]
    both = (last > 0) & (first > 0)
    return np.stack(
        (
            (both & (last == first)).sum(0),
            (last > 0).sum(0),
            (np.abs(last - first) * both).sum(0),
            both.sum(0),
        )
    ).astype(np.float64)


def _mean_jump(sums: NDArray[np.float64]) -> dict[str, Any]:
    def mean(total: NDArray[np.float64]) -> NDArray[np.float64]:
        by_voice = total.reshape(*total.shape[:-1], 2, N_VOICES)
        count = np.where(by_voice[..., 1, :] > 0, by_voice[..., 1, :], np.nan)
        jump: NDArray[np.float64] = (by_voice[..., 0, :] / count).mean(-1)
        return jump

    return bootstrap(mean, sums[:, 2:].reshape(len(sums), -1))
