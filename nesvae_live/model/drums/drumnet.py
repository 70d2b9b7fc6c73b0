"""The drummer as torch trains it: whether and how a tick is struck, given the ticks before."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn

from nesvae_live.model.drums.cells import Cell
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.reading import (
    FIRST_LAG_ROW,
    LAGS,
    N_DENSE,
    TABLES,
    count_kinds,
    read_tick,
    table_rows,
)

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
F32 = NDArray[np.float32]


class DrumNet(nn.Module):
    """See `model.drums.drumming`, which does the same live."""

    firsts: Tensor

    def __init__(self, config: DrumConfig) -> None:
        super().__init__()
        sizes = table_rows(config.kinds)
        self.config = config
        self.rows = nn.Embedding(sum(sizes), config.hidden)
        self.read = nn.Linear(N_DENSE, config.hidden)
        self.think = nn.Linear(config.hidden, config.hidden)
        self.stroke = nn.Linear(config.hidden, config.kinds + 1)
        self.lag = nn.Linear(config.hidden, LAGS)
        self.used = nn.Linear(config.hidden, 1)
        nn.init.normal_(self.rows.weight, std=0.1)
        firsts = torch.tensor(np.cumsum((0, *sizes[:-1])))
        self.register_buffer("firsts", firsts, persistent=False)

    def forward(self, rows: Tensor, dense: Tensor, counts: Tensor) -> Tensor:
        """The logits of no stroke and of each kind.

        Args:
            rows: `[B, TABLES]`.
            dense: `[B, N_DENSE]`.
            counts: `[B, kinds]` of `count_kinds`.

        Returns:
            `[B, kinds + 1]`; a kind that a lag points to is the likelier for it, and so is one that
            has been used.
        """
        hidden = torch.relu(self.rows(rows + self.firsts).sum(1) + self.read(dense))
        hidden = torch.relu(self.think(hidden))
        logits: Tensor = self.stroke(hidden)
        logits = logits + nn.functional.pad(self.used(hidden) * counts, (1, 0))
        pointed = rows[:, FIRST_LAG_ROW:]
        there = pointed <= self.config.kinds
        by = self.lag(hidden) * there
        return logits.scatter_add(1, torch.where(there, pointed, 0), by)


@njit(cache=True)
def gather(
    cells: Bytes,
    picks: Ints,
    begins: Ints,
    fills: Ints,
    rows: Ints,
    dense: F32,
    counts: F32,
) -> None:
    """Read the picked ticks, each of which knows what was from `begins` on."""
    for b in range(len(picks)):
        read_tick(cells, picks[b], begins[b], fills[b], counts.shape[1], rows[b], dense[b])
        count_kinds(cells, picks[b], begins[b], counts[b])


class Ticks:
    """Reads batches of ticks of `cells` `[n, CELLS]`, drummed with `kinds` kinds."""

    def __init__(self, cells: Bytes, kinds: int) -> None:
        self.cells, self._kinds = cells, kinds

    def read(self, picks: Ints, begins: Ints, fills: Ints) -> dict[str, Tensor]:
        """What is read of ticks, and the kind of stroke that each has."""
        b = len(picks)
        out: dict[str, NDArray[Any]] = {
            "rows": np.zeros((b, TABLES), np.int64),
            "dense": np.zeros((b, N_DENSE), np.float32),
            "counts": np.zeros((b, self._kinds), np.float32),
        }
        gather(self.cells, picks, begins, fills, *out.values())
        out["stroke"] = self.cells[picks, Cell.STROKE].astype(np.int64)
        return {name: torch.from_numpy(values) for name, values in out.items()}


def nats_of(net: DrumNet, batch: dict[str, Tensor]) -> Tensor:
    """`[B]`: the nats of each tick's stroke, or of there being none."""
    logits = net(batch["rows"], batch["dense"], batch["counts"])
    return nn.functional.cross_entropy(logits, batch["stroke"], reduction="none")
