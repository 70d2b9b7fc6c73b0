"""The run of a part beside the song network, the performer or the drummer: its loop, kept and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from nesvae_live.model.checkpoint import Weights
from nesvae_live.training.songrun import TrainingError
from nesvae_live.training.stop import Stop

STATE, SETTINGS = "state.pt", "settings.json"


class Run(Protocol):
    """How long a run is, and at which rate it begins; the rate falls as a cosine."""

    @property
    def steps(self) -> int:
        """Steps of the optimiser, in all."""
        ...

    @property
    def learning_rate(self) -> float:
        """Of the first step."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """What is trained.

    `loss` gives the nats of a step's batch, by the step's number from 0. `check` gives the figures of
    the held-out songs; `told` names two of them, in nats: the first is to become as small as it can.
    `keep` writes the weights whenever it is the smallest so far, with what is known about them.
    """

    net: torch.nn.Module
    loss: Callable[[int], Tensor]
    check: Callable[[], dict[str, float]]
    keep: Callable[[Weights, dict[str, Any]], None]
    told: tuple[str, str]


def train_part(
    part: Part,
    folder: Path,
    run: Run,
    *,
    most: int | None,
    check_every: int,
    say: Callable[[str], None],
) -> dict[str, float]:
    """Train, or go on training, into `folder`; returns the last figures.

    It goes no further than step `most` in this call.

    Raises:
        TrainingError: the program was asked to end; the run is resumed from there.
    """
    net = part.net
    optimiser = torch.optim.AdamW(net.parameters(), run.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, run.steps)
    state: dict[str, Any] = {"net": net, "optimiser": optimiser, "schedule": schedule}
    step, best = resume(folder, state)
    figures: dict[str, float] = {}
    first, second = part.told
    last = run.steps if most is None else min(most, run.steps)
    with Stop() as stop:
        while step < last:
            loss = part.loss(step)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            ends = step == last
            if not (step % check_every == 0 or ends or stop.asked):
                continue
            figures = part.check()
            say(
                f"step {step}: {figures[first]:.4f} nats a {first}, {figures[second]:.3f} a {second}"
            )
            if figures[first] < best:
                best = figures[first]
                weights = {k: v.numpy().copy() for k, v in net.state_dict().items()}
                part.keep(weights, {"step": step, "figures": figures, "torch": torch.__version__})
            kept = {name: each.state_dict() for name, each in state.items()}
            torch.save({**kept, "step": step, "best": best}, folder / STATE)
            if stop.asked and not ends:
                raise TrainingError(
                    f"interrupted after step {step}: the same command resumes from there"
                )
    return figures


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
