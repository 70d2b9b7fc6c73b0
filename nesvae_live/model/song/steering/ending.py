"""How a performance ends: on a chord of the key that was played, on a line, held to the last tick.

Before it the bass is drawn to the fifth of the key. What the chord is made of is left to the network
as far as a cadence leaves it open: the octave of each note, and which tone of the chord the
accompaniment has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import Ending
from nesvae_live.music.key import SCALES, Key, likeliest_key
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE
from nesvae_live.music.voices import Voice

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

RULED_OUT = -1e4
"""The log-probability of what is not to be."""
NOT_YET = 2**40
"""The tick of an ending that isn't near."""
HEARD = 768
"""Ticks at the end by which the key is found: 32 s at 120 BPM."""
LATELY = 13
"""Tuples in which a voice that is to take part has sounded."""
FIFTH, TO_FIFTH = 7, 2.0
"""Semitones above the tonic; log odds that draw the bass there before the last chord."""
MOST = max(slot.n_symbols for slot in SLOT_TABLE)


@dataclass(frozen=True, slots=True)
class LastChord:
    """From tick `at` of what is spelt to tick `end` one chord; no tuple holds over `at`.

    `leans` `[2, 3, n]` is added to the log-probabilities of the symbols of each voice, in the beat before
    it and of the chord.
    """

    at: int
    end: int
    leans: F32

    @classmethod
    @cache
    def none(cls) -> LastChord:
        """The performance goes on; nobody may change it."""
        return cls(NOT_YET, NOT_YET, np.zeros((2, N_VOICES, MOST), np.float32))

    @classmethod
    def of(cls, ending: Ending, symbols: I64) -> LastChord:
        """The chord that ends what was played, tuples `[n, 4]` of symbols."""
        key = ending.key or _key_of(symbols)
        shift = ending.transpose if ending.key is not None else (0, 0, 0)
        scale = SCALES[key.scale]
        third = 4 if 4 in scale else 3 if 3 in scale else FIFTH
        chord = (0, third, FIFTH if FIFTH in scale else 0)
        lately = symbols[-LATELY:, :N_VOICES]
        begun = (lately[1:] != lately[:-1]).sum(0)[: Voice.TR]
        lead = int(begun.argmax())
        leans = np.zeros((2, N_VOICES, MOST), np.float32)
        before, notes = leans
        notes[:] = RULED_OUT
        for voice in range(N_VOICES):
            pitch = _pitch_classes(voice, key.root - shift[voice])
            tones = (0,) if voice in (Voice.TR, lead) else chord
            notes[voice, : len(pitch)][np.isin(pitch, tones)] = 0.0
            if len(lately) and not lately[:, voice].any():
                notes[voice, 0] = 0.0
            if voice == Voice.TR:
                before[voice, : len(pitch)][pitch == FIFTH] = TO_FIFTH
        return cls(ending.ticks - ending.last, ending.ticks, leans)


def _pitch_classes(voice: int, root: int) -> I64:
    """`[n]`: each symbol's pitch class above a root, -1 for silence."""
    slot = SLOT_TABLE[voice]
    out = (np.arange(slot.n_symbols) - 1 + slot.first - root) % 12
    out[0] = -1
    return out


def _key_of(symbols: I64) -> Key:
    """The major or minor key that fits what was played last."""
    held = symbols[:, 3] + 1
    late = held[::-1].cumsum()[::-1] <= HEARD
    weight = np.zeros(12)
    for voice in range(N_VOICES):
        sounding = symbols[:, voice] > 0
        pitch = _pitch_classes(voice, 0)[symbols[:, voice]]
        some = late & sounding
        np.add.at(weight, pitch[some], held[some])
    return likeliest_key(weight)
