"""What was heard of a note's pitch as a tracker's effects: a bend that stays, and vibrato."""

from __future__ import annotations

from nesvae_live.chip.registers import bent_period
from nesvae_live.chip.tracker.played import PlayedNote
from nesvae_live.music.voices import SILENCE, Voice

VIBRATO_DEPTHS = (0, 1, 1.5, 2.5, 4, 5, 7, 10, 12, 14, 17, 22, 30, 44, 64, 96)
"""By how much each depth of 4xy moves a period, each way."""
VIBRATO_STEPS = 64
"""How many steps a wave of 4xy has; the speed is how many a tick."""

SMALL_CENTS = 50
"""A slide from less far away is not worth its effect."""


def steady_bend(voice: Voice, note: PlayedNote) -> int:
    """By how many units of its period a note stays off its pitch, if that is a little."""
    cents = sorted(note.cents)
    middle = cents[len(cents) // 2]
    if not middle or abs(middle) >= SMALL_CENTS or cents[-1] - cents[0] > SMALL_CENTS:
        return 0
    return bent_period(voice, note.note, middle) - bent_period(voice, note.note, 0)


def vibrato_of(voice: Voice, note: PlayedNote) -> tuple[int, int] | None:
    """The tick at which a wave begins around a note's pitch, and the parameter of 4xy."""
    cents = note.cents
    turns = [i for i in range(1, len(cents)) if cents[i - 1] <= 0 < cents[i]]
    if voice is Voice.NO or len(turns) < 2 or note.note == SILENCE:
        return None
    waves = (turns[-1] - turns[0]) / (len(turns) - 1)
    deep = max(map(abs, cents[turns[0] :]))
    if not 4 <= waves <= 64 or deep >= 2 * SMALL_CENTS:
        return None  # an arpeggio
    units = abs(bent_period(voice, note.note, deep) - bent_period(voice, note.note, 0))
    depth = min(range(1, 16), key=lambda d: abs(VIBRATO_DEPTHS[d] - units))
    if units < VIBRATO_DEPTHS[1] / 2:
        return None
    speed = min(max(round(VIBRATO_STEPS / waves), 1), 15)
    return turns[0], speed << 4 | depth
