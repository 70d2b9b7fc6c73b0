"""A file's line, as a voice plays it: checked, and laid on the bars."""

from __future__ import annotations

import math

from nesvae_live.clock.timing import Meter
from nesvae_live.latent.lines import Loop
from nesvae_live.music.swap import Swap, next_line
from nesvae_live.music.voicenotes import to_range
from nesvae_live.music.voices import Voice

Ticks = tuple[tuple[int, int], ...]
"""Notes, and for how many ticks each lasts."""

MOST_NOTES, MOST_TICKS = 4096, 100_000
"""Of a file's line."""


def checked_line(line: Ticks) -> Ticks:
    """Notes, and for how many ticks each lasts, as somebody asks for them.

    Raises:
        ValueError: there is none, there are too many, or one is no note.
    """
    if not any(note for note, _ in line):
        raise ValueError("a line needs a note")
    if len(line) > MOST_NOTES or sum(ticks for _, ticks in line) > MOST_TICKS:
        raise ValueError(
            f"a line has at most {MOST_NOTES} notes, in {MOST_TICKS} ticks (12 a beat)"
        )
    if not all(0 <= note <= 127 and ticks >= 1 for note, ticks in line):
        raise ValueError("a line's notes are 0 (silence) to 127, of at least a tick each")
    return line


def laid_on_bars(voice: Voice, line: Ticks, beat: float, meter: Meter) -> Loop:
    """The line from the first bar line on that is no earlier than a beat, in the voice's range."""
    since = next_line(Swap.BAR, beat if math.isfinite(beat) else 0.0, meter)
    notes = tuple((to_range(voice, note) if note else note, ticks) for note, ticks in line)
    return Loop.of_ticks(notes, since, meter.beats_per_bar)
