"""The metres and tempi of held-out songs, so that what is played has those of what it is put beside.

The network is given the metre: it writes in bars of four or of three, or free music. How clear its pulse is,
or how long its notes are, depends on that before all else, and a quarter of NES-MDB's music is free. And songs come
at all tempi, cut into steps of 1/24 s, which takes more of a pulse than any network; at 120 BPM, where a tick is a step, a
cut would change nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.song.beat import Music
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, bar_line
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints, tuples_to_steps

Floats = NDArray[np.float64]

SURE = 0.99
"""The share of a song whose metre is sure, from which on it has one tempo."""
FRAMES_PER_SECOND, ROWS_PER_BEAT = 60, 4
GROOVE, NEAR = 4, 0.04
"""Rows last whole frames, or do so in the mean of so many; frames that a song's tempo may be off, which is that of
the song from end to end."""


def kinds_of(places: Ints) -> Ints:
    """The place where a performance would begin that has the metre of each of `[n]` places."""
    return np.array([max(bar_line(int(place)), FREE) for place in places], np.int64)


def metres(songs: list[Music], n: int) -> Ints:
    """`[n]`: where n performances begin, in the metres of the songs' tuples and as common as there."""
    return _spread(np.concatenate([kinds_of(song.places) for song in songs]), n)


def metres_by_song(songs: list[Music], n: int) -> Ints:
    """The same in the metres that most tuples of each song have, and as common as such songs."""
    return _spread(np.array([np.bincount(kinds_of(song.places)).argmax() for song in songs]), n)


def _spread(kinds: Ints, n: int) -> Ints:
    return np.sort(kinds)[((np.arange(n) + 0.5) / n * len(kinds)).astype(np.int64)]


def tempi(corpus: TickCorpus, n: int, rng: np.random.Generator) -> Floats:
    """`[n]` tempi in ticks a second, spread as those of the songs whose metre is sure throughout.

    Rows last whole frames, or do so in a groove, as in the songs. Where there is no such song, all are 24.
    """
    ticks = np.array([song[:, 3].sum() for song in corpus.songs])
    sure = (corpus.sure > SURE) & (corpus.seconds > 0)
    if not sure.any():
        return np.full(n, float(STEPS_PER_SECOND))
    each = np.quantile(ticks[sure] / corpus.seconds[sure], (np.arange(n) + 0.5) / n)
    of_a_frame = FRAMES_PER_SECOND * TICKS_PER_BEAT / ROWS_PER_BEAT  # ticks, if a row lasts one
    rows = of_a_frame / each
    whole = np.round(rows * GROOVE) / GROOVE
    return rng.permutation(of_a_frame / np.where(np.abs(rows - whole) < NEAR, whole, rows))


def cut_to_steps(tuples: Ints, ticks_a_second: float, steps: int) -> Ints:
    """What is heard in the middle of each of the first steps of 1/24 s: `[m, 4]` to at most `[steps, 3]`."""
    notes = tuples_to_steps(tuples)
    at = ((np.arange(steps) + 0.5) / STEPS_PER_SECOND * ticks_a_second).astype(np.int64)
    return np.asarray(notes[at[at < len(notes)]])
