"""Trains a checkpoint; the same command, seed and machine give the same weights, resumed or not."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import NormalDist
from types import FrameType
from typing import Any, Self, TextIO

import numpy as np
import torch
from tqdm import tqdm

from nesvae_live.chip.corpus import Corpus, song_phrases
from nesvae_live.evaluation.contexts import encode, measure_spread
from nesvae_live.evaluation.likelihood import nats_per_token
from nesvae_live.latent.attributes import Quantiles, fit_quantiles, measure
from nesvae_live.model.checkpoint import Checkpoint, ModelConfig, save_checkpoint
from nesvae_live.model.int8 import round_weights
from nesvae_live.model.vae import Vae
from nesvae_live.training.bound import Bound, Settings
from nesvae_live.training.ranks import ALONE, Ranks
from nesvae_live.training.run import BETA, Run, TrainingError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the process was asked to end (Ctrl-C, kill, torchrun); a second request kills it."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.asked = True
        signal.signal(number, self._before[signal.Signals(number)])


STATE = "state.safetensors"
BEST = "best.safetensors"
SETTINGS = "settings.json"
LOG = "log.jsonl"
SPREAD_SONGS = 8
"""One song in this many is encoded to measure how z is distributed over the corpus."""


def train(
    settings: Settings,
    corpus: Corpus,
    valid: Corpus,
    folder: Path,
    *,
    init: Checkpoint | None = None,
    device: str = "cpu",
    ranks: Ranks = ALONE,
    check_every: int = 500,
    save_every: int = 100,
    patience: int | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train, or resume training, into `folder`; returns the last evaluation.

    `best.safetensors` is the checkpoint with the fewest nats per token on `valid` so far,
    `state.safetensors` is what resuming needs, and `log.jsonl` gets a line every `save_every`
    steps.

    Training starts from the weights of `init`, if given, and else from random ones. It ends early
    when `patience` checks in a row brought no improvement. Of several `ranks` each computes its
    share of the streams; only the leading one uses `folder`, evaluates and prints.

    Raises:
        TrainingError: the folder holds a run with other settings or data, the streams can't be
            shared evenly, the loss is not a number, or the program was asked to end.
    """
    settings = replace(settings, init_sha256=init.sha256 if init else "")
    run = begin(settings, corpus, init, device, ranks)
    if ranks.leads:
        folder.mkdir(parents=True, exist_ok=True)
        _same_run(folder / SETTINGS, asdict(settings) | {"data_sha256": corpus.sha256})
    if ranks.broadcast((folder / STATE).exists()):
        run.load(folder / STATE)
    figures: dict[str, Any] = {}
    started, first = time.monotonic(), run.step
    with Stop() as stop, make_bar(run, quiet) as bar, _log(folder, ranks) as log:
        while run.step < settings.steps:
            if patience and run.step - run.best_step >= patience * check_every:
                bar.write(
                    f"step {run.step}: no improvement since step {run.best_step}; training ends"
                )
                break
            parts = run.learn(run.next_batch())
            if not math.isfinite(parts["tokens"]):
                raise TrainingError(
                    f"step {run.step}: the loss is not a number; resume with less --lr"
                )
            bar.set_postfix({k: f"{v:.3g}" for k, v in parts.items()}, refresh=False)
            bar.update()
            last = run.step == settings.steps
            asked = ranks.any(stop.asked)
            if run.step % check_every == 0 or last:
                figures = ranks.broadcast(_check(run, valid) if ranks.leads else None)
                score = figures["nats_per_token"]["carried"]["value"]
                bar.write(f"step {run.step}: {_line(figures)}")
                log.write(json.dumps({"step": run.step, **figures}) + "\n")
                log.flush()
                if score < run.best:
                    run.best, run.best_step = score, run.step
                    if ranks.leads:
                        save_checkpoint(folder / BEST, _checkpoint(run, figures, corpus))
            if run.step % save_every == 0 or last or asked:
                seconds = (time.monotonic() - started) / (run.step - first)
                log.write(json.dumps({"step": run.step, "seconds": seconds, **parts}) + "\n")
                log.flush()
                run.save(folder / STATE)
            if asked and not last:
                raise TrainingError(
                    f"interrupted after step {run.step}: the same command resumes from there"
                )
    return figures


def begin(
    settings: Settings, corpus: Corpus, init: Checkpoint | None, device: str, ranks: Ranks
) -> Run:
    """A run at its first step, with random weights or those of `init`, whose axes it keeps."""
    torch.manual_seed(settings.seed)
    model = Vae(init.config if init else ModelConfig()).to(device)
    if init is not None:
        model.load_state_dict({k: torch.from_numpy(v) for k, v in init.weights.items()})
        if init.turn is not None:
            model.encoder.turn = torch.from_numpy(init.turn).to(device)
    beta = init.about.get("beta", BETA) if init else BETA
    bound = Bound(model, settings.noise)
    return Run(settings, corpus, fit(corpus), bound, beta=beta, ranks=ranks)


def make_bar(run: Run, quiet: bool) -> tqdm:
    """The progress bar: steps, elapsed and remaining time, and the parts of the loss."""
    disable = quiet or not run.ranks.leads
    steps = run.settings.steps
    return tqdm(total=steps, initial=run.step, unit="step", disable=disable, smoothing=0.05)


def _check(run: Run, valid: Corpus) -> dict[str, Any]:
    return nats_per_token(run.averaged(), run.quantiles, valid, seed=run.settings.seed)


def _log(folder: Path, ranks: Ranks) -> TextIO:
    return (folder / LOG if ranks.leads else Path(os.devnull)).open("a", encoding="utf-8")


def fit(corpus: Corpus) -> Quantiles:
    """The attributes' quantiles over the phrases of a corpus."""
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
        "data_sha256": corpus.sha256,
        "settings": asdict(run.settings),
        "step": run.step,
        "beta": math.exp(run.log_beta),
        "command": _command(sys.argv[1:]),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "figures": figures,
    }
    turn = run.model.encoder.turn
    straight = torch.equal(turn, torch.eye(len(turn), device=turn.device))
    turn_kept = None if straight else turn.cpu().numpy()
    return Checkpoint(run.model.config, weights, run.quantiles, about, turn=turn_kept)


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


def _line(figures: dict[str, Any]) -> str:
    nats = figures["nats_per_token"]
    return (
        f"{nats['no_context']['value']:.3f} nats a token without context, "
        f"{nats['carried']['value']:.3f} carried, KL {figures['kl']['value']:.1f} nats a phrase"
    )


def _command(arguments: Sequence[str]) -> str:
    """The command as it was given, without folders, which mean nothing on another machine."""
    return shlex.join(["nesvae-live", *(Path(a).name if os.sep in a else a for a in arguments)])
