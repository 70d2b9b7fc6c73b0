"""How often things happen, mended to be as often as in songs, where no hand steers.

Drawing at a temperature below 1, from the likeliest symbols, while the past is quoted, shifts what the network
learnt: voices stay on their notes, begin between the lines and sound dissonant together more often than in songs.
What is added here to log-probabilities brings that back. It was found by iterative scaling
(`benchmarks/marginals.py`): in turn, the instrument plays, and half the log of the ratio of songs to it is added
to each table. Of four rounds of 128 runs, from where earlier ones had come to, these are the mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.place import METRES, N_PLACES
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES

F32 = NDArray[np.float32]

MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], np.int64)
"""Which pitch classes above its tonic a major scale has."""
LATELY, ENOUGH = 52, 30
"""Tuples in which a pitch class was heard lately or not; notes that they must have together."""
SELDOM, AT_TIMES = 3, 8
"""Per cent of the notes there, from which on a pitch class is heard seldom, at times and often."""

OF_SCALE = 4
"""The kinds of `Marginals.heard` from which on a pitch class is of the scale."""


class Marginals(NamedTuple):
    """Log odds, each float32.

    Attributes:
        place: `[N_PLACES]`, of a hold after which the next tuple begins there.
        hold: `[32]`, of a hold by how long it is.
        stay: `[3]`, of a voice that stays on its note.
        heard: `[8]`, of a note that begins, by how often its pitch class was heard lately: never, less
            than 3 % of the notes, less than 8 %, and more; the second four if it is of the scale of most of them.
        apart: `[12]`, of a note so many semitones above one that a voice before it has, modulo 12.
        leap: `[3, 13]`, of a note of the scale to which a voice moves by so many semitones, up or down; 13 or more: 0.
        again: `[1]`, of a hold, times the share of the phrase's holds so far that are as long.
        quoting: `[1]`, of quoting what was played.
    """

    place: F32
    hold: F32
    stay: F32
    heard: F32
    apart: F32
    leap: F32
    again: F32
    quoting: F32


class Mends(NamedTuple):
    """Those of music in a metre, and of free music, which has no places."""

    metre: Marginals
    free: Marginals


LEAPS = 13
"""Moves that are told apart: by 1 to 12 semitones, and by more."""
UNMENDED = Marginals(
    *(
        np.zeros(shape, np.float32)
        for shape in (N_PLACES, LONGEST_HOLD, N_VOICES, 8, 12, (N_VOICES, LEAPS), 1, 1)
    )
)


def by_place(beats: NDArray[np.floating]) -> F32:
    """`[N_PLACES]` from `[4, 12]`, the ticks of the bar of four.

    A bar of three has its first, second and last beat; what is free has no places.
    """
    bars = [beats[:2], beats[-1:]]
    assert METRES == (4, 3)
    ticks = (np.zeros(1), beats.ravel(), np.concatenate(bars).ravel())
    return np.concatenate(ticks).astype(np.float32)


STRANGE = 0.2
"""So much more speaks against what isn't of the scale: else as many notes as in songs leave it, but fewer phrases
stay within it."""
IN_METRE = UNMENDED._replace(
    place=by_place(
        np.array(
            [
                [0.42, -1.49, -1.5, -0.75, -0.76, -1.29, -0.11, -1.46, -0.38, -0.49, -1.5, -0.91],
                [0.32, -1.5, -1.5, -0.49, -0.69, -1.07, 0.1, -1.5, -0.24, -0.59, -1.38, -0.78],
                [0.39, -1.5, -1.48, -0.44, -0.67, -1.1, 0.23, -1.35, -0.09, -0.26, -1.36, -0.27],
                [0.64, -1.46, -1.03, -0.19, -0.24, -0.61, 0.43, -0.97, 0.23, -0.05, -0.91, -0.16],
            ]
        )
    ),
    stay=np.array([-0.32, -0.32, -0.56], np.float32),
    heard=np.array(
        [*(x - STRANGE for x in (-0.41, -0.61, 0.02, 0.24)), -0.16, -0.42, 0.09, 0.05], np.float32
    ),
    apart=np.array(
        [0.09, -0.22, -0.22, -0.04, 0.07, 0.12, 0.0, -0.03, 0.17, 0.14, -0.35, -0.34], np.float32
    ),
)
FREE_MUSIC = UNMENDED
MENDS = Mends(IN_METRE, FREE_MUSIC)
