"""The encoder for live use: finds where a phrase lies in z, without torch or the GIL."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.model.gru import F32, add_plain, contiguous, gru_cell, input_table
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, tuples_to_symbols


class EncoderSizes(Protocol):
    """The part of a network's sizes that its encoder has."""

    @property
    def encoder_hidden(self) -> int:
        """Numbers of a state, each way."""
        ...


class HasEncoder(Protocol):
    """A checkpoint with an encoder in it: all versions have the same."""

    @property
    def config(self) -> EncoderSizes:
        """The network's sizes."""
        ...

    @property
    def weights(self) -> dict[str, F32]:
        """Weights by name."""
        ...


class Encoder:
    """Finds the style of a phrase; releases the GIL."""

    def __init__(self, checkpoint: HasEncoder) -> None:
        w, self.config = checkpoint.weights, checkpoint.config
        self._ends = []
        for end in ("l0", "l0_reverse"):
            table, self._first_row = input_table(
                w, "encoder.embed", w[f"encoder.gru.weight_ih_{end}"]
            )
            rest = (w[f"encoder.gru.{name}_{end}"] for name in ("weight_hh", "bias_ih", "bias_hh"))
            self._ends.append((table, *map(contiguous, rest)))
        self._w_out, self._b_out = w["encoder.out.weight"], w["encoder.out.bias"]

    def encode(self, symbols: NDArray[np.int64], count: int) -> tuple[F32, F32]:
        """`[13, 4]` symbols of which the first `count` are real -> mean, log sigma, each `[U]`."""
        symbols = np.ascontiguousarray(symbols)
        size = len(symbols), self.config.encoder_hidden
        ahead, back = np.empty(size, np.float32), np.empty(size, np.float32)
        _run(symbols, count, self._first_row, *self._ends[0], ahead)
        # Backwards means forwards over the reversed phrase, in which the padding comes first.
        _run(symbols[::-1].copy(), -count, self._first_row, *self._ends[1], back)
        back = back[::-1]
        y = np.concatenate((ahead, back), 1)[:count]
        pooled = np.concatenate((y.mean(0), y.max(0)))
        out = self._w_out @ pooled + self._b_out
        mu, log_sigma = np.split(out, 2)
        return mu, np.clip(log_sigma, -6.0, 2.0)


@njit(nogil=True, cache=True)
def _run(
    symbols: NDArray[np.int64],
    count: int,
    first_row: NDArray[np.int64],
    table: F32,
    w_hh: F32,
    b_ih: F32,
    b_hh: F32,
    out: F32,
) -> None:
    """A GRU over tuples, of which the first `count`, or the last `-count`, are real."""
    n = symbols.shape[0]
    h = np.zeros((1, out.shape[1]), np.float32)
    gates_in = np.empty((1, b_ih.shape[0]), np.float32)
    gates_h = np.empty((1, b_hh.shape[0]), np.float32)
    for t in range(n):
        for i in range(b_ih.shape[0]):
            gates_in[0, i] = b_ih[i]
            gates_h[0, i] = b_hh[i]
        if (count >= 0 and t < count) or (count < 0 and t >= n + count):
            for slot in range(4):
                row = table[first_row[slot] + symbols[t, slot]]
                for i in range(b_ih.shape[0]):
                    gates_in[0, i] += row[i]
        add_plain(w_hh, h[0], gates_h[0])
        gru_cell(gates_in, gates_h, h, out[t : t + 1])
        h = out[t : t + 1]


class PhraseEncoder:
    """Finds where phrases lie in z; the first call compiles. Releases the GIL for the long part."""

    def __init__(self, encoder: Encoder, quantiles: Quantiles) -> None:
        self._encoder = encoder
        self._quantiles = quantiles
        self._reach = quantiles.reach()

    def encode(self, tuples: Ints) -> NDArray[np.float32]:
        """The z `[8 + U]` of tuples `[n, 4]`, n from 1 to 13, within the knobs' reach."""
        n = len(tuples)
        symbols = np.zeros((TUPLES_PER_PHRASE, SLOTS), np.int64)
        symbols[:n] = tuples_to_symbols(tuples)
        style, _ = self._encoder.encode(symbols, n)
        attributes = self._quantiles.to_coordinates(measure(tuples[None]))[0]
        low, high = self._reach.T
        return np.concatenate((np.clip(attributes, low, high), style)).astype(np.float32)

    def warm_up(self) -> None:
        """Compile before anything has to be on time."""
        silence = np.array([[0, 0, 0, 1]])
        assert len(self.encode(silence)) >= N_ATTRIBUTES
