"""Notes are led to those of a harmony, or of somebody who plays, as in counterpoint; without the GIL.

What the network would play stays as likely as it was, but not where: the probability of a note that may
not sound goes to the nearest ones above and below that may, as it likes those two. So how often a voice
rests, and how often it moves, is the network's affair, and so is about how high.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import CONSONANT
from nesvae_live.model.song.steering.ending import RULED_OUT
from nesvae_live.model.song.steering.leaning import LOWEST, SYMBOLS

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

LEAST = 1e-30
"""Of a probability, before its logarithm is taken."""


@njit(nogil=True, cache=True)
def lead_to(one: F32, voice: int, last: int, may: I64, kept: np.float32) -> None:
    """Lead a voice's symbols to the pitch classes that `may` `[12]` be; a share of the others is kept.

    Nothing that would move is led to the `last` symbol: there the voice would stand still.
    """
    n, top = one.shape[0], one[0]
    for k in range(1, n):
        top = max(top, one[k])
    given = np.zeros(n, np.float64)
    some = False
    for k in range(1, n):
        if may[(LOWEST[voice] + k - 1) % 12] > 0:
            given[k] += math.exp(one[k] - top)
            some = True
    if not some:
        return
    for k in range(1, n):
        if may[(LOWEST[voice] + k - 1) % 12] > 0:
            continue
        below, above = k - 1, k + 1
        while below > 0 and (below == last or may[(LOWEST[voice] + below - 1) % 12] == 0):
            below -= 1
        while above < n and (above == last or may[(LOWEST[voice] + above - 1) % 12] == 0):
            above += 1
        much = (1.0 - kept) * math.exp(one[k] - top)
        if below <= 0 and above >= n:
            continue
        if below <= 0:
            given[above] += much
        elif above >= n:
            given[below] += much
        else:
            down, up = math.exp(one[below] - top) + LEAST, math.exp(one[above] - top) + LEAST
            given[below] += much * down / (down + up)
            given[above] += much * up / (down + up)
    for k in range(1, n):
        if may[(LOWEST[voice] + k - 1) % 12] > 0:
            one[k] = top + math.log(given[k] + LEAST)
        elif kept > 0:
            one[k] += math.log(kept)
        else:
            one[k] = RULED_OUT


@njit(nogil=True, cache=True)
def resolve(holds: F32, most: int) -> None:
    """Let what would be held for longer than `most` ticks be held as long as it may until then."""
    top, last, much = holds[0], -1, 0.0
    for k in range(holds.shape[0]):
        top = max(top, holds[k])
        if k < most and holds[k] > RULED_OUT / 2:
            last = k
    if last < 0:
        return
    for k in range(most, holds.shape[0]):
        much += math.exp(holds[k] - top)
        holds[k] = RULED_OUT
    holds[last] = top + math.log(math.exp(holds[last] - top) + much + LEAST)


@njit(nogil=True, cache=True)
def is_strange(symbols: I64, fixed: I64, n_symbols: I64, may: I64) -> bool:
    """Whether a voice that isn't given has a note that `may` `[3, 12]` not be."""
    for voice in range(3):
        note = symbols[voice]
        written = fixed[voice] >= n_symbols[voice]
        if written and note > 0 and may[voice, (LOWEST[voice] + note - 1) % 12] == 0:
            return True
    return False


@njit(nogil=True, cache=True)
def fitting(given: I64, may: I64) -> bool:
    """Which pitch classes are consonant with all given notes, symbols `[>= 3]`, into `may` `[12]`.

    Whether that says anything: something sounds, and something is consonant with it.
    """
    says = False
    for tone in range(12):
        may[tone] = 1
    for voice in range(3):
        note = given[voice]
        if 0 < note < SYMBOLS[voice]:
            says = True
            for tone in range(12):
                apart = abs(tone - (LOWEST[voice] + note - 1) % 12)
                if CONSONANT[apart] == 0:
                    may[tone] = 0
    return says and may.sum() > 0


@njit(nogil=True, cache=True)
def enter(one: F32) -> None:
    """Rule silence out: the voice enters here."""
    one[0] = RULED_OUT
