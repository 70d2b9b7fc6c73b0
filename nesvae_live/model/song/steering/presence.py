"""Voices that fell silent, and music that stands still: how they are brought back.

A voice that is silent is likely to stay so, as in songs; but a song has an end, and what plays for an
hour has not. So the longer a voice was silent than voices of songs are, the more speaks against
more of it; likewise against notes that go on while nothing begins. What hands ask for decides: who
asks for few voices has them, and who asks for more than there are gets them back sooner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.music.phrase import N_VOICES
from nesvae_live.music.voices import Voice

F32 = NDArray[np.float32]

DENSITY, BASS, POLYPHONY = 0, 2, 3
"""Which attributes say how much voices are to sound, and to begin."""
NEVER = 1e9
"""Ticks of a wait that has no end."""
SILENT, HELD, STILL = 192.0, 144.0, 96.0
"""Ticks that a voice may be silent, and have one note, and that nothing may begin, before anything
speaks against it. In songs of the training that last a minute the longest silence within a voice is
shorter in 98 %, the longest note in 95 %, the longest standstill in 98 %."""
ASKED = 12.0
"""The same of what a hand asks for and isn't there."""
KEPT_STILL = 48.0
"""Ticks that nothing may begin where the density is to stay, and is one of music that goes on."""
SELDOM = -1.5
"""Below this density music stands still anyway."""
SPARSE = 4.0
"""Who asks for few notes and has them waits so many times as long."""
MISSED = 0.5
"""So many standard deviations less than a hand asks for are too little."""
RISE, MOST_RISE = 2.0, 8.0
"""Log odds that speak against it after each further bar or beat, and at most."""
BAR, BEAT = 48.0, 12.0
"""Ticks in which they rise: as a rule, and of what a hand asks for and isn't there."""


def wait_for_ever() -> F32:
    """`[4, 2]`: nothing is brought back."""
    out = np.full((N_VOICES + 1, 2), NEVER, np.float32)
    out[N_VOICES, 1] = BAR
    return out


def patience(
    z: F32, hands: F32, lately: NDArray[np.float64] | None, told: F32 | None = None
) -> F32:
    """For how many ticks each voice may be silent and have one note, and nothing begin: `[4, 2]`.

    Args:
        z: `[8 + U]`, what is asked for.
        hands: `[8 + U]`, 1 where a hand has set it.
        lately: `[8]`, the attributes of what was played last, as coordinates; None: nothing was.
        told: `[8]`, 1 where an attribute is to stay though no hand has set it; None: none is.

    Returns:
        A row a voice, and one that says for how long nothing at all may begin, and in how many ticks
        what speaks against it rises.
    """
    out = np.tile(np.array([SILENT, HELD], np.float32), (N_VOICES + 1, 1))
    out[N_VOICES] = STILL, BAR
    if lately is None:
        return out
    there = lately[: len(ATTRIBUTES)] >= z[: len(ATTRIBUTES)] - MISSED
    for attribute, voices in ((POLYPHONY, tuple(Voice)[:N_VOICES]), (BASS, (Voice.TR,))):
        if hands[attribute] > 0:
            out[list(voices), 0] = NEVER if there[attribute] else ASKED
    if told is not None and told[DENSITY] > 0 and z[DENSITY] > SELDOM:
        out[N_VOICES] = KEPT_STILL, BEAT
    asked = hands[: len(ATTRIBUTES)] > 0
    if (asked & ~there)[[DENSITY, BASS, POLYPHONY]].any():
        out[N_VOICES, 1] = BEAT
    if asked[DENSITY]:
        if not there[DENSITY]:
            out[:N_VOICES, 1] = out[N_VOICES, 0] = ASKED
        elif z[DENSITY] < 0:
            out[:N_VOICES, 1] *= SPARSE
            out[N_VOICES, 0] *= SPARSE
    return out
