"""How long nothing may begin where a knob stands near its end: no longer than in songs that are like that.

Songs that are extreme in an attribute go on: of those with the fewest pitch classes hardly any stands still
for more than a second or two, for what has few pitches is played in many notes. Guidance knows of
tuples, not of seconds, and near the ends likes to hold what it has. So what stands still there is moved
on when songs would have moved on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.song.steering.presence import DENSITY, NEVER, STILL

F32 = NDArray[np.float32]

EXTREME = 1.0
"""From so many standard deviations on it is as in the tenth of the songs that have most, or least."""
LEAST, MOST = 0, 1
STILL_AT_ENDS = np.array(
    [
        [NEVER, NEVER],  # of density there is none: who asks for few notes has them
        [28, 24],
        [32, 26],
        [32, 29],
        [46, 24],
        [29, 24],
        [24, 38],
        [27, 34],
    ],
    np.float32,
)
"""`[8, 2]` ticks: the longest standstill in three of four windows of 32 s of the tenth of the train
songs that have least of an attribute, and most (`benchmarks/steady.py --split train`); two beats at least, for
with less than that regular music was hurried, and left the beat."""


def longest_still(z: F32, turned: F32) -> float:
    """How many ticks long nothing may begin.

    Args:
        z: `[8 + U]`, what is asked for.
        turned: `[8]`, 1 where a hand has set an attribute.

    Returns:
        Ticks, by the attribute that allows the fewest: in the middle of a knob as many as if it weren't
        turned. `NEVER` where no hand has set anything, or one has asked for a density.
    """
    if turned[DENSITY] > 0:
        return NEVER
    out = NEVER
    for axis in range(N_ATTRIBUTES):
        if turned[axis] > 0:
            end = float(STILL_AT_ENDS[axis, MOST if z[axis] > 0 else LEAST])
            near = min(abs(float(z[axis])) / EXTREME, 1.0)
            out = min(out, STILL * (end / STILL) ** near)
    return out
