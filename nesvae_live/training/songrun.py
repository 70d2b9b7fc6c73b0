"""A run of training, format 3: model, average, optimiser and streams; one optimiser step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nesvae_live import NesvaeError
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songbound import Carried, SongBound, SongSettings, Told, nothing_yet
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songweights import round_song_weights
from nesvae_live.music.phrase import TUPLES_PER_PHRASE
from nesvae_live.paths import replacing
from nesvae_live.training.streams import Streams


class TrainingError(NesvaeError):
    """A run can't go on; one line says why."""


@dataclass(frozen=True)
class SongRun:
    """A run's settings; with the data they determine its weights (on a CPU)."""

    steps: int = 5400
    streams: int = 128
    chunk: int = 8
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.05
    clip: float = 1.0
    beta: float = 0.0
    """The weight of z's nats; 0: a controller holds the style's divergence from N(0, 1) at `rate`."""
    rate: float = 16.0
    beta_rise: float = 0.15
    """The share of the run in which beta rises from a tenth."""
    normal: float = 0.1
    """The weight of the style's divergence from N(0, 1), the knobs' scale, as a part of beta."""
    reset: float = 0.08
    ema: float = 0.999
    seed: int = 1
    precision: str = "bf16"


class Training:
    """A run: model, average, optimiser, streams; all of it on one device."""

    def __init__(
        self, run: SongRun, told: SongSettings, corpus: DeviceCorpus, ranks: Ranks, model: SongVae
    ) -> None:
        torch.manual_seed(run.seed)
        self.run, self.told, self.corpus, self.ranks = run, told, corpus, ranks
        self.device = corpus.device
        self.model = with_turn(model.to(self.device))
        self.bound = SongBound(self.model, ranks, told).train()
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        flat = [p for p in self.model.parameters() if p.dim() < 2]
        deep = [p for p in self.model.parameters() if p.dim() >= 2]
        groups: list[dict[str, Any]] = [{"params": deep}, {"params": flat, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(
            groups,
            lr=run.learning_rate,
            weight_decay=run.weight_decay,
            betas=(0.9, 0.98),
            fused=self.device.type == "cuda",
        )
        tuples = run.chunk * TUPLES_PER_PHRASE
        self.streams = Streams(corpus, run.streams, tuples, run.reset, run.seed)
        self.carried = nothing_yet(self.model, run.streams, told.past, self.device)
        self.step = 0
        self.log_beta = torch.full((), math.log(0.02), device=self.device)
        self.sums = torch.zeros(5, device=self.device)
        self.best, self.best_step = math.inf, 0

    def learn(self, progress: float) -> None:
        """One step; `progress` 0..1 is how far the run is."""
        run = self.run
        torch.manual_seed(run.seed * 1_000_003 + self.step)  # a run that resumes draws the same
        rise = min((self.step + 1) / run.warmup, 1.0)
        pace = rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
        for group in self.optimiser.param_groups:
            group["lr"] = run.learning_rate * pace
        turn = self.streams.turn()
        chunk = self.corpus.chunk(turn, run.chunk * TUPLES_PER_PHRASE, self.told.past)
        bf16 = run.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            told, self.carried = self.bound(chunk, turn.fresh, self.carried)
        tokens, rate, normal = costs(told)
        if run.beta:
            beta: Tensor | float = run.beta * min(1.0, 0.1 + 0.9 * progress / run.beta_rise)
        else:
            off = ((normal.detach() - run.rate) / run.rate).clamp(-1, 1)
            self.log_beta = (self.log_beta + 0.01 * off).clamp(math.log(0.002), 0.0)
            beta = self.log_beta.exp()
        loss = tokens + beta * (rate + run.normal * normal)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), run.clip)
        self.optimiser.step()
        self.step += 1
        decay = min(run.ema, (1 + self.step) / (10 + self.step))
        state = self.model.state_dict()
        torch._foreach_lerp_(  # one launch for all weights
            list(self.average.values()), [state[k] for k in self.average], 1 - decay
        )
        one = torch.ones_like(norm)
        self.sums += torch.stack([x.detach().float() for x in (tokens, rate, normal, norm, one)])

    def report(self) -> dict[str, float]:
        """Means since the last report; waits for the device."""
        tokens, rate, normal, norm, n = self.sums.tolist()
        self.sums.zero_()
        n = max(n, 1.0)
        means = {"tokens": tokens / n, "rate": rate / n, "normal": normal / n, "norm": norm / n}
        return means | {"beta": self.log_beta.exp().item()}

    def save(self, path: Path) -> None:
        """Write all that resuming needs; the file appears whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "carried": tuple(self.carried),
            "streams": self.streams.state(),
            "step": self.step,
            "log_beta": self.log_beta,
            "best": self.best,
            "best_step": self.best_step,
        }
        with replacing(path) as part:
            torch.save(state, part)

    def load(self, path: Path) -> None:
        """Go on where `save` was called.

        Raises:
            TrainingError: the file is damaged.
        """
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
        except Exception as error:  # whatever torch raises for a damaged file
            why = " ".join(str(error).split())
            raise TrainingError(
                f"{path}: damaged or cut short ({why[:80]}): remove it to start again"
            ) from error
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.carried = Carried(*state["carried"])
        self.streams.restore(state["streams"])
        self.step, self.log_beta = state["step"], state["log_beta"]
        self.best, self.best_step = state["best"], state["best_step"]

    def checkpoint(self, quantiles: Quantiles, about: dict[str, Any]) -> SongCheckpoint:
        """The averaged weights, rounded as the live decoder has them."""
        config = self.model.config
        weights = {name: value.float().cpu().numpy() for name, value in self.average.items()}
        return SongCheckpoint(config, round_song_weights(weights, config), quantiles, about)

    def averaged(self) -> SongVae:
        """The model with the moving average of the weights."""
        model = SongVae(self.model.config).to(self.device)
        model.load_state_dict(self.average)
        return with_turn(model).eval()


def with_turn(model: SongVae) -> SongVae:
    """The same model, whose encoder knows how its axes were turned: a finished one's were."""
    model.encoder.turn = model.prior.turn
    return model


def costs(told: Told) -> tuple[Tensor, Tensor, Tensor]:
    """Nats a phrase: of its tokens, of z against the prior, of the style against N(0, 1)."""
    phrases, alone = told.phrases.sum(), told.alone_real.any(1).sum()
    every = (phrases + alone).clamp(min=1)
    tokens = (told.nats.sum() + told.alone_nats.sum()) / every
    rate = (told.rate.sum() + told.alone_rate.sum()) / every
    normal = (told.divergence.sum(-1) * told.phrases).sum() / phrases.clamp(min=1)
    return tokens, rate, normal
