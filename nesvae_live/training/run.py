"""One training run: its state, how it learns from a batch, and how it is saved and resumed.

Every random choice is drawn from (seed, step) or (seed, epoch), and for the whole batch whichever
process computes which part. A run's state is therefore its weights, the optimiser's moments, the
carried hidden state and the step, all in one safetensors file.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from nesvae_live import NesvaeError
from nesvae_live.chip.corpus import Corpus
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.model.vae import Vae, start_tuple
from nesvae_live.paths import replacing
from nesvae_live.training.batches import Batch, Epoch, make_epoch
from nesvae_live.training.bound import Bound, Settings, draw
from nesvae_live.training.ranks import ALONE, Ranks

NUMBERS = ("step", "epoch", "at", "log_beta", "best", "best_step")
"""The numbers in a run's state, beside its tensors."""

BETA = 0.1
"""The weight of the KL with which the controller starts."""


class TrainingError(NesvaeError):
    """Training can't start or go on; one line says why."""


class Run:
    """One training run and its state, or one process's part of them."""

    def __init__(
        self,
        settings: Settings,
        train: Corpus,
        quantiles: Quantiles,
        bound: Bound,
        *,
        beta: float = BETA,
        ranks: Ranks = ALONE,
    ) -> None:
        if settings.streams % ranks.size:
            raise TrainingError(
                f"{settings.streams} streams can't be shared by {ranks.size} processes evenly: "
                f"take a multiple of {ranks.size} (--streams)"
            )
        self.settings = settings
        self.songs = train.songs
        self.quantiles = quantiles
        self.model: Vae = bound.model
        self.ranks = ranks
        self.device = next(self.model.parameters()).device
        self.bound: nn.Module = bound
        if ranks.size > 1:
            self.bound = DistributedDataParallel(bound, broadcast_buffers=False)
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        self.log_beta = math.log(beta)
        self.best, self.best_step = math.inf, 0
        self.mine = ranks.part(settings.streams)
        n = self.mine.stop - self.mine.start
        self.carried = self.model.decoder.initial_state(n, self.device)
        self.last = start_tuple(n, self.device).clone()
        self.epoch, self.at = 0, 0
        self._laid_out: Epoch | None = None

    def next_batch(self) -> Batch:
        """The next chunk of every stream; where an epoch ends, a new one begins."""
        if self._laid_out is None:
            s = self.settings
            self._laid_out = make_epoch(
                self.songs,
                self.quantiles,
                streams=s.streams,
                chunk=s.chunk,
                seed=s.seed,
                epoch=self.epoch,
            )
        batch = self._laid_out.batch(self.at)
        self.at += 1
        if self.at == len(self._laid_out):
            self.epoch, self.at, self._laid_out = self.epoch + 1, 0, None
        return batch

    def pace(self) -> float:
        """The factor of the learning rate at this step."""
        return schedule(self.step, self.settings.warmup, self.settings.steps)

    def learn(self, batch: Batch) -> dict[str, float]:
        """Take one optimiser step; returns the parts of the loss, in nats per phrase."""
        s = self.settings
        torch.manual_seed(s.seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = s.learning_rate * self.pace()
        draws = draw(s, self.model.config, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=s.precision == "bf16"):
            cost = self.bound(batch.part(self.mine), draws.part(self.mine), self.carried, self.last)
        self.carried, self.last = cost.state, cost.last
        tokens, kl = (self.ranks.mean(x.detach()) for x in (cost.tokens, cost.kl))
        loss = cost.tokens + math.exp(self.log_beta) * self.paid(cost.kl, kl) + cost.more
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # from here on the gradients are the mean over all processes
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), s.clip)
        self.optimiser.step()
        rate = kl.sum().item()
        self.steer(rate)
        self.step += 1
        decay = min(s.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return {
            "tokens": tokens.item(),
            "kl": rate,
            "beta": math.exp(self.log_beta),
            "norm": norm.item(),
        }

    def paid(self, kl: Tensor, whole: Tensor) -> Tensor:
        """The part of `kl` `[U]` that costs; axes with few nats over the `whole` batch are free."""
        return torch.where(whole > self.settings.free, kl, 0.0).sum()

    def steer(self, rate: float) -> None:
        """Adjust the weight of the KL towards the rate that is wanted."""
        wanted = self.settings.rate
        self.log_beta += 0.01 * max(-1.0, min(1.0, (rate - wanted) / wanted))
        self.log_beta = max(math.log(1e-3), min(0.0, self.log_beta))

    def averaged(self) -> Vae:
        """The model with the moving average of the weights, for evaluation."""
        model = type(self.model)(self.model.config).to(self.device)
        model.load_state_dict(self.average)
        model.encoder.turn = self.model.encoder.turn
        return model.eval()

    def save(self, path: Path) -> None:
        """Write everything that resuming needs; the file appears whole or not at all.

        Raises:
            OSError: it can't be written; what was there before stays, and nothing else is left.
        """
        carried, last = self.ranks.gather(self.carried, 1), self.ranks.gather(self.last, 0)
        if not self.ranks.leads:
            return
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for i, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{k}": v for k, v in moments.items()}
        tensors |= {"carried": carried, "last": last}
        numbers = {name: getattr(self, name) for name in NUMBERS}
        with replacing(path) as part:
            save_file(
                {k: v.detach().contiguous().clone() for k, v in tensors.items()},
                part,
                {"numbers": json.dumps(numbers)},
            )

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote, with the same number of processes or another."""
        numbers, tensors = self.ranks.broadcast(_read(path) if self.ranks.leads else None)
        tensors = {k: v.to(self.device) for k, v in tensors.items()}
        self.model.load_state_dict(_under(tensors, "model."))
        self.average = _under(tensors, "average.")
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, "optimiser.").items():
            i, key = name.split(".", 1)
            moments.setdefault(int(i), {})[key] = value
        whole = self.optimiser.state_dict()
        whole["state"] = moments
        self.optimiser.load_state_dict(whole)
        self.carried, self.last = tensors["carried"][:, self.mine], tensors["last"][self.mine]
        for name, value in numbers.items():
            setattr(self, name, value)
        self._laid_out = None


def schedule(step: int, warmup: int, steps: int) -> float:
    """The factor of the learning rate: a linear warm-up, then a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    return cosine(min((step - warmup) / max(steps - warmup, 1), 1.0))


def cosine(done: float) -> float:
    """The factor after a share `done` (0..1) of the way: from 1 down to 2 %."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            numbers = json.loads(file.metadata()["numbers"])
            return numbers, {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors' own error type is not public
        raise TrainingError(f"{path}: can't resume from it ({error}); remove it") from error


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
