"""What is exported: a take, or some bars of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path

from nesvae_live.log.excerpt import read_excerpt
from nesvae_live.log.jam import Jam
from nesvae_live.take.folder import LOG_NAME, read_jam


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: a jam, the frames of the take's WAV that it spans, and its name."""

    take: Path
    jam: Jam
    name: str
    first_frame: int = 0
    end_frame: float = inf
    first_bar: int = 1


def read_selection(take: Path, bars: tuple[int, int] | None) -> Selection:
    """Read a take, or bars `(first, last)` of it, counted from 1.

    Raises:
        JamError: its log can't be read, or has no such bars.
    """
    if bars is None:
        return Selection(take, read_jam(take), take.name)
    first, last = bars
    excerpt = read_excerpt(take / LOG_NAME, first, last)
    name = f"{take.name}_bars{first}-{last}"
    return Selection(take, excerpt.jam, name, excerpt.first_sample, excerpt.end_sample, first)
