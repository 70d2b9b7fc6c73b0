"""Training of the drummer: each tick's stroke, given the ticks before and the other voices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.drums.cells import HISTORY, NO_STROKE, Cell
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.drumfile import DrumFile, save_drummer
from nesvae_live.model.drums.drumnet import DrumNet, Ticks, nats_of
from nesvae_live.model.drums.drumtable import DrummedSongs, DrumTable
from nesvae_live.model.drums.fills import find_fills
from nesvae_live.music.metre.place import N_PLACES
from nesvae_live.training.drumkit import find_stroke_kit
from nesvae_live.training.partrun import Part, same_run, train_part
from nesvae_live.training.songrun import TrainingError

BEST = "best.drummer"
Ints = NDArray[np.int64]
F32 = NDArray[np.float32]

CHECKED = 60_000
"""So many held-out ticks are looked at in a check."""
BLURRED = 100
"""After so many steps another blur is drawn."""
DOUBT = 4.0
"""Ticks of which it is assumed that they are struck as often as any, for each place."""
SELDOM = 0.1
"""What is struck less often in the corpus isn't added either when there are to be more drums."""


@dataclass(frozen=True, slots=True)
class DrumRun:
    """A run: `steps` of `batch` ticks each; the rate falls as a cosine from `learning_rate`.

    Of a share `forget` of the ticks only a part of what came before is known, as after a beginning; a
    share `silent` isn't told whether it lies in a fill. Of every second batch what came before is
    blurred: a share `lost` of the strokes is left out, and a share `found` of the ticks struck that
    weren't, as the drummer's own mistakes will be.
    """

    steps: int = 3000
    batch: int = 2048
    learning_rate: float = 3e-3
    forget: float = 0.25
    silent: float = 0.5
    lost: float = 0.06
    found: float = 0.006
    seed: int = 1


