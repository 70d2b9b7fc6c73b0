"""A tracker's module as FamiTracker has it: instruments made of sequences, patterns, an order.

Notes count as in the tracker, where the pulses' A-3 is 440 Hz and the triangle sounds an octave
below what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

CHANNELS = 5
"""P1, P2, TR, NO and the DPCM of the 2A03; our music leaves the last one empty."""

NO_INSTRUMENT, NO_VOLUME = 0x40, 0x10
RELEASE, HALT = 13, 14
"""In place of a note (1-12 from C on; 0: none): its sequences go on behind their release; it ends."""

MOST_INSTRUMENTS, MOST_SEQUENCES, MOST_ITEMS = 64, 128, 252
MOST_FRAMES, MOST_PATTERNS, MOST_ROWS, MOST_COLUMNS = 128, 128, 256, 4
LOWEST_OCTAVE_NOTE = 24
"""The MIDI note of the pulses' C-0; the triangle sounds an octave below what is written."""

TEMPI = range(32, 256)
"""What a module's tempo can be; below lies speed."""


class Kind(IntEnum):
    """What a sequence changes, tick by tick."""

    VOLUME = 0
    ARPEGGIO = 1
    PITCH = 2
    HI_PITCH = 3
    DUTY = 4


class Effect(IntEnum):
    """Effects by their numbers in a file, with the letter that the tracker shows."""

    SPEED = 1
    JUMP = 2
    SKIP = 3
    STOP = 4
    VOLUME = 5
    PORTAMENTO = 6
    PORTAMENTO_OFF = 7
    SWEEP_UP = 8
    SWEEP_DOWN = 9
    ARPEGGIO = 10
    VIBRATO = 11
    TREMOLO = 12
    PITCH = 13
    DELAY = 14
    DAC = 15
    SLIDE_UP = 16
    SLIDE_DOWN = 17
    DUTY = 18
    SAMPLE_OFFSET = 19
    NOTE_UP = 20
    NOTE_DOWN = 21
    VOLUME_SLIDE = 22
    CUT = 23
    RETRIGGER = 24
    SAMPLE_PITCH = 25


LETTERS = "FBDCE3?HI047PGZ12VYQRASXM"
"""The letters of effects 1 to 25; the eighth, `?`, is not used any more."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A sequence: a value a tick; from `loop` on they repeat, the last one stays.

    With a `release` that value is the last one that is held: behind it, it goes on from `loop`, if
    that lies before, or waits. Once released, it goes on from the value at `release` to the end.
    -1: neither. `setting` is 0 but for arpeggios that are not added to the note.
    """

    kind: Kind
    index: int
    values: tuple[int, ...]
    loop: int = -1
    release: int = -1
    setting: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument of the 2A03: the index of its sequence of each kind that it has.

    `samples` are the bytes of its DPCM assignments, three for each of 96 notes.
    """

    index: int
    name: str
    sequences: tuple[int | None, int | None, int | None, int | None, int | None]
    samples: bytes = b""
    idle: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """The indices that are stored for those that it doesn't have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one row of one channel; `effects` are (number, parameter), (0, 0) for none."""

    row: int
    note: int = 0
    octave: int = 0
    instrument: int = NO_INSTRUMENT
    volume: int = NO_VOLUME
    effects: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """The cells of a channel that aren't empty, by row."""

    track: int
    channel: int
    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A song: at a speed and a tempo, patterns of `rows` rows in the order of the frames.

    `columns` are how many columns of effects each channel shows.
    """

    name: str
    speed: int
    tempo: int
    rows: int
    order: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...] = (1,) * CHANNELS


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the plain 2A03."""

    title: str = ""
    artist: str = ""
    copyright: str = ""
    machine: int = 0
    fps: int = 0
    vibrato: int = 1
    highlight: tuple[int, int] = (4, 16)
    split: int = 32
    instruments: Sequence[Instrument] = ()
    sequences: Sequence[Steps] = ()
    tracks: Sequence[Track] = ()
    patterns: Sequence[Pattern] = field(default=())
    samples: bytes = b"\0"
    """The block of DPCM samples, as it is."""
    comment: bytes | None = None
    """The block of the comment, as it is."""
