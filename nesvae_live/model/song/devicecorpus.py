"""The corpus in ticks on a device: what a batch needs is gathered there from one row of tuples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.model.song.pointer import Past
from nesvae_live.model.song.songbound import Chunk
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE

Ints = NDArray[np.int64]


class Turn(NamedTuple):
    """Where each of B streams stands.

    `at` `[B]` its first row, `stop` `[B]` the row after its song's last, `origin` `[B]` the row
    before which nothing was played, `fresh` `[B]` whether it begins there, `shift` `[B, 3]`
    semitones a voice is moved by, `swap` `[B]` whether the pulses change roles.
    """

    at: Tensor
    stop: Tensor
    origin: Tensor
    fresh: Tensor
    shift: Tensor
    swap: Tensor


class DeviceCorpus:
    """A corpus whose tuples lie on the device."""

    def __init__(self, corpus: TickCorpus, device: torch.device) -> None:
        self.device = device
        ends = corpus.ends
        held = corpus.symbols[:, 3] + 1
        ticks = np.concatenate(([0], np.cumsum(held)))
        self.symbols = torch.from_numpy(corpus.symbols.astype(np.uint8)).to(device)
        self.places = torch.from_numpy(corpus.places.astype(np.uint8)).to(device)
        self.ticks = torch.from_numpy(ticks[:-1].astype(np.int32)).to(device)
        self.stay = torch.from_numpy(stays(corpus.symbols, ends)).to(device)
        self.starts, self.ends = ends - corpus.lengths, ends
        self.low, self.high = note_ranges(corpus)

    def chunk(self, turn: Turn, tuples: int, past: int) -> Chunk:
        """The streams' next `tuples`, and the `past` before them."""
        order = torch.arange(-past, tuples, device=self.device)
        rows = turn.at[:, None] + order
        there = (rows >= turn.origin[:, None]) & (rows < turn.stop[:, None])
        rows = rows.clamp(0, len(self.symbols) - 1)
        symbols = self.symbols[rows].long()
        notes = symbols[..., :N_VOICES]
        notes = torch.where(notes > 0, notes + turn.shift[:, None], notes)
        stay = self.stay[rows[:, past:]].long()
        swap = turn.swap[:, None, None]
        notes = torch.where(swap, notes[..., [1, 0, 2]], notes)
        stay = torch.where(swap, stay[..., [1, 0, 2]], stay)
        symbols = torch.cat((notes, symbols[..., 3:]), -1) * there[..., None]
        places = self.places[rows].long() * there + FREE * ~there
        window = Past(symbols, places, self.ticks[rows].long(), there)
        return Chunk(window, there[:, past:], stay)


def whole_songs(corpus: DeviceCorpus) -> Turn:
    """Every song as a stream of its own, from its beginning, as it is."""
    n = len(corpus.starts)
    start = torch.from_numpy(corpus.starts).to(corpus.device)
    zero = torch.zeros(n, N_VOICES, dtype=torch.long, device=corpus.device)
    yes = torch.ones(n, dtype=torch.bool, device=corpus.device)
    return Turn(start, torch.from_numpy(corpus.ends).to(corpus.device), start, yes, zero, ~yes)


def stays(symbols: Ints, ends: Ints) -> NDArray[np.uint8]:
    """`[N, 3]`: for how many ticks each voice's note stays from each tuple on, 1 to 32."""
    held = symbols[:, 3] + 1
    time = np.concatenate(([0], np.cumsum(held)))
    out = np.empty((len(symbols), N_VOICES), np.uint8)
    last = np.zeros(len(symbols), bool)
    last[ends - 1] = True
    for voice in range(N_VOICES):
        note = symbols[:, voice]
        closes = last.copy()
        closes[:-1] |= note[1:] != note[:-1]
        rows = np.flatnonzero(closes)
        until = time[rows[np.searchsorted(rows, np.arange(len(symbols)))] + 1]
        out[:, voice] = np.minimum(until - time[:-1], LONGEST_HOLD)
    return out


def note_ranges(corpus: TickCorpus) -> tuple[Ints, Ints]:
    """`[n, 3]` twice: how far down and up each song's voice can be moved, in semitones."""
    low, high = (np.zeros((len(corpus.lengths), N_VOICES), np.int64) for _ in range(2))
    for i, (length, end) in enumerate(zip(corpus.lengths, corpus.ends, strict=True)):
        for voice in range(N_VOICES):
            notes = corpus.symbols[end - length : end, voice]
            notes = notes[notes > 0]
            if len(notes):
                low[i, voice] = 1 - notes.min()
                high[i, voice] = SLOT_TABLE[voice].n_symbols - 1 - notes.max()
    return low, high
