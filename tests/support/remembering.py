"""Decoders without a network that know the bar and the past, as that of format 3 does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import DecoderState, Sampling
from nesvae_live.model.song.memory import SongDecoded, SongState
from nesvae_live.music.phrase import LONGEST_HOLD, SLOT_TABLE
from tests.support.fakes import DrawnDecoder


class RememberingDecoder:
    """Spells what the draws say, and remembers it; `starts` are where it was asked to go on from.

    Where tuples are to end on lines it holds them so long; given voices play what is given, and a voice
    that is to enter does.
    """

    def __init__(self) -> None:
        self.starts: list[SongState] = []

    def initial_state(self) -> SongState:
        """No past."""
        return SongState.beginning(1, 1, 1)

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: Any,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> SongDecoded:
        """Decode as `DrawnDecoder` does."""
        self.starts.append(start)
        before = DecoderState(start.hidden, start.previous)
        drawn = DrawnDecoder().decode(z, mask, before, uniforms, sampling)
        held = drawn.symbols[:, 3] // start.cell * start.cell + start.cell
        drawn.symbols[:, 3] = np.minimum(held, LONGEST_HOLD // start.cell * start.cell) - 1
        if start.given is not None:
            _give(drawn.symbols, start.given)
        _enter(drawn.symbols, start.enters)
        keys = np.zeros((len(uniforms), 1), np.float32)
        return SongDecoded(drawn.symbols, drawn.hidden, keys, start)


def _give(symbols: NDArray[np.int64], track: NDArray[np.int64]) -> None:
    """Let given voices play along a track `[ticks, 5]`."""
    tick = 0
    for row in symbols:
        given = track[min(tick, len(track) - 1)]
        for voice, slot in enumerate(SLOT_TABLE[:3]):
            if given[voice] < slot.n_symbols:
                row[voice] = given[voice]
        row[3] = min(row[3], given[4] - 1)
        tick += int(row[3]) + 1


def _enter(symbols: NDArray[np.int64], enters: tuple[int, int, int]) -> None:
    """Let each voice enter on its tick, if a tuple begins there."""
    begins = np.cumsum(symbols[:, 3] + 1) - symbols[:, 3] - 1
    for voice, tick in enumerate(enters):
        rows = symbols[begins == tick]
        if len(rows) and rows[0, voice] == 0:
            symbols[begins == tick, voice] = 30


class ComposingDecoder(RememberingDecoder):
    """It also says where the music goes: anywhere, as the seed has it."""

    def compose(
        self,
        start: Any,
        z: NDArray[np.float32],
        known: NDArray[np.bool_],
        seed: tuple[int, ...],
        sampling: Sampling,
    ) -> tuple[Any, NDArray[np.float32]]:
        """Where it goes on from, and the z of the phrase that follows."""
        del sampling
        drawn = np.random.default_rng(seed).standard_normal(len(z)).astype(np.float32)
        return start, np.where(known, z, drawn)
