"""Figures: four tuples in a row, whatever the octave and however far they were moved."""

from __future__ import annotations

from nesvae_live.music.phrase import Ints


def grams(tuples: Ints, shift: int = 0) -> list[tuple[tuple[int, ...], ...]]:
    """Four tuples in a row each, the pitch classes moved by `shift` semitones."""
    moved = tuples.copy()
    notes = moved[:, :3]
    notes[notes > 0] = (notes[notes > 0] + shift) % 12 + 1
    rows = [tuple(row) for row in moved.tolist()]
    return [tuple(rows[i : i + 4]) for i in range(len(rows) - 3)]
