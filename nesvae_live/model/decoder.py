"""The decoder for live use: that of `nesvae_live.model.vae` without torch or the GIL.

A step is four matrix-vector products and four small heads; all else is done once, when the weights
are laid out (`nesvae_live.model.decoderweights`).
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import START, Decoded, DecoderState, Sampling
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.model.decoderweights import DecoderWeights, decoder_weights
from nesvae_live.model.gru import F32, add_product, contiguous, gru_cell
from nesvae_live.model.symbols import choose, guide
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE


class Decoder:
    """Decodes phrases from z; used by one thread at a time; releases the GIL."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.config = checkpoint.config
        self._weights = decoder_weights(checkpoint.weights, checkpoint.config)

    def initial_state(self) -> DecoderState:
        """The state without a past."""
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
        """Decode tuples.

        Args:
            z: `[8 + U]` float32, attribute coordinates and style.
            mask: `[8]` float32, 1 where an attribute is set, 0 where it is released.
            start: where to go on from.
            uniforms: `[T, 4]` float32 in 0..1, one draw per token; T is how many tuples to decode.
            sampling: temperature, top-p and guidance.

        Returns:
            T tuples and the states between them.
        """
        return self.decode_many(z, mask, start, uniforms[None], sampling)[0]

    def decode_many(
        self, z: F32, mask: F32, start: DecoderState, uniforms: F32, sampling: Sampling
    ) -> list[Decoded]:
        """Decode N candidates at once from draws `[N, T, 4]`; that costs little more than one."""
        set_ = np.concatenate((z[:N_ATTRIBUTES] * mask, z[N_ATTRIBUTES:], mask))
        released = set_.copy()
        released[:N_ATTRIBUTES] = 0.0
        released[len(z) :] = 0.0
        guided = sampling.guidance != 1.0 and bool(mask.any())
        branches = [set_, released] if guided else [set_]
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
            self._weights,
            symbols,
            hidden,
        )
        kept = np.ascontiguousarray(hidden[:, :, :: len(branches)].transpose(2, 0, 1, 3))
        return [Decoded(symbols[i], kept[i], start.previous) for i in range(n)]

    def warm_up(self) -> float:
        """Compile, and touch every weight; returns the seconds that a phrase takes afterwards."""
        z = np.zeros(N_ATTRIBUTES + self.config.style, np.float32)
        mask = np.ones(N_ATTRIBUTES, np.float32)
        uniforms = np.full((TUPLES_PER_PHRASE, SLOTS), 0.5, np.float32)
        seconds = 0.0
        for _ in range(3):
            began = time.perf_counter()
            self.decode(z, mask, self.initial_state(), uniforms, Sampling(guidance=2.0))
            seconds = time.perf_counter() - began
        return seconds


@njit(nogil=True, cache=True, fastmath=True)
def _decode(
    zm: F32,
    previous: NDArray[np.int64],
    uniforms: F32,
    temperature: np.float32,
    top_p: np.float32,
    guidance: np.float32,
    weights: DecoderWeights,
    symbols: NDArray[np.int64],
    hidden: F32,
) -> None:
    # Row n * branches + g is candidate n with the attributes set (g = 0) or released (g = 1).
    layers, rows, size = hidden.shape[1], hidden.shape[2], hidden.shape[3]
    candidates, branches = symbols.shape[0], zm.shape[0]
    from_zm = np.empty((branches, 3 * size), np.float32)
    from_zm[:] = weights.b_ih[0]
    add_product(weights.w_zm, np.ones(weights.w_zm.shape[0], np.float32), zm, from_zm)
    gates_in = np.empty((rows, 3 * size), np.float32)
    gates_h = np.empty((rows, 3 * size), np.float32)
    lifted = np.empty((rows, weights.w_lift.shape[1]), np.float32)
    logits = np.empty((rows, weights.b_logits.shape[1]), np.float32)
    kept = np.empty(weights.b_logits.shape[1], np.float32)
    scores = np.empty((rows, weights.b_relative.shape[1]), np.float32)
    s_relative = np.ones(weights.b_relative.shape[1], np.float32)
    for t in range(uniforms.shape[1]):
        for layer in range(layers):
            if layer == 0:
                for row in range(rows):
                    gates_in[row] = from_zm[row % branches]
                    for slot in range(4):
                        symbol = previous[row // branches, slot]
                        gates_in[row] += weights.input_table[weights.first_row[slot] + symbol]
            else:
                gates_in[:] = weights.b_ih[layer]
                add_product(
                    weights.w_ih[layer - 1],
                    weights.s_ih[layer - 1],
                    hidden[t + 1, layer - 1],
                    gates_in,
                )
            gates_h[:] = weights.b_hh[layer]
            add_product(weights.w_hh[layer], weights.s_hh[layer], hidden[t, layer], gates_h)
            gru_cell(gates_in, gates_h, hidden[t, layer], hidden[t + 1, layer])
        top = hidden[t + 1, layers - 1]
        for slot in range(4):
            lifted[:] = weights.b_lift[slot]
            add_product(weights.w_lift[slot], weights.s_lift[slot], top, lifted)
            for row in range(rows):
                for j in range(slot):
                    lifted[row] += weights.given[slot, j, symbols[row // branches, t, j]]
                for i in range(lifted.shape[1]):
                    lifted[row, i] = max(lifted[row, i], np.float32(0))
            logits[:] = weights.b_logits[slot]
            add_product(weights.w_logits[slot], weights.s_logits[slot], lifted, logits)
            n = weights.n_symbols[slot]
            if slot < weights.w_relative.shape[0]:
                scores[:] = weights.b_relative[slot]
                add_product(weights.w_relative[slot], s_relative, top, scores)
            for i in range(weights.related.shape[0]):
                if weights.related[i, 0] != slot:
                    continue
                source, before, width, offset = weights.related[i, 1:]
                for row in range(rows):
                    c = row // branches
                    known = previous[c, source] if before else symbols[c, t, source]
                    for k in range(n):
                        where = weights.bins[i, known, k]
                        if where < width:
                            logits[row, k] += scores[row, offset + where]
            for c in range(candidates):
                row = c * branches
                if branches == 2:
                    guide(logits[row, :n], logits[row + 1, :n], guidance)
                symbols[c, t, slot] = choose(
                    logits[row, :n], uniforms[c, t, slot], temperature, top_p, kept
                )
        previous = symbols[:, t].copy()
