"""Test doubles: times, an output, journals, a decoder and an encoder."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import START, Decoded, DecoderState, Sampling
from nesvae_live.log.entries import Entry
from nesvae_live.music.events import Event
from nesvae_live.music.phrase import SLOT_TABLE


class ManualTime:
    """A time that a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.value = now

    def now(self) -> float:
        """The seconds that were set last."""
        return self.value


class RealTime:
    """The time of stamps, as the instrument has it."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter()


class CapturingOutput:
    """Keeps what it is sent: `sent` as (at, event); `silences` counts silences, with panic or not."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Event]] = []
        self.silences: list[bool] = []

    def send(self, event: Event, at: float) -> None:
        """Keep `event`."""
        self.sent.append((at, event))

    def silence(self, *, panic: bool = False) -> None:
        """Keep that it was silenced."""
        self.silences.append(panic)


class ListJournal:
    """A journal in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def put(self, entry: Entry) -> None:
        """Keep `entry`."""
        self.entries.append(entry)


class NoJournal:
    """A journal that keeps nothing."""

    def put(self, entry: Entry) -> None:
        """Drop `entry`."""


class DrawnDecoder:
    """Decodes what the draws say: any legal phrase, without a network; most holds are short.

    The first attribute's coordinate shortens the holds, so that a test can hear a knob.
    """

    n_style = 32

    def initial_state(self) -> DecoderState:
        """The state without a past."""
        return DecoderState(np.zeros((1, 1), np.float32), START)

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: DecoderState,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> Decoded:
        """Decode `[T, 4]` symbols from the draws `[T, 4]`; `sampling` changes nothing."""
        del sampling
        n = np.array([slot.n_symbols for slot in SLOT_TABLE])
        symbols = (uniforms * n).astype(np.int64)
        power = 4.0 * np.exp(z[0]) if mask[0] else 4.0
        symbols[:, 3] = (uniforms[:, 3] ** power * n[3]).astype(np.int64)
        hidden = np.zeros((len(uniforms) + 1, *start.hidden.shape), np.float32)
        return Decoded(symbols, hidden, start.previous)


class MeasuringEncoder:
    """Finds a phrase without a network: how long it lasts is its density, the rest is at rest."""

    def encode(self, tuples: NDArray[np.int64]) -> NDArray[np.float32]:
        """`[40]`: 24 steps are the middle, fewer are denser."""
        z = np.zeros(40, np.float32)
        z[0] = np.clip((24 - int(tuples[:, 3].sum())) / 10.0, -2.5, 2.5)
        z[8:] = tuples[:, 0].mean() / 64.0
        return z
