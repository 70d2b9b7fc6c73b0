"""Symbols out of logits, for live use: how they are drawn, and how knobs guide them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@njit(nogil=True, cache=True, fastmath=True)
def choose(
    logits: F32, uniform: np.float32, temperature: np.float32, top_p: np.float32, kept: F32
) -> int:
    """Draw a symbol by inverting the distribution at `uniform`; `kept` `[N]` is scratch space."""
    n = logits.shape[0]
    highest = logits[0]
    for i in range(1, n):
        highest = max(highest, logits[i])
    total = np.float32(0)
    for i in range(n):
        logits[i] = np.exp((logits[i] - highest) / temperature)
        total += logits[i]
    if top_p >= 1:
        for i in range(n):
            kept[i] = logits[i]
    else:
        for i in range(n):
            kept[i] = 0
        mass = np.float32(0)
        while mass < top_p * total:
            best = 0
            for i in range(1, n):
                if logits[i] > logits[best]:
                    best = i
            if logits[best] <= 0:
                break
            kept[best] = logits[best]
            mass += logits[best]
            logits[best] = 0
        total = mass
    wanted = uniform * total
    cumulative = np.float32(0)
    last = 0
    for i in range(n):
        if kept[i] > 0:
            cumulative += kept[i]
            last = i
            if cumulative > wanted:
                return i
    return last


@njit(nogil=True, cache=True, fastmath=True)
def _log_sum(x: F32) -> np.float32:
    """The log of the sum of exponentials."""
    highest = x[0]
    for i in range(1, x.shape[0]):
        highest = max(highest, x[i])
    total = np.float32(0)
    for i in range(x.shape[0]):
        total += np.exp(x[i] - highest)
    return np.float32(highest + np.log(total))


@njit(nogil=True, cache=True, fastmath=True)
def opinion(logits: F32, released: F32, much: np.float32, lean: F32) -> None:
    """How much likelier each symbol is by `logits` than by `released`, in nats, `much` times.

    Written into `lean`.
    """
    a, b = _log_sum(logits), _log_sum(released)
    for i in range(logits.shape[0]):
        lean[i] = much * ((logits[i] - a) - (released[i] - b))
