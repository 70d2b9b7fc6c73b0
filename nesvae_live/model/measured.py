"""The attributes of phrases for live use: `latent.attributes`, compiled, to the same floats.

A decode measures what was just played and each of its candidates, and a hundred calls of numpy on arrays of
thirteen take as long as the network does for a tuple. Only the logarithm is numpy's still, whose last
digit another library's need not have.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import (
    CONSONANT,
    N_ATTRIBUTES,
    REACH,
    TR_HIGHEST,
    TR_LOWEST,
    Quantiles,
)
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, SLOTS, STEPS_PER_SECOND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOWEST = np.array([slot.first for slot in SLOT_TABLE[:N_VOICES]])
TONES = 12
DENSITY, REGISTER, BASS, POLYPHONY, REGULARITY, MOTION, CONSONANCE, FOCUS = range(N_ATTRIBUTES)
LEAST, LEAST_SHARE = 1e-9, 1e-12
"""What is divided by, and what a logarithm is taken of, are no less."""


class Measure:
    """Says which coordinates phrases have."""

    def __init__(self, quantiles: Quantiles) -> None:
        steps = quantiles.steps
        self._counts = np.array([len(values) for values, _ in steps])
        shape = N_ATTRIBUTES, int(self._counts.max())
        self._values, self._coordinates = np.zeros(shape), np.zeros(shape)
        for i, (values, coordinates) in enumerate(steps):
            self._values[i, : len(values)] = values
            self._coordinates[i, : len(values)] = coordinates
        self(np.zeros((1, 1, SLOTS), np.int64))  # compiled before anything has to be on time

    def __call__(self, symbols: Ints) -> Floats:
        """`[n, 8]`: the attributes of tuples `[n, T, 4]` of symbols as coordinates; T is 1 to 127."""
        n = len(symbols)
        out = np.empty((n, N_ATTRIBUTES))
        shares = np.zeros((n, LONGEST_HOLD + TONES))
        _measure(np.array(symbols), out, shares)
        bits = shares * np.log2(np.maximum(shares, LEAST_SHARE))
        _place(bits, self._values, self._coordinates, self._counts, out)
        return out


@njit(nogil=True, cache=True)
def _sum(x: Floats) -> float:
    """The sum of `x` `[N]`, N below 128, added in numpy's order."""
    n = x.shape[0]
    whole = n - n % 8
    part = np.zeros(8)
    for i in range(whole):
        part[i % 8] += x[i]
    low = (part[0] + part[1]) + (part[2] + part[3])
    total = float(low + ((part[4] + part[5]) + (part[6] + part[7])))
    for i in range(whole, n):
        total += x[i]
    return total


@njit(nogil=True, cache=True)
def _measure(symbols: Ints, out: Floats, shares: Floats) -> None:
    """Measure all but the entropies, whose shares of holds and of pitch classes are filled in."""
    n, length = symbols.shape[0], symbols.shape[1]
    note, low = np.zeros((length, 3), np.int64), np.empty(length)
    for p in range(n):
        total = onsets = pitch = pulses = sounding = leap = leaps = good = both = 0
        for t in range(length):
            held = symbols[p, t, 3] + 1
            total += held
            shares[p, held - 1] += 1
            for voice in range(3):
                symbol = symbols[p, t, voice]
                note[t, voice] = symbol - 1 + LOWEST[voice] if symbol > 0 else 0
                if symbol == 0:
                    continue
                sounding += held
                shares[p, LONGEST_HOLD + note[t, voice] % TONES] += held
                before = note[t - 1, voice] if t > 0 else 0
                onsets += note[t, voice] != before
                if voice < 2:
                    pitch += note[t, voice] * held
                    pulses += held
                    apart = abs(note[t, voice] - before)
                    if before > 0 and apart > 0:
                        leap += apart
                        leaps += 1
            depth = (TR_HIGHEST - note[t, 2]) / (TR_HIGHEST - TR_LOWEST)
            low[t] = (held if note[t, 2] > 0 else 0) * (0.5 + 0.5 * depth)
            for a in range(3):
                for b in range(a + 1, 3):
                    if note[t, a] > 0 and note[t, b] > 0:
                        both += held
                        good += held * CONSONANT[abs(note[t, a] - note[t, b]) % TONES]
        out[p, DENSITY] = onsets / total * STEPS_PER_SECOND
        out[p, REGISTER] = pitch / pulses if pulses > 0 else np.nan
        out[p, BASS] = _sum(low) / total
        out[p, POLYPHONY] = sounding / total
        out[p, MOTION] = leap / leaps if leaps > 0 else np.nan
        out[p, CONSONANCE] = good / both if both > 0 else np.nan
        for k in range(LONGEST_HOLD):
            shares[p, k] /= length
        for k in range(LONGEST_HOLD, LONGEST_HOLD + TONES):
            shares[p, k] /= max(sounding, LEAST)


@njit(nogil=True, cache=True)
def _place(bits: Floats, values: Floats, coordinates: Floats, counts: Ints, out: Floats) -> None:
    """Make measures `[n, 8]` coordinates, with the entropies of the terms `bits`, as `np.interp` does."""
    for p in range(out.shape[0]):
        out[p, REGULARITY] = _sum(bits[p, :LONGEST_HOLD])
        if out[p, POLYPHONY] > 0:
            out[p, FOCUS] = _sum(bits[p, LONGEST_HOLD:])
        else:
            out[p, FOCUS] = np.nan
        for i in range(out.shape[1]):
            x, xs, ys, k = out[p, i], values[i], coordinates[i], -1
            last = counts[i] - 1
            while k < last and xs[k + 1] <= x:
                k += 1
            if np.isnan(x):
                y = 0.0
            elif k < 0:
                y = ys[0]
            elif k == last or xs[k] == x:
                y = ys[k]
            else:
                y = (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k]) * (x - xs[k]) + ys[k]
            out[p, i] = min(max(y, -REACH), REACH)
