"""What goes into a module: notes with what was heard of them, tick by tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nesvae_live.music.patch import Patch
from nesvae_live.music.voices import Voice

TICKS_PER_SECOND = 60


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of a voice, from beat `start` to beat `end`.

    `volumes` (0-15), `duties` (0-3; 0-1 on the noise) and `cents` (off the note) have a value for
    each tick that it sounds, 60 a second, at least one.
    """

    voice: Voice
    note: int
    start: float
    end: float
    volumes: tuple[int, ...]
    duties: tuple[int, ...]
    cents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tempo:
    """From beat `beat` on, so many beats a minute."""

    beat: float
    bpm: float


@dataclass(frozen=True, slots=True)
class Performance:
    """Music for a tracker: bars of `beats_per_bar`, with the tempi from beat 0 on.

    `patches` are those by name that notes of a voice may have been played with; `loop_bar` is the
    bar, from 0, where it goes on at its end (None: it stops).
    """

    notes: Sequence[PlayedNote]
    n_bars: int
    beats_per_bar: float
    tempi: Sequence[Tempo]
    patches: Mapping[Voice, Mapping[str, Patch]] = field(default_factory=dict)
    loop_bar: int | None = 0
