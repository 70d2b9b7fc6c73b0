"""The attributes as the live decoder measures them: to the last digit those of `latent.attributes`."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from nesvae_live.latent.attributes import fit_quantiles, measure
from nesvae_live.model.measured import Floats, Ints, Measure
from nesvae_live.music.phrase import SLOT_TABLE, SLOTS, TUPLES_PER_PHRASE, symbols_to_tuples


def phrases(length: int, seed: int) -> Ints:
    """`[2000, length, 4]` symbols, half of them of few notes: unisons, rests, notes that stay."""
    rng = np.random.default_rng(seed)
    shape = 2000, length
    symbols = np.stack([rng.integers(0, slot.n_symbols, shape) for slot in SLOT_TABLE], -1)
    symbols[::2] = (rng.integers(0, 4, (*shape, 4)) * (2, 3, 5, 2))[::2]
    return symbols


def measured(symbols: Ints) -> Floats:
    """`[n, 8]`: what `latent.attributes` measures."""
    return measure(symbols_to_tuples(symbols.reshape(-1, SLOTS)).reshape(symbols.shape))


RANKS = np.array([NormalDist().inv_cdf((i + 0.5) / 500) for i in range(500)])
QUANTILES = fit_quantiles(measured(phrases(TUPLES_PER_PHRASE, 0)), RANKS)


@pytest.mark.parametrize("length", range(1, TUPLES_PER_PHRASE + 1))
def test_compiled_they_are_the_same_floats(length: int) -> None:
    symbols, compiled = phrases(length, length), Measure(QUANTILES)
    for some in (symbols, symbols[:2], symbols[5:6]):
        expected = QUANTILES.to_coordinates(measured(some))
        assert np.array_equal(compiled(some), expected)
