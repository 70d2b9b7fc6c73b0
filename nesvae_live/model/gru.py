"""A GRU's arithmetic without torch or the GIL, shared by the decoder and the encoder.

Vectors are float32. Matrices are C-contiguous `[out, in]`, float32 or int8 with a scale per row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.wide import FEW, MANY, STEP, WIDE, add_tile
from nesvae_live.music.phrase import SLOTS

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]


def contiguous(array: NDArray[Any]) -> F32:
    """The array as C-contiguous float32."""
    return np.ascontiguousarray(array, np.float32)


def stack(arrays: list[F32]) -> F32:
    """Weights of the same shape, one for each layer or slot, as one array."""
    return contiguous(np.stack(arrays))


def input_table(weights: Weights, embed: str, w_in: F32) -> tuple[F32, NDArray[np.int64]]:
    """Multiply embeddings with a GRU's input weights, so that a step only looks rows up.

    Args:
        weights: the checkpoint's.
        embed: the name of the embeddings, such as `decoder.embed`.
        w_in: `[3 H, >= 4 E]`, a GRU's input weights, the four embeddings first.

    Returns:
        The table `[symbols of all slots, 3 H]`, and the row of each slot's symbol 0, `[4]`.
    """
    rows = []
    for i in range(SLOTS):
        table = weights[f"{embed}.{i}.weight"]
        e = table.shape[1]
        rows.append(table @ w_in[:, i * e : (i + 1) * e].T)
    return contiguous(np.concatenate(rows)), np.cumsum([0, *map(len, rows[:-1])])


@njit(nogil=True, cache=True)
def copy_rows(row: F32, out: F32) -> None:
    """Every row of `out` `[R, n]` becomes `row` `[n]`."""
    for r in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[r, i] = row[i]


@njit(nogil=True, cache=True, fastmath=True)
def add_row(table: F32, row: int, out: F32) -> None:
    """`out += table[row]`."""
    for i in range(out.shape[0]):
        out[i] += table[row, i]


@njit(nogil=True, cache=True)
def add_product(w: I8, scale: F32, x: F32, out: F32, kinds: int) -> None:
    """`out[r] += (scale * w) @ x[r]` for `w` `[out, in]`, `scale` `[out]`, `x` `[R, in]`.

    Of the rows of `x` there are so many `kinds`: where that is 1 or 2, row r is row r % kinds.

    Reading `w` takes most of the time, so four rows of `x` share each reading of two of its rows, or of four
    where vectors are wide; what is left of the rows of `w` then is added as elsewhere.
    """
    rows, r, n = x.shape[0], 0, w.shape[0]
    wide = n if WIDE and w.shape[1] % STEP == 0 else 0
    few, many = wide - wide % FEW, wide - wide % MANY
    while rows - r >= 4:
        x0, x1, x2, x3 = x[r], x[r + 1], x[r + 2], x[r + 3]
        outs = (out[r], out[r + 1], out[r + 2], out[r + 3])
        done = few
        if kinds == 1:
            done = many
            for i in range(0, many, MANY):
                add_tile(w, scale, (x0,), outs, i)
        elif kinds == 2:
            for i in range(0, few, FEW):
                add_tile(w, scale, (x0, x1), outs, i)
        else:
            for i in range(0, few, FEW):
                add_tile(w, scale, (x0, x1, x2, x3), outs, i)
        _add_4(w, scale, x0, x1, x2, x3, out[r : r + 4], done)
        r += 4
    if rows - r >= 2:
        done = few
        if kinds == 1:
            done = many
            for i in range(0, many, MANY):
                add_tile(w, scale, (x[r],), (out[r], out[r + 1]), i)
        else:
            for i in range(0, few, FEW):
                add_tile(w, scale, (x[r], x[r + 1]), (out[r], out[r + 1]), i)
        _add_2(w, scale, x[r], x[r + 1], out[r : r + 2], done)
        r += 2
    if rows - r == 1:
        for i in range(0, many, MANY):
            add_tile(w, scale, (x[r],), (out[r],), i)
        _add_1(w, scale, x[r], out[r], many)


@njit(nogil=True, cache=True, fastmath=True)
def add_plain(w: F32, x: F32, out: F32) -> None:
    """`out += w @ x` for float32 `w` `[out, in]`, `x` `[in]`."""
    for i in range(w.shape[0]):
        row = w[i]
        total = np.float32(0)
        for j in range(row.shape[0]):
            total += row[j] * x[j]
        out[i] += total


@njit(nogil=True, cache=True, fastmath=True)
def _add_1(w: I8, scale: F32, x: F32, out: F32, first: int) -> None:
    for i in range(first, w.shape[0]):
        row = w[i]
        total = np.float32(0)
        for j in range(row.shape[0]):
            total += np.float32(row[j]) * x[j]
        out[i] += scale[i] * total


@njit(nogil=True, cache=True, fastmath=True)
def _add_2(w: I8, scale: F32, x0: F32, x1: F32, out: F32, first: int) -> None:
    for i in range(first, w.shape[0]):
        row = w[i]
        total0, total1 = np.float32(0), np.float32(0)
        for j in range(row.shape[0]):
            weight = np.float32(row[j])
            total0 += weight * x0[j]
            total1 += weight * x1[j]
        out[0, i] += scale[i] * total0
        out[1, i] += scale[i] * total1


@njit(nogil=True, cache=True, fastmath=True)
def _add_4(w: I8, scale: F32, x0: F32, x1: F32, x2: F32, x3: F32, out: F32, first: int) -> None:
    n = w.shape[0]
    for i in range(first, n, 2):
        k = min(i + 1, n - 1)  # an odd last row stands alone
        row, next_row = w[i], w[k]
        a0, a1, a2, a3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        b0, b1, b2, b3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for j in range(row.shape[0]):
            a, b = np.float32(row[j]), np.float32(next_row[j])
            a0 += a * x0[j]
            a1 += a * x1[j]
            a2 += a * x2[j]
            a3 += a * x3[j]
            b0 += b * x0[j]
            b1 += b * x1[j]
            b2 += b * x2[j]
            b3 += b * x3[j]
        for r, total in enumerate((a0, a1, a2, a3)):
            out[r, i] += scale[i] * total
        if k > i:
            for r, total in enumerate((b0, b1, b2, b3)):
                out[r, k] += scale[k] * total


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")  # no checks for division by 0
def tanh(x: np.float32) -> np.float32:
    """Hyperbolic tangent within 1e-6, in arithmetic that the compiler can vectorise.

    Lambert's continued fraction of a quarter of x, then twice tanh 2y = 2t / (1 + t^2).
    """
    y = np.float32(0.25) * min(max(x, np.float32(-10)), np.float32(10))
    s = y * y
    above = np.float32(10395) + s * (np.float32(1260) + s * np.float32(21))
    below = np.float32(10395) + s * (np.float32(4725) + s * (np.float32(210) + s))
    t = y * above / below
    t = np.float32(2) * t / (np.float32(1) + t * t)
    return np.float32(np.float32(2) * t / (np.float32(1) + t * t))


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def gru_cell(gates_in: F32, gates_h: F32, h: F32, out: F32) -> None:
    """A GRU's next state from both pre-activations `[R, 3 H]` of its gates r, z, n, as in torch."""
    n = h.shape[1]
    half, one = np.float32(0.5), np.float32(1)
    for row in range(h.shape[0]):
        a_r, a_z, a_n = gates_in[row, :n], gates_in[row, n : 2 * n], gates_in[row, 2 * n :]
        b_r, b_z, b_n = gates_h[row, :n], gates_h[row, n : 2 * n], gates_h[row, 2 * n :]
        before, after = h[row], out[row]
        for i in range(n):
            r = half + half * tanh(half * (a_r[i] + b_r[i]))
            z = half + half * tanh(half * (a_z[i] + b_z[i]))
            c = tanh(a_n[i] + r * b_n[i])
            after[i] = (one - z) * c + z * before[i]
