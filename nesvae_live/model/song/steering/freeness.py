"""Whether a phrase is likelier in a metre or free, and as common as in songs, by its attributes.

The prior learnt where music goes from the phrases before. Of a first one it knows nothing, not even the metre, and free
music is denser: 18 onsets a second in the median of the train split, where music in a metre has 9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.song.steering.marginals import RANGES

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


def chances(z: F32, free: bool, phrase: F32, heed: float = 1.0) -> Floats:
    """How likely each of some phrases is chosen of these, for free music or a metre.

    Args:
        z: `[n, Z]`, the phrases'.
        free: whether the music is.
        phrase: `[8, 7]`, as of `Marginals`.
        heed: what counts of the odds that a phrase is free.

    Returns:
        `[n]`, which add up to 1.
    """
    attributes = z[:, :N_ATTRIBUTES]
    odds = attributes.astype(np.float64) @ MORE_FREE + FREE_ODDS
    weights = (1.0 + np.exp(-odds if free else odds)) ** -heed
    kinds = np.searchsorted(RANGES, attributes)
    weights = weights * np.exp(phrase[np.arange(N_ATTRIBUTES), kinds].astype(np.float64).sum(1))
    return np.asarray(weights / weights.sum())