def train_drummer(
    run: DrumRun,
    corpus: DrummedSongs,
    folder: Path,
    *,
    config: DrumConfig | None = None,
    check_every: int = 500,
    most: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Train, or go on training, into `folder`; returns the last figures of the held-out songs.

    It goes no further than step `most` in this call. The file `best.drummer` has the weights with the
    fewest nats a tick at any check.

    Raises:
        TrainingError: the folder holds a run with other settings or data; or the program was asked
            to end: it is resumed from there.
    """
    config = config or DrumConfig()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"run": asdict(run), "config": asdict(config), "data_sha256": corpus.sha256}
    same_run(folder, settings)
    held = corpus.held_out()[corpus.table.song]
    if not held.any() or held.all():
        raise TrainingError("no drummed song is left to choose by, or none to train on")
    learnt, checked = corpus.table.only(~held), corpus.table.only(held)
    kit = find_stroke_kit(learnt.struck, config.kinds, run.seed)
    drawn = _Drawn(learnt, learnt.with_kinds(kit), run, config.kinds)
    checks = _Drawn(checked, checked.with_kinds(kit), run, config.kinds)
    say(f"{len(learnt)} ticks to train on, {len(checked)} to choose by")
    torch.manual_seed(run.seed)
    net = DrumNet(config)

    def keep(weights: Weights, about: dict[str, Any]) -> None:
        found = DrumFile(config, kit, place_ranks(drawn.cells), weights, {**about, **settings})
        save_drummer(folder / BEST, found)

    def loss(step: int) -> Tensor:
        return nats_of(net, drawn.batch(step)).mean()

    part = Part(net, loss, lambda: checks.nats(net), keep, ("tick", "stroke"))
    return train_part(part, folder, run, most=most, check_every=check_every, say=say)


class _Drawn:
    """Ticks drawn from a table, with what is known of each."""

    def __init__(self, table: DrumTable, cells: Any, run: DrumRun, kinds: int) -> None:
        self.cells = cells
        self._first, self._run = table.first, run
        self._fills = find_fills(cells, table.first)
        self._ticks = Ticks(cells, kinds)
        self._kinds = kinds
        self._blurred, self._blur = self._ticks, -1

    def batch(self, step: int) -> dict[str, torch.Tensor]:
        """The batch of a step."""
        run = self._run
        rng = np.random.default_rng([run.seed, step])
        picks = rng.integers(len(self.cells), size=run.batch)
        back = np.where(
            rng.random(run.batch) < run.forget, rng.integers(HISTORY, size=run.batch), HISTORY
        )
        told = np.where(rng.random(run.batch) < run.silent, 0, self._fills[picks])
        begins = np.maximum(self._first[picks], picks - back)
        if step % 2 == 0:
            return self._ticks.read(picks, begins, told)
        if step // BLURRED != self._blur:
            self._blur = step // BLURRED
            self._blurred = Ticks(blurred(self.cells, run, self._blur), self._kinds)
        batch = self._blurred.read(picks, begins, told)
        batch["stroke"] = torch.from_numpy(self.cells[picks, Cell.STROKE].astype(np.int64))
        return batch

    def nats(self, net: DrumNet) -> dict[str, float]:
        """Nats a tick, and all of them a stroke, of ticks evenly spread; of no fill is told."""
        n = len(self.cells)
        picks = np.unique(np.linspace(0, n - 1, min(n, CHECKED)).astype(np.int64))
        total = 0.0
        with torch.no_grad():
            for part in np.array_split(picks, 1 + len(picks) // 2048):
                batch = self._ticks.read(part, self._first[part], np.zeros(len(part), np.int64))
                total += float(nats_of(net, batch).sum())
        struck = int((self.cells[picks, Cell.STROKE] != NO_STROKE).sum())
        return {"tick": total / len(picks), "stroke": total / max(struck, 1)}


def blurred(cells: NDArray[np.uint8], run: DrumRun, number: int) -> NDArray[np.uint8]:
    """The cells without some of their strokes, and with some that are none, each of the kind before."""
    rng = np.random.default_rng([run.seed, number, 1])
    out = cells.copy()
    stroke = out[:, Cell.STROKE]
    at = np.maximum.accumulate(np.where(stroke != NO_STROKE, np.arange(len(stroke)), 0))
    found = rng.random(len(stroke)) < run.found
    lost = rng.random(len(stroke)) < run.lost
    out[:, Cell.STROKE] = np.where(found, stroke[at], np.where(lost, NO_STROKE, stroke))
    return out


def place_ranks(cells: NDArray[np.uint8]) -> F32:
    """`[2, N_PLACES, 8]` of `DrumFile.ranks`, from drummed `[n, CELLS]`."""
    where = cells[:, Cell.PLACE].astype(np.int64) * 8 + cells[:, Cell.BEGINS]
    struck = (cells[:, Cell.STROKE] != NO_STROKE).astype(np.float64)
    n = np.bincount(where, minlength=8 * N_PLACES).astype(np.float64)
    hits = np.asarray(np.bincount(where, struck, 8 * N_PLACES), np.float64)
    by_place = hits.reshape(-1, 8).sum(1) / np.maximum(n.reshape(-1, 8).sum(1), 1)
    usual = (hits + DOUBT * np.repeat(by_place, 8)) / (n + DOUBT)
    out = [
        _share_above(usual, hits),
        np.where(usual >= SELDOM, _share_above(usual, np.where(usual >= SELDOM, n - hits, 0.0)), 1),
    ]
    return np.asarray(out, np.float32).reshape(2, N_PLACES, 8)


def _share_above(value: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[k]`: the share of the weight that lies where the value is greater, and half of what is equal."""
    order = np.argsort(-value, kind="stable")
    above = np.cumsum(weight[order])
    out = np.empty(len(value))
    out[order] = (above - weight[order] / 2) / max(float(above[-1]), 1.0)
    return np.minimum(out, 0.999)
