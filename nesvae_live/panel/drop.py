"""A MIDI file that somebody drops on the page: its phrases, each of which can be played from."""

from __future__ import annotations

from typing import Any

from nesvae_live.music.phrase import N_VOICES, TUPLES_PER_PHRASE

LARGEST = 1 << 20
"""Bytes of a file: more is no piece of music."""

MOST_PHRASES = 200
"""Phrases that are shown, from the beginning."""


def read_phrases(data: bytes) -> dict[str, Any]:
    """The phrases of a MIDI file, any tempo and any instruments.

    Returns:
        `phrases`, each up to 13 tuples (the notes of P1, P2 and TR, 0 for none, and how many ticks
        they last, 12 a beat); `more`, how many there are beyond those; `said`, a line each, what
        was left out of the file or changed.

    Raises:
        ValueError: it is no MIDI file, or has no note of P1, P2 or TR in it; one line.
    """
    from nesvae_live.chip.smf.reading import midi_to_tuples

    said: list[str] = []
    tuples = midi_to_tuples(data, said.append)
    if not (tuples[:, :N_VOICES] > 0).any():
        raise ValueError("it has no notes for P1, P2 or TR")
    rows = tuples.tolist()
    phrases = [rows[i : i + TUPLES_PER_PHRASE] for i in range(0, len(rows), TUPLES_PER_PHRASE)]
    return {
        "phrases": phrases[:MOST_PHRASES],
        "more": max(len(phrases) - MOST_PHRASES, 0),
        "said": said,
    }
