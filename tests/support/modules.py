"""A module that uses everything which a file can hold."""

from __future__ import annotations

from nesvae_live.chip.tracker.module import (
    HALT,
    RELEASE,
    Cell,
    Effect,
    Instrument,
    Kind,
    Module,
    Pattern,
    Steps,
    Track,
)

MODULE = Module(
    "A title",
    "An artist",
    "2026",
    highlight=(4, 16),
    instruments=(
        Instrument(0, "lead", (0, None, None, None, 1)),
        Instrument(3, 'the "other"', (1, 0, 0, None, None), idle=(0, 0, 0, 5, 0)),
    ),
    sequences=(
        Steps(Kind.VOLUME, 0, (15, 12, 9, 6, 3, 0), release=3),
        Steps(Kind.VOLUME, 1, (10, 9, 8), loop=1),
        Steps(Kind.ARPEGGIO, 0, (0, 4, 7), loop=0),
        Steps(Kind.PITCH, 0, (-1, 2, -128, 127)),
        Steps(Kind.DUTY, 1, (0, 0, 2)),
    ),
    tracks=(Track("first", 6, 150, 16, ((0, 0, 0, 0, 0), (1, 0, 0, 0, 0)), (2, 1, 1, 1, 1)),),
    patterns=(
        Pattern(
            0,
            0,
            0,
            (
                Cell(0, 10, 3, 0, 15, ((Effect.DELAY, 2), (Effect.VIBRATO, 0x63))),
                Cell(5, RELEASE, effects=((0, 0), (0, 0))),
                Cell(9, HALT, effects=((0, 0), (0, 0))),
            ),
        ),
        Pattern(0, 0, 1, (Cell(0, 1, 4, 3, effects=((Effect.NOTE_UP, 0x13), (0, 0))),)),
        Pattern(0, 3, 0, (Cell(2, 12, 0, 3, 8, ((0, 0),)),)),
        Pattern(0, 4, 0, (Cell(15, effects=((Effect.JUMP, 1),)),)),
    ),
)
