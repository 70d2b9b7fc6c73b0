"""The MIDI messages of an arrangement's tracks, each at its beat."""

from __future__ import annotations

from nesvae_live.take.daw.arrangement import KNOB_CC, KNOBS_CHANNEL, Arrangement, Track

MOST_7 = 127

Timed = tuple[float, tuple[int, int, int]]
"""A MIDI message at its beat."""


def track_messages(track: Track) -> list[Timed]:
    """A voice's messages; on one beat ends come first, then controllers, then beginnings."""
    found: list[tuple[float, int, tuple[int, int, int]]] = []
    for note in track.notes:
        found.append((note.end, 0, (0x80 | track.channel, note.key, 0)))
        found.append((note.start, 2, (0x90 | track.channel, note.key, note.velocity)))
    for control, points in track.controls.items():
        found += [(beat, 1, (0xB0 | track.channel, control, value)) for beat, value in points]
    return [(beat, message) for beat, _, message in sorted(found, key=lambda item: item[:2])]


def knob_messages(arrangement: Arrangement) -> list[Timed]:
    """The turns of the knobs, as controllers."""
    return sorted(
        (beat, (0xB0 | KNOBS_CHANNEL, KNOB_CC[knob], round(value * MOST_7)))
        for knob, points in arrangement.knobs.items()
        for beat, value in points
    )
