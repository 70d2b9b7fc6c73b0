"""What the view's process is told when it starts: all about the session that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ViewFacts:
    """A session, for who shows it on a terminal.

    `control` is the control socket's path; `meter` as `4/4`, with `beats_per_bar` in quarter notes;
    `n_style` is how many style axes there are; `panel` is the panel's address, None if there is none.
    """

    control: Path
    meter: str
    beats_per_bar: float
    checkpoint: str
    preset: str
    n_style: int
    panel: str | None
