"""Training: the same command, seed and machine give the same weights; it resumes where it was.

Every random choice is drawn from (seed, step) or (seed, epoch), so a run's state is its weights,
the optimiser's moments, the carried hidden state and the step, all in one safetensors file.
"""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from nesvae_live.attributes import Quantiles, fit_quantiles, measure
from nesvae_live.checkpoint import Checkpoint, ModelConfig, save_checkpoint
from nesvae_live.model import Vae, condition, start_tuple
from nesvae_live.rounding import round_weights
from nesvae_live.training.contexts import encode, measure_spread
from nesvae_live.training.data import Batch, Corpus, Epoch, make_epoch, song_phrases
from nesvae_live.training.evaluate import nats_per_token

STATE = "state.safetensors"
BEST = "best.safetensors"
SETTINGS = "settings.json"
LOG = "log.jsonl"
NUMBERS = ("step", "epoch", "at", "log_beta", "best")
"""What a run's state holds beside its tensors."""
BETA = 0.1
"""The weight of the KL that the controller begins with."""
SPREAD_SONGS = 8
"""Every so many songs are encoded to measure how z lies over the corpus."""


class TrainingError(Exception):
    """Training can't start or go on; one line says why."""


@dataclass(frozen=True)
class Settings:
    """A run's settings; with the data they determine its weights."""

    steps: int = 6000
    streams: int = 64
    chunk: int = 8
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    rate: float = 32.0  # nats of u a phrase that the controller holds
    free: float = 0.25  # nats an axis of u that cost nothing
    reset: float = 0.15  # how often a phrase starts without a past
    let_go: float = 0.2  # how often an attribute is masked
    let_go_any: float = 0.5  # how often a phrase has a share of its own instead, 0..1
    noise: float = 0.1  # on the attribute coordinates
    ema: float = 0.999
    seed: int = 1
    precision: str = "bf16"
    init_sha256: str = ""  # of the checkpoint whose weights it began with; empty: none


