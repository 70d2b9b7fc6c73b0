"""What the performer's knobs ask for, as nats for and against each patch of the kit.

A knob names a place between the ends of what the kit has, and patches lean towards it, as far as the music
lets them: a note may still be played otherwise where it speaks strongly for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.performing import Manner
from nesvae_live.model.performer.choosingtables import UNMOVED, Leaning
from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import Column
from nesvae_live.music.metre.place import FREE, N_PLACES, TICKS_PER_BEAT, bar_line

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

BRIGHT = np.array([1.0, 0.5, 0.0, 0.5])
"""How bright each duty is: the thinnest most; 75 % sounds as 25 %."""
BRIGHT_STEPS = 6
"""So many steps of a duty sequence are heard."""
RING = slice(3, 15)
"""The steps of an envelope, 1/8 to 5/8 s, whose mean says how long it rings."""
BRIGHT_WIDTH, RING_WIDTH = 0.12, 0.1
"""By how much a patch may miss what a knob asks for before it is less than .6 as likely."""
ACCENT = 5.0
"""By how many of 15 levels a bar's first note is louder than its voice, with the knob all the way up."""


def _strength(place: int) -> float:
    if place == FREE:
        return 0.0
    tick = place - bar_line(place)
    if tick % TICKS_PER_BEAT == 0:
        return 1.0 if tick == 0 else 0.5
    return -0.5 if tick % (TICKS_PER_BEAT // 2) == 0 else -1.0


STRENGTHS = np.array([_strength(place) for place in range(N_PLACES)], np.float32)
"""How strong each place of the bar is, -1 to 1."""


def brightness_of(duties: NDArray[np.uint8]) -> NDArray[np.float64]:
    """`[...]`: how bright duty sequences `[..., STEPS]` are, 0 to 1."""
    return np.asarray(BRIGHT[duties[..., :BRIGHT_STEPS]].mean(-1))


def ring_of(shapes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """`[...]`: how much of an envelope `[..., STEPS]`, as of `Kit.shapes`, is left, 0 to 1."""
    return np.asarray(shapes[..., RING].mean(-1) / 15.0)


class Knobs:
    """Makes leanings of what knobs ask for."""

    def __init__(self, kit: Kit) -> None:
        self._bright, self._ring = brightness_of(kit.duties), ring_of(kit.shapes)

    def leaning(self, manner: Manner, rows: Ints, base: F32) -> Leaning:
        """What `manner` asks for; `base` `[2]` is the pulses' usual level, `rows` are all notes'."""
        if (manner.brightness, manner.ring, manner.accent) == (None, None, None):
            return UNMOVED
        return Leaning(
            on=True,
            shapes=_towards(self._ring, manner.ring, RING_WIDTH),
            duties=_towards(self._bright, manner.brightness, BRIGHT_WIDTH),
            levels=manner.accent is not None,
            accent=ACCENT * (manner.accent or 0.0),
            base=base,
            strength=STRENGTHS[rows[:, Column.PLACE]],
        )


def _towards(values: NDArray[np.float64], wanted: float | None, width: float) -> F32:
    if wanted is None:
        return np.zeros(len(values), np.float32)
    return np.asarray(-0.5 * ((values - wanted) / width) ** 2, np.float32)


def cast_of(manner: Manner, casts: int, now: int) -> int:
    """Which of so many casts plays: that of the knob, else as it is `now`."""
    if manner.instrument is None or not casts:
        return now
    return min(int(manner.instrument * casts), casts - 1)
