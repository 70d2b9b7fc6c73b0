"""Weights of 8 bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nesvae_live.model.int8 import pack, unpack
from nesvae_live.model.song.songweights import round_song_weights, rounded_song_names
from tests.support.tiny import TINY, tiny_checkpoint

matrices = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=3, max_side=6),
    elements=st.floats(-8, 8, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3),
)


@given(matrices)
def test_a_weight_moves_by_half_a_step_at_most(w: np.ndarray) -> None:
    packed, scale = pack(w)
    assert packed.dtype == np.int8
    assert (np.abs(unpack(packed, scale) - w) <= scale[..., None] * 0.5001).all()


@given(matrices)
def test_what_was_rounded_is_packed_without_loss(w: np.ndarray) -> None:
    packed, scale = pack(w)
    once = unpack(packed, scale)
    again, scale_again = pack(once)
    assert np.array_equal(packed, again)
    assert np.allclose(unpack(again, scale_again), once, rtol=1e-6, atol=0.0)


def test_only_what_a_step_reads_is_rounded() -> None:
    weights = {name: w + np.float32(1e-3) for name, w in tiny_checkpoint().weights.items()}
    rounded = round_song_weights(weights, TINY)
    changed = {name for name in weights if not np.array_equal(weights[name], rounded[name])}
    assert changed == set(rounded_song_names(TINY))
