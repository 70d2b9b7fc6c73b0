"""Training of the performer: each note's patch, given the notes and the patches before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.performer.batches import Batches, Played, held_nats, nats_of
from nesvae_live.model.performer.notetable import Performances
from nesvae_live.model.performer.performerfile import (
    SIDES,
    PerformerConfig,
    PerformerFile,
    save_performer,
)
from nesvae_live.model.performer.performernet import PerformerNet
from nesvae_live.training.partrun import Part, same_run, train_part
from nesvae_live.training.performercasts import find_casts
from nesvae_live.training.performerkit import find_kit
from nesvae_live.training.songrun import TrainingError

CASTS = 8
BEST = "best.performer"


@dataclass(frozen=True, slots=True)
class PerformerRun:
    """A run: `steps` of `batch` notes each; the rate falls as a cosine from `learning_rate`.

    Of a share `forget` of the notes it isn't told how anything was played before: as at a beginning.
    The nats of the duty with which a note begins count `beginnings` times more: it is what one hears first.
    """

    steps: int = 3000
    batch: int = 1024
    learning_rate: float = 2e-3
    forget: float = 0.15
    beginnings: float = 4.0
    seed: int = 1


def train_performer(
    run: PerformerRun,
    corpus: Performances,
    folder: Path,
    *,
    config: PerformerConfig | None = None,
    check_every: int = 500,
    most: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Train, or go on training, into `folder`; returns the last figures of the held-out songs.

    It goes no further than step `most` in this call. The file `best.performer` has the weights with the fewest nats a step at any check.

    Raises:
        TrainingError: the folder holds a run with other settings or data; or the program was asked
            to end: it is resumed from there.
    """
    config = config or PerformerConfig()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"run": asdict(run), "config": asdict(config), "data_sha256": corpus.sha256}
    same_run(folder, settings)
    held = corpus.held_out()[corpus.notes.song]
    if not held.any() or held.all():
        raise TrainingError("no song is left to choose by, or none to train on")
    learnt, checked = corpus.notes.only(~held), corpus.notes.only(held)
    kit = find_kit(
        *(learnt.volume, learnt.duty, learnt.steps, config.shapes, config.duties, run.seed)
    )
    batches = Batches(Played.of(learnt, kit), kit)
    checks = Batches(Played.of(checked, kit), kit)
    casts = find_casts(learnt, batches.played.patches, kit, CASTS, run.seed)
    say(f"{len(learnt)} notes to train on, {len(checked)} to choose by")
    torch.manual_seed(run.seed)
    net = PerformerNet(config)

    def loss(step: int) -> Tensor:
        rng = np.random.default_rng([run.seed, step])
        picks = rng.integers(len(learnt), size=run.batch)
        batch = forgetful(batches.read(picks), config, run, rng)
        nats = nats_of(net, batch).clamp(max=200.0).mean(0)
        return nats[:SIDES].sum() + run.beginnings * nats[SIDES]

    def keep(weights: Weights, about: dict[str, Any]) -> None:
        found = PerformerFile(config, kit, weights, {**about, **settings}, casts)
        save_performer(folder / BEST, found)

    part = Part(net, loss, lambda: held_nats(net, checks), keep, ("step", "note"))
    return train_part(part, folder, run, most=most, check_every=check_every, say=say)


def forgetful(
    batch: dict[str, Tensor], config: PerformerConfig, run: PerformerRun, rng: np.random.Generator
) -> dict[str, Tensor]:
    """The batch, a share of which lacks all earlier patches."""
    lost = torch.from_numpy(rng.random(len(batch["note"])) < run.forget)
    batch["there"][lost] = False
    batch["last"][lost] = torch.tensor([config.shapes, 0, config.duties])
    return batch
