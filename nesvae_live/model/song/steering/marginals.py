"""How often things happen, mended to be as often as in songs, where no hand steers.

Drawing at a temperature below 1, from the likeliest symbols, while the past is quoted, shifts what the network
learnt: voices stay on their notes, begin between the lines and sound dissonant together more often than in songs.
What is added here to log-probabilities brings that back. It was found by iterative scaling
(`benchmarks/marginals.py`): in turn, the instrument plays, and some of the log of the ratio of songs to it is added
to each table. The tables that ship are in `mendtables.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.song.steering.barsago import BARS_AGO
from nesvae_live.model.song.steering.figures import LINES, LONGEST_FIGURE
from nesvae_live.music.metre.place import FREE, METRES, N_PLACES
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES

F32 = NDArray[np.float32]

MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], np.int64)
"""Which pitch classes above its tonic a major scale has."""
LATELY, ENOUGH = 52, 30
"""Tuples in which a pitch class was heard lately or not; notes that they must have together."""
SELDOM, AT_TIMES = 3, 8
"""Per cent of the notes there, from which on a pitch class is heard seldom, at times and often."""

LENGTHS = np.searchsorted([*range(2, 14), 17, 25], np.arange(1, LONGEST_HOLD + 1), side="right")
"""Of which kind each hold is: the longer ones are too rare to be told apart."""
RANGES = np.array([-1.645, -0.84, -0.25, 0.25, 0.84, 1.645])
"""Coordinates of an attribute between which phrases are told apart: 5, 15, 20, 20, 20, 15 and 5 % of the corpus."""
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
        begun: `[3, 4]`, of a voice that begins a note where it began one 1, 2, 4 or 8 bars before, or doesn't where it didn't.
        had: `[3, 4]`, of the note that a voice had then.
        figure: `[4, 9]`, of the note to which a voice goes on, or the hold that follows, as it did before after
            as many of the same moves, or holds; 0: after none.
        phrase: `[8, 7]`, of a z that is drawn for a phrase, by the coordinates of its attributes.
    """

    place: F32
    hold: F32
    stay: F32
    heard: F32
    apart: F32
    leap: F32
    again: F32
    quoting: F32
    begun: F32
    had: F32
    figure: F32
    phrase: F32


class Mends(NamedTuple):
    """Those of music in a metre, and of free music, which has no places."""

    metre: Marginals
    free: Marginals

    def at(self, place: int) -> Marginals:
        """Those of music that is at that place."""
        return self.free if place == FREE else self.metre


LEAPS = 13
"""Moves that are told apart: by 1 to 12 semitones, and by more."""
SHAPES: dict[str, tuple[int, ...]] = {
    "place": (N_PLACES,),
    "hold": (LONGEST_HOLD,),
    "stay": (N_VOICES,),
    "heard": (2 * OF_SCALE,),
    "apart": (12,),
    "leap": (N_VOICES, LEAPS),
    "again": (1,),
    "quoting": (1,),
    "begun": (N_VOICES, BARS_AGO.size),
    "had": (N_VOICES, BARS_AGO.size),
    "figure": (LINES, LONGEST_FIGURE + 1),
    "phrase": (N_ATTRIBUTES, RANGES.size + 1),
}
UNMENDED = Marginals(*(np.zeros(SHAPES[name], np.float32) for name in Marginals._fields))


def by_place(beats: NDArray[np.floating]) -> F32:
    """`[N_PLACES]` from `[4, 12]`, the ticks of the bar of four.

    A bar of three has its first, second and last beat; what is free has no places.
    """
    bars = [beats[:2], beats[-1:]]
    assert METRES == (4, 3)
    ticks = (np.zeros(1), beats.ravel(), np.concatenate(bars).ravel())
    return np.concatenate(ticks).astype(np.float32)


def by_length(lengths: NDArray[np.floating]) -> F32:
    """`[32]` from `[15]`: holds of 1 to 12, of 13 to 16, of 17 to 24, and longer ones."""
    return np.asarray(lengths, np.float32)[LENGTHS]
