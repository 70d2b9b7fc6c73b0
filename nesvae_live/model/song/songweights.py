"""A checkpoint's weights of format 3 as the live decoder wants them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.gru import F32, contiguous, input_table, stack
from nesvae_live.model.int8 import pack, unpack
from nesvae_live.model.intervals import N_SCORES, RELATIONS, bin_table
from nesvae_live.model.song.songconfig import SongConfig
from nesvae_live.music.metre.place import N_PLACES, advance_table, bar_line, bar_ticks
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, SLOTS

I64 = NDArray[np.int64]
I8 = NDArray[np.int8]

N_SYMBOLS = np.array([slot.n_symbols for slot in SLOT_TABLE])
RELATED = np.array([(r.slot, r.source, r.before, r.bins, r.offset) for r in RELATIONS])
MOST = int(N_SYMBOLS.max())
POINTER = ("pointer.query", "pointer.key", "pointer.gate")


class SongTables(NamedTuple):
    """Everything that a step reads; matrices `[out, in]`, those of 8 bits with their rows' scales.

    `heard`, `place`, `fixed`, `left` are rows for the GRU's input: of the tuple before (slot by
    slot from `first_heard` on), the place, the given notes (voice by voice from `first_fixed` on)
    and for how long they stay.
    """

    heard: F32
    first_heard: I64
    place: F32
    fixed: F32
    first_fixed: I64
    left: F32
    w_zm: F32
    w_ih: I8
    s_ih: F32
    w_hh: I8
    s_hh: F32
    b_ih: F32
    b_hh: F32
    w_lift: I8
    s_lift: F32
    b_lift: F32
    given: F32
    w_logits: I8
    s_logits: F32
    b_logits: F32
    w_relative: I8
    s_relative: F32
    b_relative: F32
    w_ending: I8
    s_ending: F32
    b_ending: F32
    w_query: I8
    s_query: F32
    b_query: F32
    w_key: I8
    s_key: F32
    b_key: F32
    w_gate: I8
    s_gate: F32
    b_gate: F32
    same: F32
    rhythm: F32
    moved: F32
    bars: F32
    age: F32
    disagree: F32
    best_same: F32
    best_moved: F32
    bins: I64
    related: I64
    n_symbols: I64
    later: I64
    bar: I64
    line: I64


def song_tables(w: dict[str, F32], config: SongConfig) -> SongTables:
    """Multiply tables out and pack matrices."""
    w_in, e = w["decoder.gru.weight_ih_l0"], config.embedding
    heard, first_heard = input_table(w, "decoder.embed", w_in)
    at = SLOTS * e
    zm = slice(at, at + config.latent + N_ATTRIBUTES)
    place = slice(zm.stop, zm.stop + config.place)
    fixed, at = [], place.stop
    for voice in range(N_VOICES):
        columns = w_in[:, at : at + config.given]
        fixed.append(w[f"decoder.fixed.{voice}.weight"] @ columns.T)
        at += config.given
    layers = range(config.layers)
    given = np.zeros((SLOTS, SLOTS, MOST, config.head_hidden), np.float32)
    w_logits = np.zeros((SLOTS, MOST, config.head_hidden), np.float32)
    b_logits = np.zeros((SLOTS, MOST), np.float32)
    for i, n in enumerate(N_SYMBOLS):
        w_logits[i, :n] = w[f"decoder.logits.{i}.weight"]
        b_logits[i, :n] = w[f"decoder.logits.{i}.bias"]
        for j in range(i):
            given[i, j, : N_SYMBOLS[j]] = w[f"decoder.given.{i}.{j}.weight"]
    w_relative = np.zeros((N_VOICES, max(N_SCORES), config.hidden), np.float32)
    b_relative = np.zeros((N_VOICES, max(N_SCORES)), np.float32)
    for i, n in enumerate(N_SCORES):
        w_relative[i, :n] = w[f"decoder.relative.{i}.weight"]
        b_relative[i, :n] = w[f"decoder.relative.{i}.bias"]
    bins = np.zeros((len(RELATIONS), MOST + 1, MOST), np.int64)
    for i, relation in enumerate(RELATIONS):
        table = bin_table(relation)
        bins[i, : table.shape[0], : table.shape[1]] = table
    w_ih, s_ih = pack(stack([w[f"decoder.gru.weight_ih_l{i}"] for i in layers[1:]]))
    w_hh, s_hh = pack(stack([w[f"decoder.gru.weight_hh_l{i}"] for i in layers]))
    w_lift, s_lift = pack(stack([w[f"decoder.lift.{i}.weight"] for i in range(SLOTS)]))
    packed_logits, s_logits = pack(w_logits)
    packed_relative, s_relative = pack(w_relative)
    w_ending, s_ending = pack(w["decoder.ending.weight"])
    (w_query, s_query), (w_key, s_key), (w_gate, s_gate) = (
        pack(w[f"{name}.weight"]) for name in POINTER
    )
    b_query, b_key, b_gate = (contiguous(w[f"{name}.bias"]) for name in POINTER)
    agree = w["pointer.agree"].astype(np.float64)
    return SongTables(
        heard=heard,
        first_heard=first_heard,
        place=contiguous(w["decoder.place.weight"] @ w_in[:, place].T),
        fixed=contiguous(np.concatenate(fixed)),
        first_fixed=np.cumsum([0, *map(len, fixed[:-1])]),
        left=contiguous(w["decoder.left.weight"] @ w_in[:, at:].T),
        w_zm=contiguous(w_in[:, zm]),
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
        w_logits=packed_logits,
        s_logits=s_logits,
        b_logits=b_logits,
        w_relative=packed_relative,
        s_relative=s_relative,
        b_relative=b_relative,
        w_ending=w_ending,
        s_ending=s_ending,
        b_ending=contiguous(w["decoder.ending.bias"]),
        w_query=w_query,
        s_query=s_query,
        b_query=b_query,
        w_key=w_key,
        s_key=s_key,
        b_key=b_key,
        w_gate=w_gate,
        s_gate=s_gate,
        b_gate=b_gate,
        same=contiguous(w["pointer.same"]),
        rhythm=contiguous(w["pointer.rhythm"]),
        moved=contiguous(w["pointer.moved"]),
        bars=contiguous(w["pointer.bars"]),
        age=contiguous(w["pointer.age"]),
        disagree=contiguous(4.0 * np.logaddexp(0.0, agree)),
        best_same=contiguous(w["pointer.best_same"]),
        best_moved=contiguous(w["pointer.best_moved"]),
        bins=bins,
        related=RELATED,
        n_symbols=N_SYMBOLS,
        later=advance_table(LONGEST_HOLD),
        bar=np.array([bar_ticks(p) for p in range(N_PLACES)], np.int64),
        line=np.array([bar_line(p) for p in range(N_PLACES)], np.int64),
    )


def rounded_song_names(config: SongConfig) -> tuple[str, ...]:
    """The matrices that are rounded to 8 bits: all that a step reads whole."""
    return (
        *(f"decoder.gru.weight_ih_l{i}" for i in range(1, config.layers)),
        *(f"decoder.gru.weight_hh_l{i}" for i in range(config.layers)),
        *(f"decoder.lift.{i}.weight" for i in range(SLOTS)),
        *(f"decoder.logits.{i}.weight" for i in range(SLOTS)),
        *(f"decoder.relative.{i}.weight" for i in range(N_VOICES)),
        *(f"{name}.weight" for name in ("decoder.ending", *POINTER)),
    )


def round_song_weights(weights: dict[str, F32], config: SongConfig) -> dict[str, F32]:
    """The weights with those matrices rounded, as they are saved."""
    return weights | {name: unpack(*pack(weights[name])) for name in rounded_song_names(config)}
