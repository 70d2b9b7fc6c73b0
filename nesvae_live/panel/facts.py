"""What the panel's process is told when it starts: all about the session that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.panel.soundring import SoundRing


@dataclass(frozen=True)
class PanelFacts:
    """A session, for who shows it.

    `control` is the control socket's path, `take` the take's folder; `meter` as `4/4`, with
    `beats_per_bar` in quarter notes. `reach` `[8, 2]` and `quantiles` say what the attributes'
    knobs mean, `n_style` how many style axes there are, and `axes` what those do, by their knobs.
    Without an `atlas` there is no map; `sound` is what is heard.
    """

    control: Path
    take: Path
    meter: str
    beats_per_bar: float
    checkpoint: str
    preset: str
    quantiles: Quantiles
    reach: NDArray[np.float64]
    n_style: int
    axes: Mapping[str, str]
    atlas: Atlas | None
    sound: SoundRing
