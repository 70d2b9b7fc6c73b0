"""Whose turn it is: streams of songs, chunk by chunk, shuffled and varied anew in each pass.

The host only says where each stream stands and how its song is varied, so that a device never has
to be waited for.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.model.song.devicecorpus import DeviceCorpus, Turn
from nesvae_live.music.phrase import N_VOICES, TUPLES_PER_PHRASE

TRANSPOSE = (-5, 6)
P_SWAP, P_SHIFT = 0.25, 0.75


class Streams:
    """Whose turn it is: B streams of songs, shuffled and varied anew in each pass."""

    def __init__(
        self, corpus: DeviceCorpus, streams: int, tuples: int, reset: float, seed: int
    ) -> None:
        self._corpus, self._tuples, self._reset = corpus, tuples, reset
        self._rng = np.random.default_rng(seed)
        self._queue: list[int] = []
        self.passes = 0
        self._at, self._stop, self._origin = (np.zeros(streams, np.int64) for _ in range(3))
        self._shift, self._swap = np.zeros((streams, N_VOICES), np.int64), np.zeros(streams, bool)
        for b in range(streams):
            self._begin(b)
            length = self._stop[b] - self._at[b]
            skipped = int(self._rng.integers(0, max(length // tuples, 1))) * tuples
            self._at[b] += skipped
            self._origin[b] = self._at[b]

    def turn(self) -> Turn:
        """Where the streams stand; the next call is a chunk later."""
        fresh = self._at == self._origin
        cut = ~fresh & (self._rng.random(len(fresh)) < self._reset)
        self._origin[cut] = self._at[cut]
        columns = (self._at, self._stop, self._origin, fresh | cut, self._swap)
        table = np.column_stack((*columns, self._shift)).astype(np.int64)
        sent = torch.from_numpy(table)
        if self._corpus.device.type == "cuda":
            sent = sent.pin_memory().to(self._corpus.device, non_blocking=True)
        self._at = self._at + self._tuples
        for b in np.flatnonzero(self._at >= self._stop):
            self._begin(int(b))
        return Turn(sent[:, 0], sent[:, 1], sent[:, 2], sent[:, 3] > 0, sent[:, 5:], sent[:, 4] > 0)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs, of plain values."""
        return {
            "arrays": [torch.from_numpy(np.array(x)) for x in self._arrays()],
            "queue": list(self._queue),
            "passes": self.passes,
            "random": json.dumps(self._rng.bit_generator.state),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was asked for."""
        for mine, kept in zip(self._arrays(), state["arrays"], strict=True):
            mine[:] = kept.cpu().numpy()
        self._queue, self.passes = list(state["queue"]), state["passes"]
        self._rng.bit_generator.state = json.loads(state["random"])

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self._at, self._stop, self._origin, self._shift, self._swap

    def _begin(self, b: int) -> None:
        if not self._queue:
            self._queue = self._rng.permutation(len(self._corpus.starts)).tolist()
            self.passes += 1
        song, rng = self._queue.pop(), self._rng
        start, stop = int(self._corpus.starts[song]), int(self._corpus.ends[song])
        if rng.random() < P_SHIFT and stop - start > 2 * TUPLES_PER_PHRASE:
            start += int(rng.integers(TUPLES_PER_PHRASE))
        self._at[b] = self._origin[b] = start
        self._stop[b] = stop
        shift = int(rng.integers(TRANSPOSE[0], TRANSPOSE[1] + 1))
        self._shift[b] = np.clip(shift, self._corpus.low[song], self._corpus.high[song])
        self._swap[b] = rng.random() < P_SWAP
