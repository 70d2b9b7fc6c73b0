"""What the panel's process is told when it starts: all about the session that never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import Quantiles


@dataclass(frozen=True)
class PanelFacts:
    """A session, for who shows it.

    `control` is the control socket's path, `take` the take's folder; `meter` as `4/4`, with
    `beats_per_bar` in quarter notes. `reach` `[8, 2]` and `quantiles` say what the attributes'
    knobs mean; `table` has every target, as `panel.table` makes it.
    Without an `atlas` there is no map. `sample_rate` is the take's, in Hz. `checkpoint_file` is the
    checkpoint's, "" if it is of none.
    """

    control: Path
    take: Path
    meter: str
    beats_per_bar: float
    checkpoint: str
    preset: str
    quantiles: Quantiles
    reach: NDArray[np.float64]
    table: Sequence[Mapping[str, Any]]
    atlas: Atlas | None
    sample_rate: int
    checkpoint_file: str = ""
