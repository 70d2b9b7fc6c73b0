"""Whether a phrase is likelier in a metre or free, by its attributes: the prior's draws heed it.

The prior learnt where music goes from the phrases before. Of a first one it knows nothing, not even the metre, and free
music is denser: 18 onsets a second in the median of the train split, where music in a metre has 9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

MORE_FREE = np.array([1.63, -0.09, 0.12, -0.09, -0.47, -0.24, -0.20, 0.33])
"""By how much the log odds of being free grow with each attribute's coordinate, by logistic regression
on the train split (`benchmarks/marginals.py --free`)."""
FREE_ODDS = -1.45
"""Those of a phrase whose coordinates are all 0."""
DRAWN = 16
"""So many z are drawn, of which one is chosen."""
AFTER = 0.25
"""What counts of these odds for a phrase that isn't the first: what was played says the rest."""


def chances(z: F32, free: bool, heed: float = 1.0) -> Floats:
    """How likely each of the phrases `[n, Z]` is chosen of these, `[n]`, for free music or a metre."""
    odds = z[:, :N_ATTRIBUTES].astype(np.float64) @ MORE_FREE + FREE_ODDS
    weights = (1.0 + np.exp(-odds if free else odds)) ** -heed
    return np.asarray(weights / weights.sum())
