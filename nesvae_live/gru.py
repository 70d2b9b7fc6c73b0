"""What the decoder and the encoder share: a GRU's arithmetic without torch or the GIL.

Vectors are float32, weights C-contiguous float32 `[out, in]`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.checkpoint import Weights
from nesvae_live.phrase import SLOTS

F32 = NDArray[np.float32]


def contiguous(array: NDArray[Any]) -> F32:
    """As the kernels want it."""
    return np.ascontiguousarray(array, np.float32)


def stack(arrays: list[F32]) -> F32:
    """One array of weights of the same shape, one a layer or slot."""
    return contiguous(np.stack(arrays))


def input_table(weights: Weights, embed: str, w_in: F32) -> tuple[F32, NDArray[np.int64]]:
    """Embeddings times input weights, once and for all.

    Args:
        weights: the checkpoint's.
        embed: the name of the embeddings, as `decoder.embed`.
        w_in: `[3 H, >= 4 E]`, a GRU's input weights, the four embeddings first.

    Returns:
        `[symbols of all slots, 3 H]`, and `[4]` the row of each slot's symbol 0.
    """
    rows = []
    for i in range(SLOTS):
        table = weights[f"{embed}.{i}.weight"]
        e = table.shape[1]
        rows.append(table @ w_in[:, i * e : (i + 1) * e].T)
    return contiguous(np.concatenate(rows)), np.cumsum([0, *map(len, rows[:-1])])


@njit(nogil=True, cache=True, fastmath=True)
def add_product(w: F32, x: F32, out: F32) -> None:
    """`out[r] += w @ x[r]` for `x` `[R, in]`, `out` `[R, out]`.

    The time goes into reading `w`, so four rows share each reading.
    """
    rows, r = x.shape[0], 0
    while rows - r >= 4:
        _add_4(w, x[r], x[r + 1], x[r + 2], x[r + 3], out[r], out[r + 1], out[r + 2], out[r + 3])
        r += 4
    if rows - r >= 2:
        _add_2(w, x[r], x[r + 1], out[r], out[r + 1])
        r += 2
    if rows - r == 1:
        _add_1(w, x[r], out[r])


@njit(nogil=True, cache=True, fastmath=True)
def _add_1(w: F32, x: F32, out: F32) -> None:
    for i in range(w.shape[0]):
        row = w[i]
        total = np.float32(0)
        for j in range(row.shape[0]):
            total += row[j] * x[j]
        out[i] += total


@njit(nogil=True, cache=True, fastmath=True)
def _add_2(w: F32, x0: F32, x1: F32, out0: F32, out1: F32) -> None:
    for i in range(w.shape[0]):
        row = w[i]
        total0, total1 = np.float32(0), np.float32(0)
        for j in range(row.shape[0]):
            total0 += row[j] * x0[j]
            total1 += row[j] * x1[j]
        out0[i] += total0
        out1[i] += total1


@njit(nogil=True, cache=True, fastmath=True)
def _add_4(
    w: F32, x0: F32, x1: F32, x2: F32, x3: F32, out0: F32, out1: F32, out2: F32, out3: F32
) -> None:
    for i in range(w.shape[0]):
        row = w[i]
        total0, total1 = np.float32(0), np.float32(0)
        total2, total3 = np.float32(0), np.float32(0)
        for j in range(row.shape[0]):
            total0 += row[j] * x0[j]
            total1 += row[j] * x1[j]
            total2 += row[j] * x2[j]
            total3 += row[j] * x3[j]
        out0[i] += total0
        out1[i] += total1
        out2[i] += total2
        out3[i] += total3


@njit(nogil=True, cache=True, fastmath=True)
def gru_cell(gates_in: F32, gates_h: F32, h: F32, out: F32) -> None:
    """A GRU's gates r, z, n from both pre-activations `[R, 3 H]` (torch's convention)."""
    n = h.shape[1]
    one = np.float32(1)
    for row in range(h.shape[0]):
        a, b, before, after = gates_in[row], gates_h[row], h[row], out[row]
        for i in range(n):
            r = one / (one + np.exp(-(a[i] + b[i])))
            z = one / (one + np.exp(-(a[n + i] + b[n + i])))
            c = np.tanh(a[2 * n + i] + r * b[2 * n + i])
            after[i] = (one - z) * c + z * before[i]
