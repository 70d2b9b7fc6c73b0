"""`nesvae-live finish`: a trained checkpoint gets the names of its axes and its map, with torch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.network.loading import add_threads, load_torch
from nesvae_live.cli.reading.arguments import number
from nesvae_live.music.ranges import SEEDS


def add_finish(commands: Any) -> None:
    """Add the command."""
    commands.add_parser(
        "finish",
        help="label a checkpoint's axes and draw its map (needs the train extra)",
        fill=_finish,
    )


def _finish(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_finish)
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a trained checkpoint")
    p.add_argument("--data", type=Path, required=True, help="what it was trained on")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT")
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), default=0, metavar="N")
    add_threads(p)


def _run_finish(arguments: argparse.Namespace) -> int:
    load_torch("finishing", arguments.threads)
    from nesvae_live.chip.tickcorpus import read_ticks
    from nesvae_live.latent.decoding import SAMPLING
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint, save_song_checkpoint
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.training.finish import card_lines, finish

    if not arguments.out.absolute().parent.is_dir():
        raise NesvaeError(f"{arguments.out.parent}: no such folder for -o")
    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    corpus = read_ticks(arguments.data, "train")
    if checkpoint.about.get("data_sha256", corpus.sha256) != corpus.sha256:
        say(f"{arguments.data}: this is not what it was trained on")
    finished = finish(
        checkpoint,
        corpus,
        SAMPLING,
        seed=arguments.seed,
        say=lambda what: print(f"finishing: {what}", file=sys.stderr, flush=True),
    )
    try:
        save_song_checkpoint(arguments.out, finished)
    except OSError as error:
        raise NesvaeError(f"{arguments.out}: {error.strerror}") from None
    print(card_lines(finished))
    size = arguments.out.stat().st_size / 1e6
    print(f"finishing: {arguments.out}, {size:.1f} MB", file=sys.stderr)
    return 0
