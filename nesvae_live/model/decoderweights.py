"""The decoder's weights, laid out as its compiled loop reads them.

Embeddings are multiplied with the input weights once, here. The matrices that every step reads in
full become int8 again, and what differs in size from slot to slot is padded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import ModelConfig, Weights
from nesvae_live.model.gru import F32, contiguous, input_table, stack
from nesvae_live.model.int8 import pack
from nesvae_live.model.intervals import N_SCORES, RELATIONS, bin_table
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE, SLOTS

Int8 = NDArray[np.int8]

N_SYMBOLS = np.array([slot.n_symbols for slot in SLOT_TABLE])
RELATED = np.array([(r.slot, r.source, r.before, r.bins, r.offset) for r in RELATIONS])


class DecoderWeights(NamedTuple):
    """The weights that a step reads, C-contiguous; a `w_` with scales `s_` is int8.

    L layers of size H, S slots (4) of at most N symbols, heads of size K, R scores of intervals.
    A `w_` without scales is float32.

    Attributes:
        first_row: `[S]`, the row of each slot's symbol 0 in `input_table`.
        input_table: `[symbols of all slots, 3 H]`, embeddings times the first layer's weights.
        w_zm: `[3 H, 8 + U + 8]`, the first layer's weights for z and the mask.
        w_ih: `[L - 1, 3 H, H]`, with `s_ih` `[L - 1, 3 H]`: the other layers' input weights.
        w_hh: `[L, 3 H, H]`, with `s_hh` `[L, 3 H]`: the layers' recurrent weights.
        b_ih: `[L, 3 H]`, and `b_hh` likewise: their biases.
        w_lift: `[S, K, H]`, with `s_lift` `[S, K]` and `b_lift` `[S, K]`: from state to heads.
        given: `[S, S, N, K]`, what slot j's symbol says to slot i > j.
        w_logits: `[S, N, K]`, with `s_logits` `[S, N]` and `b_logits` `[S, N]`: the heads.
        w_relative: `[3, R, H]`, with `b_relative` `[3, R]`: the scores of a voice's intervals.
        bins: `[relations, N + 1, N]`, as `intervals.bin_table` has them.
        related: `[relations, 5]`: slot, source, before, bins, offset, as in `RelationSpec`.
        n_symbols: `[S]`, how many symbols each slot has.
    """

    first_row: NDArray[np.int64]
    input_table: F32
    w_zm: F32
    w_ih: Int8
    s_ih: F32
    w_hh: Int8
    s_hh: F32
    b_ih: F32
    b_hh: F32
    w_lift: Int8
    s_lift: F32
    b_lift: F32
    given: F32
    w_logits: Int8
    s_logits: F32
    b_logits: F32
    w_relative: F32
    b_relative: F32
    bins: NDArray[np.int64]
    related: NDArray[np.int64]
    n_symbols: NDArray[np.int64]


def decoder_weights(w: Weights, config: ModelConfig) -> DecoderWeights:
    """A checkpoint's weights, packed and padded."""
    layers, most = range(config.layers), int(N_SYMBOLS.max())
    w_in = w["decoder.gru.weight_ih_l0"]
    table, first_row = input_table(w, "decoder.embed", w_in)
    w_ih, s_ih = pack(stack([w[f"decoder.gru.weight_ih_l{i}"] for i in layers[1:]]))
    w_hh, s_hh = pack(stack([w[f"decoder.gru.weight_hh_l{i}"] for i in layers]))
    w_lift, s_lift = pack(stack([w[f"decoder.lift.{i}.weight"] for i in range(SLOTS)]))
    given = np.zeros((SLOTS, SLOTS, most, config.head_hidden), np.float32)
    logits = np.zeros((SLOTS, most, config.head_hidden), np.float32)
    b_logits = np.zeros((SLOTS, most), np.float32)
    for i, n in enumerate(N_SYMBOLS):
        logits[i, :n] = w[f"decoder.logits.{i}.weight"]
        b_logits[i, :n] = w[f"decoder.logits.{i}.bias"]
        for j in range(i):
            given[i, j, : N_SYMBOLS[j]] = w[f"decoder.given.{i}.{j}.weight"]
    w_logits, s_logits = pack(logits)
    w_relative = np.zeros((N_VOICES, max(N_SCORES), config.hidden), np.float32)
    b_relative = np.zeros((N_VOICES, max(N_SCORES)), np.float32)
    for i, n in enumerate(N_SCORES):
        w_relative[i, :n] = w[f"decoder.relative.{i}.weight"]
        b_relative[i, :n] = w[f"decoder.relative.{i}.bias"]
    bins = np.zeros((len(RELATIONS), most + 1, most), np.int64)
    for i, relation in enumerate(RELATIONS):
        found = bin_table(relation)
        bins[i, : found.shape[0], : found.shape[1]] = found
    return DecoderWeights(
        first_row=first_row,
        input_table=table,
        w_zm=contiguous(w_in[:, SLOTS * config.embedding :]),
        w_ih=w_ih,
        s_ih=s_ih,
        w_hh=w_hh,
        s_hh=s_hh,
        b_ih=stack([w[f"decoder.gru.bias_ih_l{i}"] for i in layers]),
        b_hh=stack([w[f"decoder.gru.bias_hh_l{i}"] for i in layers]),
        w_lift=w_lift,
        s_lift=s_lift,
        b_lift=stack([w[f"decoder.lift.{i}.bias"] for i in range(SLOTS)]),
        given=given,
        w_logits=w_logits,
        s_logits=s_logits,
        b_logits=b_logits,
        w_relative=w_relative,
        b_relative=b_relative,
        bins=bins,
        related=RELATED,
        n_symbols=N_SYMBOLS,
    )