class Run:
    """One training run and its state."""

    def __init__(
        self,
        settings: Settings,
        train: Corpus,
        device: torch.device,
        init: Checkpoint | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.songs = train.songs
        self.data_sha256 = train.sha256
        self.device = device
        self.quantiles = _fit(train)
        self.model = Vae(init.config if init else ModelConfig()).to(device)
        if init is not None:
            self.model.load_state_dict({k: torch.from_numpy(v) for k, v in init.weights.items()})
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        self.log_beta = math.log(init.about.get("beta", BETA) if init else BETA)
        self.best = math.inf
        self.carried = self.model.decoder.initial_state(settings.streams, device)
        self.last = start_tuple(settings.streams, device).clone()
        self.epoch, self.at = 0, 0
        self._laid_out: Epoch | None = None

    def next_batch(self) -> Batch:
        """The next chunk of every stream; a new epoch begins where one ends."""
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

    def learn(self, batch: Batch) -> dict[str, float]:
        """One step of the optimiser; returns the loss' parts in nats a phrase."""
        s = self.settings
        torch.manual_seed(s.seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = s.learning_rate * schedule(self.step, s.warmup, s.steps)
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=s.precision == "bf16"):
            tokens, kl = self.bound(batch)
        per_axis = kl.mean(0)
        rate = per_axis.sum()
        loss = tokens + math.exp(self.log_beta) * per_axis.clamp(min=s.free).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), s.clip)
        self.optimiser.step()
        measured = rate.item()
        self.log_beta += 0.01 * max(-1.0, min(1.0, (measured - s.rate) / s.rate))
        self.log_beta = max(math.log(1e-3), min(0.0, self.log_beta))
        self.step += 1
        decay = min(s.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return {
            "tokens": tokens.item(),
            "kl": measured,
            "beta": math.exp(self.log_beta),
            "norm": norm.item(),
        }

    def bound(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Nats of the tokens a phrase `[]`, and of u `[B C, U]`, with the carried state moved on."""
        s, model = self.settings, self.model
        symbols = torch.from_numpy(batch.symbols).to(self.device)  # B C T S
        counts = torch.from_numpy(batch.counts).to(self.device)  # B C
        n, chunk = counts.shape
        flat = symbols.flatten(0, 1)
        mu, log_sigma = model.encoder(flat, counts.flatten())
        u = model.sample_u(mu, log_sigma)
        a = torch.from_numpy(batch.a).to(self.device).flatten(0, 1)
        a = a + s.noise * torch.randn_like(a)
        share = torch.full_like(a[:, :1], s.let_go)
        any_share = torch.rand_like(share) < s.let_go_any
        share = torch.where(any_share, torch.rand_like(share), share)
        mask = (torch.rand_like(a) >= share).float()
        zm = condition(a, u, mask).view(n, chunk, -1)
        fresh = torch.from_numpy(batch.fresh).to(self.device)
        fresh = fresh | (torch.rand(n, chunk, device=self.device) < s.reset)
        state, last = self.carried, self.last
        start = start_tuple(n, self.device)
        hidden, before = [], []
        for c in range(chunk):
            state = state * ~fresh[None, :, c, None]
            previous = torch.where(fresh[:, c, None], start, last)
            shifted = torch.cat((previous[:, None], symbols[:, c, :-1]), 1)
            y, state = model.decoder.hidden(shifted, zm[:, c], state)
            hidden.append(y)
            before.append(shifted)
            last = symbols[:, c, -1]
        self.carried, self.last = state.detach().float(), last
        y = torch.stack(hidden, 1).flatten(0, 1)
        nats = model.nats(y, flat, torch.stack(before, 1).flatten(0, 1), counts.flatten())
        return nats.sum() / len(flat), model.kl(mu, log_sigma)

    def averaged(self) -> Vae:
        """The model with the moving average of the weights, for evaluation."""
        model = Vae(self.model.config).to(self.device)
        model.load_state_dict(self.average)
        return model.eval()

    def save(self, path: Path) -> None:
        """Write all that resuming needs; the file appears whole or not at all."""
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for i, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{k}": v for k, v in moments.items()}
        tensors |= {"carried": self.carried, "last": self.last}
        numbers = {name: getattr(self, name) for name in NUMBERS}
        temporary = path.with_name(path.name + ".part")
        save_file(
            {k: v.detach().contiguous().clone() for k, v in tensors.items()},
            temporary,
            {"numbers": json.dumps(numbers)},
        )
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        try:
            with safe_open(path, "pt", device=str(self.device)) as file:
                numbers = json.loads(file.metadata()["numbers"])
                tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
        except Exception as error:  # safetensors' own error type is not public
            raise TrainingError(f"{path}: can't resume from it ({error}); remove it") from error
        self.model.load_state_dict(_under(tensors, "model."))
        self.average = _under(tensors, "average.")
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, "optimiser.").items():
            i, key = name.split(".", 1)
            moments.setdefault(int(i), {})[key] = value
        whole = self.optimiser.state_dict()
        whole["state"] = moments
        self.optimiser.load_state_dict(whole)
        self.carried, self.last = tensors["carried"], tensors["last"]
        for name in NUMBERS:
            setattr(self, name, numbers[name])
        self._laid_out = None


def train(
    settings: Settings,
    corpus: Corpus,
    valid: Corpus,
    folder: Path,
    *,
    init: Checkpoint | None = None,
    device: str = "cpu",
    check_every: int = 500,
    save_every: int = 100,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train, or go on training, into `folder`; returns the last evaluation.

    `best.safetensors` is the checkpoint with the fewest nats a token on `valid` so far;
    `state.safetensors` is what resuming needs; `log.jsonl` holds a line every `save_every` steps.

    It begins with the weights of `init`, if there is one, and else at random.

    Raises:
        TrainingError: the folder holds a run with other settings or data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = replace(settings, init_sha256=init.sha256 if init else "")
    run = Run(settings, corpus, torch.device(device), init)
    _same_run(folder / SETTINGS, asdict(settings) | {"data_sha256": corpus.sha256})
    if (folder / STATE).exists():
        run.load(folder / STATE)
    figures: dict[str, Any] = {}
    started, first = time.monotonic(), run.step
    bar = tqdm(total=settings.steps, initial=run.step, unit="step", disable=quiet, smoothing=0.05)
    with bar, (folder / LOG).open("a") as log:
        while run.step < settings.steps:
            parts = run.learn(run.next_batch())
            if not math.isfinite(parts["tokens"]):
                raise TrainingError(
                    f"step {run.step}: the loss is not a number; resume with less --lr"
                )
            bar.set_postfix({k: f"{v:.3g}" for k, v in parts.items()}, refresh=False)
            bar.update()
            last = run.step == settings.steps
            if run.step % check_every == 0 or last:
                figures = nats_per_token(run.averaged(), run.quantiles, valid, seed=settings.seed)
                score = figures["nats_per_token"]["carried"]["value"]
                bar.write(f"step {run.step}: {_line(figures)}")
                log.write(json.dumps({"step": run.step, **figures}) + "\n")
                if score < run.best:
                    run.best = score
                    save_checkpoint(folder / BEST, _checkpoint(run, figures, corpus))
            if run.step % save_every == 0 or last:
                seconds = (time.monotonic() - started) / (run.step - first)
                log.write(json.dumps({"step": run.step, "seconds": seconds, **parts}) + "\n")
                log.flush()
                run.save(folder / STATE)
    return figures


def schedule(step: int, warmup: int, steps: int) -> float:
    """The learning rate's factor: a linear warm-up, then a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    done = min((step - warmup) / max(steps - warmup, 1), 1.0)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def _fit(corpus: Corpus) -> Quantiles:
    phrases, _ = song_phrases(corpus.songs)
    n = 4000
    normal = NormalDist()
    return fit_quantiles(
        measure(phrases), np.array([normal.inv_cdf((i + 0.5) / n) for i in range(n)])
    )


def _checkpoint(run: Run, figures: dict[str, Any], corpus: Corpus) -> Checkpoint:
    weights = {k: v.cpu().numpy() for k, v in run.average.items()}
    weights = round_weights(weights, run.model.config)
    part = replace(corpus, songs=corpus.songs[::SPREAD_SONGS])
    encoded = encode(run.averaged().cpu(), run.quantiles, part, np.random.default_rng(0))
    about = {
        "spread": measure_spread(encoded).to_about(),
        "data_sha256": run.data_sha256,
        "settings": asdict(run.settings),
        "step": run.step,
        "beta": math.exp(run.log_beta),
        "command": shlex.join(["nesvae-live", *sys.argv[1:]]),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "figures": figures,
    }
    return Checkpoint(run.model.config, weights, run.quantiles, about)


def _same_run(path: Path, settings: dict[str, Any]) -> None:
    if not path.exists():
        path.write_text(json.dumps(settings, indent=1))
        return
    before = json.loads(path.read_text())
    other = [k for k in settings if before.get(k) != settings[k]]
    if other:
        raise TrainingError(
            f"{path.parent} holds a run with other settings ({', '.join(other)}): "
            "use the same ones to resume it, or another folder"
        )


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _line(figures: dict[str, Any]) -> str:
    nats = figures["nats_per_token"]
    return (
        f"{nats['no_context']['value']:.3f} nats a token without context, "
        f"{nats['carried']['value']:.3f} carried, KL {figures['kl']['value']:.1f} nats a phrase"
    )
