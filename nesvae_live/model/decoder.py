"""The network for live use: the arithmetic of `nesvae_live.model.vae` without torch or the GIL.

Embeddings are multiplied with the input weights once, at load time; what is left of a step is
four matrix-vector products and four small heads. Vectors are float32, weights C-contiguous.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import START, Decoded, DecoderState, Sampling
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.model.gru import F32, add_product, contiguous, gru_cell, input_table, stack
from nesvae_live.model.int8 import pack
from nesvae_live.model.intervals import N_SCORES, RELATIONS, bin_table
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE, SLOTS, TUPLES_PER_PHRASE

N_SYMBOLS = np.array([slot.n_symbols for slot in SLOT_TABLE])
RELATED = np.array([(r.slot, r.source, r.before, r.bins, r.offset) for r in RELATIONS])


class Decoder:
    """Spells phrases from z; safe to use from one thread at a time; releases the GIL."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        w, config = checkpoint.weights, checkpoint.config
        self.config = config
        w_in = w["decoder.gru.weight_ih_l0"]
        self._input_table, self._first_row = input_table(w, "decoder.embed", w_in)
        self._w_zm = contiguous(w_in[:, SLOTS * config.embedding :])
        self._w_ih = _packed([w[f"decoder.gru.weight_ih_l{i}"] for i in range(1, config.layers)])
        self._w_hh = _packed([w[f"decoder.gru.weight_hh_l{i}"] for i in range(config.layers)])
        self._b_ih = stack([w[f"decoder.gru.bias_ih_l{i}"] for i in range(config.layers)])
        self._b_hh = stack([w[f"decoder.gru.bias_hh_l{i}"] for i in range(config.layers)])
        self._w_lift = _packed([w[f"decoder.lift.{i}.weight"] for i in range(SLOTS)])
        self._b_lift = stack([w[f"decoder.lift.{i}.bias"] for i in range(SLOTS)])
        most = int(N_SYMBOLS.max())
        self._given = np.zeros((SLOTS, SLOTS, most, config.head_hidden), np.float32)
        w_logits = np.zeros((SLOTS, most, config.head_hidden), np.float32)
        self._b_logits = np.zeros((SLOTS, most), np.float32)
        for i in range(SLOTS):
            n = N_SYMBOLS[i]
            w_logits[i, :n] = w[f"decoder.logits.{i}.weight"]
            self._b_logits[i, :n] = w[f"decoder.logits.{i}.bias"]
            for j in range(i):
                self._given[i, j, : N_SYMBOLS[j]] = w[f"decoder.given.{i}.{j}.weight"]
        self._w_logits = pack(w_logits)
        self._w_relative = np.zeros((N_VOICES, max(N_SCORES), config.hidden), np.float32)
        self._b_relative = np.zeros((N_VOICES, max(N_SCORES)), np.float32)
        for i, n in enumerate(N_SCORES):
            self._w_relative[i, :n] = w[f"decoder.relative.{i}.weight"]
            self._b_relative[i, :n] = w[f"decoder.relative.{i}.bias"]
        self._bins = np.zeros((len(RELATIONS), most + 1, most), np.int64)
        for i, relation in enumerate(RELATIONS):
            table = bin_table(relation)
            self._bins[i, : table.shape[0], : table.shape[1]] = table

    def initial_state(self) -> DecoderState:
        """No past."""
        hidden = np.zeros((self.config.layers, self.config.hidden), np.float32)
        return DecoderState(hidden, START)

    def decode(
        self,
        z: F32,
        mask: F32,
        start: DecoderState,
        uniforms: F32,
        sampling: Sampling = Sampling(),
    ) -> Decoded:
        """Spell tuples.

        Args:
            z: `[8 + U]` float32, attribute coordinates and style.
            mask: `[8]` float32, 1 where an attribute is set, 0 where it is let go.
            start: where to go on from.
            uniforms: `[T, 4]` float32 in 0..1, one draw a token; T is how many tuples to spell.
            sampling: temperature, top-p and guidance.

        Returns:
            T tuples and the states between them.
        """
        return self.decode_many(z, mask, start, uniforms[None], sampling)[0]

    def decode_many(
        self, z: F32, mask: F32, start: DecoderState, uniforms: F32, sampling: Sampling
    ) -> list[Decoded]:
        """Spell N candidates at once, from draws `[N, T, 4]`: little dearer than one."""
        set_ = np.concatenate((z[:N_ATTRIBUTES] * mask, z[N_ATTRIBUTES:], mask))
        let_go = set_.copy()
        let_go[:N_ATTRIBUTES] = 0.0
        let_go[len(z) :] = 0.0
        guided = sampling.guidance != 1.0 and bool(mask.any())
        branches = [set_, let_go] if guided else [set_]
        n, length = uniforms.shape[:2]
        rows = n * len(branches)
        symbols = np.zeros((n, length, SLOTS), np.int64)
        hidden = np.zeros((length + 1, self.config.layers, rows, self.config.hidden), np.float32)
        hidden[0] = start.hidden[:, None]
        _decode(
            contiguous(np.stack(branches)),
            np.tile(np.array(start.previous, np.int64), (n, 1)),
            contiguous(uniforms),
            np.float32(sampling.temperature),
            np.float32(sampling.top_p),
            np.float32(sampling.guidance),
            self._first_row,
            self._input_table,
            self._w_zm,
            *self._w_ih,
            *self._w_hh,
            self._b_ih,
            self._b_hh,
            *self._w_lift,
            self._b_lift,
            self._given,
            *self._w_logits,
            self._b_logits,
            self._w_relative,
            self._b_relative,
            self._bins,
            RELATED,
            N_SYMBOLS,
            symbols,
            hidden,
        )
        kept = np.ascontiguousarray(hidden[:, :, :: len(branches)].transpose(2, 0, 1, 3))
        return [Decoded(symbols[i], kept[i], start.previous) for i in range(n)]

    def warm_up(self) -> float:
        """Compile and touch every weight; returns the seconds that a phrase then takes."""
        z = np.zeros(N_ATTRIBUTES + self.config.style, np.float32)
        mask = np.ones(N_ATTRIBUTES, np.float32)
        uniforms = np.full((TUPLES_PER_PHRASE, SLOTS), 0.5, np.float32)
        seconds = 0.0
        for _ in range(3):
            began = time.perf_counter()
            self.decode(z, mask, self.initial_state(), uniforms, Sampling(guidance=2.0))
            seconds = time.perf_counter() - began
        return seconds


