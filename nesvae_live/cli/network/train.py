"""`nesvae-live train`: a checkpoint of the song network, or a part beside it, with torch."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesvae_live.app.say import say
from nesvae_live.cli.network.loading import DATA, add_part, add_threads, load_torch
from nesvae_live.cli.network.parts import SONG, train_part
from nesvae_live.cli.reading.arguments import number
from nesvae_live.music.ranges import SEEDS, Range

STEPS = Range(1, 10**9)
STREAMS = Range(1, 4096)
CHECKS = Range(1, 10**9)


@dataclass(frozen=True)
class Usual:
    """What a run of the song network has unless it is said."""

    steps: int
    streams: int
    learning_rate: float
    warmup: int
    check_every: int


FROM_NOTHING = Usual(5400, 128, 2e-3, 200, 500)
FEW_FROM_CHECKPOINT = Usual(100, 16, 3e-5, 30, 12)
MANY_FROM_CHECKPOINT = Usual(800, 16, 2e-4, 30, 100)
"""The fewer the pieces, the sooner they are learnt by heart (docs/yours.md)."""
MANY = 50
"""So many pieces or more are many."""


def add_train(commands: Any) -> None:
    """Add the command."""
    commands.add_parser("train", help="train a checkpoint (needs the train extra)", fill=_train)


def _train(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_train)
    add_part(p)
    p.add_argument("--data", type=Path, required=True, help=DATA)
    p.add_argument(
        "--out", type=Path, required=True, help="the run's folder; a run found there resumes"
    )
    p.add_argument(
        "--init",
        metavar="NAME|FILE",
        help="start from this checkpoint (the shipped one is nesmdb-song) instead of from scratch",
    )
    steps = number("a number of steps", STEPS, whole=True)
    p.add_argument(
        "--steps",
        type=steps,
        metavar="N",
        help="default: 5400, with --init 800 (100 for fewer than 50 pieces), for the performer and the "
        "drums 3000; more than before extend a run",
    )
    p.add_argument(
        "--streams",
        type=number("a number of streams", STREAMS, whole=True),
        metavar="N",
        help="songs side by side; default: 128, with --init 16",
    )
    p.add_argument(
        "--lr",
        type=float,
        dest="learning_rate",
        help="default: 0.002, with --init 0.0002 (0.00003 for fewer than 50 pieces)",
    )
    p.add_argument(
        "--rate", type=float, default=16.0, help="nats of style in a phrase; default: 16"
    )
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), default=1, metavar="N")
    p.add_argument("--precision", choices=("bf16", "f32"), default="bf16")
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    add_threads(p)
    p.add_argument(
        "--check-every",
        type=steps,
        metavar="N",
        help="steps between checks of the held-out songs; default: 500, with --init an eighth of --steps",
    )
    p.add_argument(
        "--patience",
        type=number("a number of checks", CHECKS, whole=True),
        metavar="N",
        help="stop after this many checks without improvement",
    )
    p.add_argument("--quiet", action="store_true", help="show no progress bar")


def _run_train(arguments: argparse.Namespace) -> int:
    load_torch("training", arguments.threads)
    if arguments.part != SONG:
        return train_part(arguments)
    from nesvae_live.chip.tickcorpus import read_ticks
    from nesvae_live.model.song.songbound import SongSettings
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.training.songrun import SongRun
    from nesvae_live.training.songtrain import BEST, train_songs

    init = arguments.init and load_song_checkpoint(find_checkpoint(arguments.init))
    train = read_ticks(arguments.data, "train")
    usual = FROM_NOTHING
    if init:
        usual = FEW_FROM_CHECKPOINT if len(train.names) < MANY else MANY_FROM_CHECKPOINT
    run = SongRun(
        steps=arguments.steps or usual.steps,
        streams=arguments.streams or usual.streams,
        learning_rate=arguments.learning_rate or usual.learning_rate,
        warmup=usual.warmup,
        rate=arguments.rate,
        seed=arguments.seed,
        precision=arguments.precision,
    )
    train_songs(
        run,
        SongSettings(),
        train,
        read_ticks(arguments.data, "valid"),
        arguments.out,
        init=init,
        device=arguments.device,
        check_every=arguments.check_every or usual.check_every,
        patience=arguments.patience,
        quiet=arguments.quiet,
        say=say,
    )
    best = arguments.out / BEST
    print(f"the best checkpoint is {best}; nesvae-live finish {best} labels its axes")
    return 0
