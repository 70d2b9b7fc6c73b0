"""Training of format 3: the loop over songs in ticks, with its checks; the checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from nesvae_live.chip.corpus import song_phrases
from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.song.songnats import song_nats
from nesvae_live.latent.attributes import fit_quantiles, measure
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songbound import SongSettings
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from nesvae_live.model.song.songconfig import SongConfig
from nesvae_live.training.songrun import SongRun, Training, TrainingError
from nesvae_live.training.stop import Stop

BEST, STATE = "best.safetensors", "state.pt"
SETTINGS, LOG = "settings.json", "log.jsonl"


def train_songs(
    run: SongRun,
    told: SongSettings,
    corpus: TickCorpus,
    held: TickCorpus,
    folder: Path,
    *,
    config: SongConfig | None = None,
    device: str = "cpu",
    check_every: int = 500,
    patience: int | None = None,
    most: int | None = None,
    quiet: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Train, or go on training, into `folder`; returns the last figures of the held-out songs.

    `best.safetensors` is the checkpoint (of averaged weights) with the fewest nats a token on the
    held-out songs at any check, `state.pt` what resuming needs, `log.jsonl` holds a line a check.

    Args:
        run: the run's settings.
        told: how songs are told.
        corpus: to train on.
        held: to look at; nothing is learnt from it.
        folder: of the run.
        config: the network's sizes.
        device: `cpu` or `cuda`.
        check_every: steps from one check to the next.
        patience: end after so many checks without a better one.
        most: go no further than this step in this call.
        quiet: show no progress bar.
        say: is told a line a check.

    Raises:
        TrainingError: the folder holds a run with other settings or data, or a damaged state; the
            loss is not a number; or the program was asked to end: it is resumed from there.
    """
    where = torch.device(device)
    quantiles = fit_quantiles(measure(song_phrases(corpus.songs)[0]), normal_quantiles())
    ranks = Ranks(quantiles, where)
    torch.manual_seed(run.seed)
    model = SongVae(config or SongConfig())
    learnt = DeviceCorpus(corpus, where)
    training = Training(run, told, learnt, ranks, model)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"run": asdict(run), "told": asdict(told), "data_sha256": corpus.sha256}
    _same_run(folder / SETTINGS, settings)
    if (folder / STATE).exists():
        training.load(folder / STATE)
    figures: dict[str, float] = {}
    last = run.steps if most is None else min(most, run.steps)
    bar = tqdm(total=last, initial=training.step, unit="step", disable=quiet, smoothing=0.05)
    with Stop() as stop, bar:
        while training.step < last:
            training.learn(training.step / run.steps)
            bar.update()
            if stop.asked and training.step != last:
                training.save(folder / STATE)
                raise TrainingError(
                    f"interrupted after step {training.step}: the same command resumes from there"
                )
            if training.step % check_every and training.step != last:
                continue
            torch.manual_seed(run.seed)
            nats = song_nats(training.averaged(), ranks, DeviceCorpus(held, where), past=told.past)
            figures = nats.summary()
            line = {"step": training.step, **training.report(), **figures}
            if not math.isfinite(line["tokens"]):
                raise TrainingError(
                    f"step {training.step}: the loss is not a number; begin anew with less --lr"
                )
            with (folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            if figures["carried"] < training.best:
                training.best, training.best_step = figures["carried"], training.step
                made = {"step": training.step, "figures": figures, "torch": torch.__version__}
                best = training.checkpoint(quantiles, settings | made)
                save_song_checkpoint(folder / BEST, best)
            training.save(folder / STATE)
            bar.set_postfix({k: f"{line[k]:.3g}" for k in ("tokens", "rate")}, refresh=False)
            say(
                f"step {training.step}: {figures['carried']:.3f} nats a token carried, "
                f"{figures['no_context']:.3f} without context"
            )
            if patience and training.step - training.best_step >= patience * check_every:
                say(f"no improvement since step {training.best_step}; training ends")
                break
    return figures


def normal_quantiles(n: int = 4000) -> NDArray[np.float64]:
    """`[n]`: the standard normal's quantile at (i + .5) / n."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / n) for i in range(n)])


def _same_run(path: Path, settings: dict[str, Any]) -> None:
    if not path.exists():
        path.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    if before != settings:
        raise TrainingError(
            f"{path.parent} holds a run with other settings or data: "
            "use the same ones to resume it, or another folder"
        )
