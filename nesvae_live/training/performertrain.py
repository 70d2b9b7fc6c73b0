"""Training of the performer: each note's patch, given the notes and the patches before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nesvae_live.model.performer.batches import Batches, Played, held_nats, nats_of
from nesvae_live.model.performer.notetable import Performances
from nesvae_live.model.performer.performerconfig import PerformerConfig
from nesvae_live.model.performer.performerfile import PerformerFile, save_performer
from nesvae_live.model.performer.performernet import PerformerNet
from nesvae_live.training.performercasts import find_casts
from nesvae_live.training.performerkit import find_kit
from nesvae_live.training.songrun import TrainingError
from nesvae_live.training.stop import Stop

CASTS = 8
BEST, STATE, SETTINGS = "best.performer", "state.pt", "settings.json"


@dataclass(frozen=True, slots=True)
class PerformerRun:
    """A run: `steps` of `batch` notes each; the rate falls as a cosine from `learning_rate`.

    Of a share `forget` of the notes it isn't told how anything was played before: as at a beginning.
    """

    steps: int = 3000
    batch: int = 1024
    learning_rate: float = 2e-3
    forget: float = 0.15
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
    optimiser = torch.optim.AdamW(net.parameters(), run.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, run.steps)
    parts: dict[str, Any] = {"net": net, "optimiser": optimiser, "schedule": schedule}
    step, best = resume(folder, parts)
    figures: dict[str, float] = {}
    last = run.steps if most is None else min(most, run.steps)
    with Stop() as stop:
        while step < last:
            rng = np.random.default_rng([run.seed, step])
            picks = rng.integers(len(learnt), size=run.batch)
            batch = forgetful(batches.read(picks), config, run, rng)
            loss = nats_of(net, batch).clamp(max=200.0).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            ends = step == last
            if not (step % check_every == 0 or ends or stop.asked):
                continue
            figures = held_nats(net, checks)
            say(f"step {step}: {figures['step']:.4f} nats a step, {figures['note']:.3f} a note")
            if figures["step"] < best:
                best = figures["step"]
                weights = {k: v.numpy().copy() for k, v in net.state_dict().items()}
                about = {"step": step, "figures": figures, "torch": torch.__version__, **settings}
                save_performer(folder / BEST, PerformerFile(config, kit, weights, about, casts))
            kept = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**kept, "step": step, "best": best}, folder / STATE)
            if stop.asked and not ends:
                raise TrainingError(
                    f"interrupted after step {step}: the same command resumes from there"
                )
    return figures


def forgetful(
    batch: dict[str, Tensor], config: PerformerConfig, run: PerformerRun, rng: np.random.Generator
) -> dict[str, Tensor]:
    """The batch, a share of which lacks all earlier patches."""
    lost = torch.from_numpy(rng.random(len(batch["note"])) < run.forget)
    batch["there"][lost] = False
    batch["last"][lost] = torch.tensor([config.shapes, 0, config.duties])
    return batch


def resume(folder: Path, parts: dict[str, Any]) -> tuple[int, float]:
    """Load what was kept of a run, if there is any; the step, and the fewest nats so far."""
    path = folder / STATE
    if not path.exists():
        return 0, float("inf")
    state = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state["step"], state["best"]


def same_run(folder: Path, settings: dict[str, Any]) -> None:
    """Write what a run is made with into its folder.

    Raises:
        TrainingError: the folder holds a run with other settings.
    """
    path = folder / SETTINGS
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != settings:
        raise TrainingError(
            f"{path.parent} holds a run with other settings or data: "
            "use the same ones to resume it, or another folder"
        )
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")
