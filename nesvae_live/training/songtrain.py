"""Training of format 3: the loop over songs in ticks, with its checks; the checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from nesvae_live.chip.corpus import song_phrases
from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.song.songevaluate import load_song_model
from nesvae_live.evaluation.song.songnats import song_nats
from nesvae_live.latent.attributes import Quantiles, fit_quantiles, measure
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songbound import SongSettings
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, save_song_checkpoint
from nesvae_live.model.song.songconfig import SongConfig
from nesvae_live.paths import replacing
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
    init: SongCheckpoint | None = None,
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
        init: a checkpoint to begin from: its weights, its sizes, and what its knobs mean.
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
    torch.manual_seed(run.seed)
    if init is None:
        quantiles = fit_quantiles(measure(song_phrases(corpus.songs)[0]), normal_quantiles())
        model = SongVae(config or SongConfig())
    else:
        quantiles = init.quantiles
        model = load_song_model(init).train()
    ranks = Ranks(quantiles, where)
    learnt = DeviceCorpus(corpus, where)
    training = Training(run, told, learnt, ranks, model)
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any]
    settings = {"run": asdict(run), "told": asdict(told), "data_sha256": corpus.sha256}
    if init is not None:
        settings["init_sha256"] = init.sha256
    _same_run(folder / SETTINGS, settings)
    if (folder / STATE).exists():
        training.load(folder / STATE)
    if training.step > run.steps:
        raise TrainingError(
            f"{folder}: this run is at step {training.step} already: --steps must not be lower"
        )
    _keep_settings(folder / SETTINGS, settings)
    desk = _Checks(training, DeviceCorpus(held, where), quantiles, settings, folder, say)
    if init is not None and training.step == 0:
        desk.check()  # what it was before is what is to be beaten
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
            line = desk.check()
            bar.set_postfix({k: f"{line[k]:.3g}" for k in ("tokens", "rate")}, refresh=False)
            if patience and training.step - training.best_step >= patience * check_every:
                say(f"no improvement since step {training.best_step}; training stops")
                break
    return desk.figures


@dataclass
class _Checks:
    """Looks at the held-out songs, and keeps the best checkpoint so far. `figures` are the last ones."""

    training: Training
    held: DeviceCorpus
    quantiles: Quantiles
    settings: dict[str, Any]
    folder: Path
    say: Callable[[str], None]
    figures: dict[str, float] = field(default_factory=dict)

    def check(self) -> dict[str, float]:
        """Measure, write a line of the log, and save; returns the line.

        Raises:
            TrainingError: the loss is not a number.
        """
        training, folder = self.training, self.folder
        torch.manual_seed(training.run.seed)
        nats = song_nats(training.averaged(), training.ranks, self.held, past=training.told.past)
        self.figures = figures = nats.summary()
        line = {"step": training.step, **training.report(), **figures}
        if not math.isfinite(line["tokens"]):
            raise TrainingError(
                f"step {training.step}: the loss is not a number; start again with a lower --lr"
            )
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        if figures["carried"] < training.best:
            training.best, training.best_step = figures["carried"], training.step
            made = {"step": training.step, "figures": figures, "torch": torch.__version__}
            best = training.checkpoint(self.quantiles, self.settings | made)
            save_song_checkpoint(folder / BEST, best)
        training.save(folder / STATE)
        self.say(
            f"step {training.step}: {figures['carried']:.3f} nats a token carried, "
            f"{figures['no_context']:.3f} without context"
        )
        return line


def normal_quantiles(n: int = 4000) -> NDArray[np.float64]:
    """`[n]`: the standard normal's quantile at (i + .5) / n."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / n) for i in range(n)])


def _same_run(path: Path, settings: dict[str, Any]) -> None:
    """Check that a run that is there is this one, however many steps it was to have."""
    if not path.exists():
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    before["run"]["steps"] = settings["run"]["steps"]
    if before != settings:
        raise TrainingError(
            f"{path.parent} holds a run with other settings or data: "
            "use the same ones to resume it, or another folder"
        )


def _keep_settings(path: Path, settings: dict[str, Any]) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(settings, indent=1), encoding="utf-8")
