"""`train` and `evaluate` with a `--part` other than the song: the performer and the drums, with torch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import Say, say

SONG, PERFORMER, DRUMS = "song", "performer", "drums"
"""The parts that are trained."""
NAMED = {PERFORMER: "performer", DRUMS: "drummer"}
STEPS, CHECK_EVERY = 3000, 500
QUICK_SOUNDS, SOUNDS = 20, 100
"""How many songs a performer is rendered in."""


def train_part(arguments: argparse.Namespace) -> int:
    """Train a performer or a drummer; torch is loaded.

    Raises:
        NesvaeError: it is to start from a checkpoint.
    """
    if arguments.init is not None:
        raise NesvaeError(
            f"--init is for the part song: a {NAMED[arguments.part]} is trained in minutes"
        )
    arguments.steps = arguments.steps or STEPS
    arguments.check_every = arguments.check_every or CHECK_EVERY
    arguments.out.mkdir(parents=True, exist_ok=True)
    train = _train_performer if arguments.part == PERFORMER else _train_drummer
    best = train(arguments, (lambda _: None) if arguments.quiet else say)
    print(f"the {NAMED[arguments.part]} is {best}")
    return 0


def _train_performer(arguments: argparse.Namespace, tell: Say) -> Path:
    from nesvae_live.model.performer.notetable import read_performances
    from nesvae_live.training.performertrain import BEST, PerformerRun, train_performer

    out = Path(arguments.out)
    run = PerformerRun(steps=arguments.steps, seed=arguments.seed)
    corpus = read_performances(arguments.data, "train", out)
    train_performer(run, corpus, out, check_every=arguments.check_every, say=tell)
    return out / BEST


def _train_drummer(arguments: argparse.Namespace, tell: Say) -> Path:
    from nesvae_live.model.drums.drumtable import read_drummed
    from nesvae_live.training.drumtrain import BEST, DrumRun, train_drummer

    out = Path(arguments.out)
    run = DrumRun(steps=arguments.steps, seed=arguments.seed)
    corpus = read_drummed(arguments.data, "train", out)
    train_drummer(run, corpus, out, check_every=arguments.check_every, say=tell)
    return out / BEST


def evaluate_part(arguments: argparse.Namespace) -> int:
    """Measure a performer or a drummer; torch is loaded.

    Raises:
        NesvaeError: only a part of the song's measures is asked for; the figures can't be written.
    """
    from nesvae_live.evaluation.bootstrap import to_json

    if arguments.only:
        raise NesvaeError(f"--only is for the part song: {arguments.part} is measured in one go")
    measure = _measure_performer if arguments.part == PERFORMER else _measure_drummer
    figures = measure(arguments, lambda what: print(f"measuring: {what}", file=sys.stderr))
    _write(to_json(figures), arguments.json)
    return 0


def _measure_performer(arguments: argparse.Namespace, tell: Say) -> dict[str, Any]:
    from nesvae_live.evaluation.performing.performereval import evaluate_performer
    from nesvae_live.model.performer.notetable import read_performances
    from nesvae_live.model.performer.performerfile import load_performer
    from nesvae_live.paths import find_performer
    from nesvae_live.presets.preset import load_preset

    performer = load_performer(find_performer(arguments.performer))
    return evaluate_performer(
        performer,
        read_performances(arguments.data, arguments.split),
        read_performances(arguments.train_data or arguments.data, "train"),
        load_preset().voice_patches(),
        sounds=QUICK_SOUNDS if arguments.quick else SOUNDS,
        say=tell,
    )


def _measure_drummer(arguments: argparse.Namespace, tell: Say) -> dict[str, Any]:
    from nesvae_live.evaluation.drumming.drumeval import evaluate_drummer
    from nesvae_live.model.drums.drumfile import load_drummer
    from nesvae_live.model.drums.drumtable import read_drummed
    from nesvae_live.paths import find_drummer

    drummer = load_drummer(find_drummer(arguments.drummer))
    table = read_drummed(arguments.data, arguments.split).table
    return evaluate_drummer(drummer, table, seed=arguments.seed, say=tell)


def _write(text: str, path: Path | None) -> None:
    """Write figures to a file, or print them if none is named."""
    if path is None:
        print(text, end="")
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NesvaeError(f"{error.filename}: {error.strerror}") from None
