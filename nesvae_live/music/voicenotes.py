"""Notes of the voices as they were played, in seconds, and as tuples on the grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

import numpy as np

from nesvae_live.music.events import VELOCITY
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, Ints, steps_to_tuples
from nesvae_live.music.voices import VOICES, Voice

OCTAVE = 12


@dataclass(frozen=True, slots=True)
class VoiceNote:
    """A note of `voice` (P1, P2 or TR), from `on` to `off` in seconds; `note` is any MIDI note."""

    voice: Voice
    note: int
    on: float
    off: float
    velocity: int = VELOCITY


def played_to_tuples(
    notes: Iterable[VoiceNote], start: float | None = None, end: float | None = None
) -> Ints:
    """Lay notes on the grid of 24 steps a second.

    A voice plays one note at a time, the newest (the highest of those that start together); a note
    that is cut short does not come back. A note lasts at least one step. A note out of its voice's
    range is moved into it by octaves. Two notes of the same pitch without a step of silence between
    them become one, as in NES-MDB.

    Args:
        notes: in any order; notes may overlap.
        start: the second at which step 0 lies (None: the first note's start); what comes before
            is cut off.
        end: the second up to which steps go (None: the last note's end).

    Returns:
        `[m, 4]` int64, holds 1 to 32; `[0, 4]` if there is no step.
    """
    ordered = sorted(notes, key=lambda played: (played.on, played.note))
    if start is None:
        start = ordered[0].on if ordered else 0.0
    spans = [(p, _step(p.on - start), _step(p.off - start)) for p in ordered]
    if end is None:
        n_steps = max((max(off, on + 1) for _, on, off in spans), default=0)
    else:
        n_steps = _step(end - start)
    grid = np.zeros((max(n_steps, 0), N_VOICES), np.int64)
    for played, on, off in spans:
        if off > 0 or on >= 0:
            first = max(on, 0)
            grid[first:, played.voice] = 0
            grid[first : max(off, first + 1), played.voice] = to_range(played.voice, played.note)
    return steps_to_tuples(grid)


def to_range(voice: Voice, note: int) -> int:
    """The note, moved by as few octaves as it takes to bring it into the voice's range."""
    spec = VOICES[voice]
    if note < spec.lowest:
        return note + OCTAVE * -((note - spec.lowest) // OCTAVE)
    if note > spec.highest:
        return note - OCTAVE * -((spec.highest - note) // OCTAVE)
    return note


def _step(seconds: float) -> int:
    """The nearest step; the later one if two are equally near, so that equal holds stay equal."""
    return floor(seconds * STEPS_PER_SECOND + 0.5)
