"""The notes in what a probe heard of a MIDI port."""

from __future__ import annotations

from collections.abc import Sequence

Messages = Sequence[tuple[int, bytes]]
"""As (frame, bytes)."""


def notes_on(messages: Messages) -> list[tuple[int, int, int]]:
    """(frame, channel, note) of every note-on."""
    return [(f, d[0] & 0x0F, d[1]) for f, d in messages if d[0] & 0xF0 == 0x90 and d[2] > 0]


def left_on(messages: Messages) -> set[tuple[int, int]]:
    """(channel, note) of what was struck and not ended; all notes off ends nothing here."""
    left: set[tuple[int, int]] = set()
    for _, data in messages:
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == 0x90 and data[2] > 0:
            left.add((channel, data[1]))
        elif kind in {0x80, 0x90}:
            left.discard((channel, data[1]))
    return left
