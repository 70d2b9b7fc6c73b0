"""What the view's process is told when it starts: all about the session that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ViewFacts:
    """A session, for who shows it on a terminal.

    `control` is the control socket's path, `n_style` how many style axes there are, `panel` the
    panel's address, None if there is none.
    """

    control: Path
    checkpoint: str
    preset: str
    n_style: int
    panel: str | None