def _packed(matrices: list[F32]) -> tuple[NDArray[np.int8], F32]:
    return pack(stack(matrices))


@njit(nogil=True, cache=True, fastmath=True)
def _choose(
    logits: F32, uniform: np.float32, temperature: np.float32, top_p: np.float32, kept: F32
) -> int:
    """Invert the distribution at `uniform`; `kept` is scratch for the probabilities kept."""
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
        kept[:n] = 0
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
def _guide(logits: F32, let_go: F32, guidance: np.float32) -> None:
    """From the log-probabilities of `let_go` go `guidance` times the way to those of `logits`."""
    a, b = logits.max(), let_go.max()
    a += np.log(np.exp(logits - a).sum())
    b += np.log(np.exp(let_go - b).sum())
    for i in range(logits.shape[0]):
        free = let_go[i] - b
        logits[i] = free + guidance * (logits[i] - a - free)


@njit(nogil=True, cache=True, fastmath=True)
def _decode(
    zm: F32,
    previous: NDArray[np.int64],
    uniforms: F32,
    temperature: np.float32,
    top_p: np.float32,
    guidance: np.float32,
    first_row: NDArray[np.int64],
    input_table: F32,
    w_zm: F32,
    w_ih: NDArray[np.int8],
    s_ih: F32,
    w_hh: NDArray[np.int8],
    s_hh: F32,
    b_ih: F32,
    b_hh: F32,
    w_lift: NDArray[np.int8],
    s_lift: F32,
    b_lift: F32,
    given: F32,
    w_logits: NDArray[np.int8],
    s_logits: F32,
    b_logits: F32,
    w_relative: F32,
    b_relative: F32,
    bins: NDArray[np.int64],
    related: NDArray[np.int64],
    n_symbols: NDArray[np.int64],
    symbols: NDArray[np.int64],
    hidden: F32,
) -> None:
    # Row n * branches + g is candidate n, with the knobs set (g 0) or let go (g 1).
    layers, rows, size = hidden.shape[1], hidden.shape[2], hidden.shape[3]
    candidates, branches = symbols.shape[0], zm.shape[0]
    from_zm = np.empty((branches, 3 * size), np.float32)
    from_zm[:] = b_ih[0]
    add_product(w_zm, np.ones(w_zm.shape[0], np.float32), zm, from_zm)
    gates_in = np.empty((rows, 3 * size), np.float32)
    gates_h = np.empty((rows, 3 * size), np.float32)
    lifted = np.empty((rows, w_lift.shape[1]), np.float32)
    logits = np.empty((rows, b_logits.shape[1]), np.float32)
    kept = np.empty(b_logits.shape[1], np.float32)
    scores = np.empty((rows, b_relative.shape[1]), np.float32)
    s_relative = np.ones(b_relative.shape[1], np.float32)
    for t in range(uniforms.shape[1]):
        for layer in range(layers):
            if layer == 0:
                for row in range(rows):
                    gates_in[row] = from_zm[row % branches]
                    for slot in range(4):
                        symbol = previous[row // branches, slot]
                        gates_in[row] += input_table[first_row[slot] + symbol]
            else:
                gates_in[:] = b_ih[layer]
                add_product(w_ih[layer - 1], s_ih[layer - 1], hidden[t + 1, layer - 1], gates_in)
            gates_h[:] = b_hh[layer]
            add_product(w_hh[layer], s_hh[layer], hidden[t, layer], gates_h)
            gru_cell(gates_in, gates_h, hidden[t, layer], hidden[t + 1, layer])
        top = hidden[t + 1, layers - 1]
        for slot in range(4):
            lifted[:] = b_lift[slot]
            add_product(w_lift[slot], s_lift[slot], top, lifted)
            for row in range(rows):
                for j in range(slot):
                    lifted[row] += given[slot, j, symbols[row // branches, t, j]]
                for i in range(lifted.shape[1]):
                    lifted[row, i] = max(lifted[row, i], np.float32(0))
            logits[:] = b_logits[slot]
            add_product(w_logits[slot], s_logits[slot], lifted, logits)
            n = n_symbols[slot]
            if slot < w_relative.shape[0]:
                scores[:] = b_relative[slot]
                add_product(w_relative[slot], s_relative, top, scores)
            for i in range(related.shape[0]):
                if related[i, 0] != slot:
                    continue
                source, before, width, offset = related[i, 1:]
                for row in range(rows):
                    c = row // branches
                    known = previous[c, source] if before else symbols[c, t, source]
                    for k in range(n):
                        where = bins[i, known, k]
                        if where < width:
                            logits[row, k] += scores[row, offset + where]
            for c in range(candidates):
                row = c * branches
                if branches == 2:
                    _guide(logits[row, :n], logits[row + 1, :n], guidance)
                symbols[c, t, slot] = _choose(
                    logits[row, :n], uniforms[c, t, slot], temperature, top_p, kept
                )
        previous = symbols[:, t].copy()
