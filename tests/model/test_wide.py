"""Products of matrices of 8 bits, in wide vectors or not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.model.gru import add_product
from nesvae_live.model.wide import WIDE

F32 = NDArray[np.float32]


def operands(rows: int, n: int, columns: int) -> tuple[NDArray[np.int8], F32, F32, F32]:
    rng = np.random.default_rng((rows, n, columns))
    w = rng.integers(-127, 128, (n, columns)).astype(np.int8)
    scale, x, out = (
        rng.standard_normal(shape, np.float32) for shape in (n, (rows, columns), (rows, n))
    )
    return w, scale, x, out


def fused(a: F32, b: F32, c: F32) -> F32:
    """`a * b + c`, rounded once: a product of two floats is exact in a double."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def in_parts(w: NDArray[np.int8], scale: F32, x: F32, out: F32, parts: int) -> F32:
    """The product, each sum added in so many parts, the parts by vectors of 8, which are added half by half."""
    found = np.zeros((len(x), len(w), parts), np.float32)
    for j in range(0, w.shape[1], parts):
        at = slice(j, j + parts)
        found = fused(w[None, :, at].astype(np.float32), x[:, None, at], found)
    vectors = found.reshape(*found.shape[:2], -1, 8)
    while vectors.shape[2] > 1:
        vectors = vectors[:, :, ::2] + vectors[:, :, 1::2]
    sums = vectors[:, :, 0]
    while sums.shape[2] > 1:
        half = sums.shape[2] // 2
        sums = sums[:, :, :half] + sums[:, :, half:]
    return fused(scale, sums[:, :, 0], out)


@pytest.mark.parametrize("rows", range(1, 9))
@pytest.mark.parametrize("n", [1, 3, 12, 27])
@pytest.mark.parametrize("columns", [5, 32, 96])
def test_a_product_is_that_of_numpy(rows: int, n: int, columns: int) -> None:
    w, scale, x, out = operands(rows, n, columns)
    wanted = out + (x.astype(np.float64) @ w.T.astype(np.float64)) * scale
    add_product(w, scale, x, out, rows)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=2e-3)


@pytest.mark.skipif(not WIDE, reason="this machine's compiler chooses the order")
@pytest.mark.parametrize(("rows", "parts"), [(1, 32), (2, 32), (4, 16)])
def test_sums_are_added_in_the_order_that_takes_were_played_with(rows: int, parts: int) -> None:
    w, scale, x, out = operands(rows, 43, 192)
    wanted = in_parts(w, scale, x, out, parts)
    add_product(w, scale, x, out, rows)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize(("rows", "kinds"), [(2, 1), (3, 1), (4, 1), (4, 2), (6, 2), (8, 2)])
@pytest.mark.parametrize("columns", [5, 96])
def test_rows_that_repeat_are_added_in_the_same_order(rows: int, kinds: int, columns: int) -> None:
    w, scale, x, out = operands(rows, 43, columns)
    x = x[np.arange(rows) % kinds].copy()
    known, repeated = out.copy(), out.copy()
    add_product(w, scale, x, known, rows + 3)
    add_product(w, scale, x, repeated, kinds)
    np.testing.assert_array_equal(repeated, known)
