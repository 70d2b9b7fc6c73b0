"""`train --part performer` and `evaluate --part performer`: the performer, with torch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nesvae_live import NesvaeError
from nesvae_live.app.say import say

STEPS = 3000
QUICK_SOUNDS, SOUNDS = 20, 100
"""How many songs are rendered."""


def run_train(arguments: argparse.Namespace) -> int:
    """Train a performer; torch is loaded."""
    from nesvae_live.model.performer.notetable import read_performances
    from nesvae_live.training.performertrain import BEST, PerformerRun, train_performer

    run = PerformerRun(steps=arguments.steps or STEPS, seed=arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    corpus = read_performances(arguments.data, "train", arguments.out)
    quiet = (lambda _: None) if arguments.quiet else say
    train_performer(run, corpus, arguments.out, check_every=arguments.check_every, say=quiet)
    print(f"the performer is {arguments.out / BEST}")
    return 0


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Measure a performer; torch is loaded."""
    from nesvae_live.evaluation.bootstrap import to_json
    from nesvae_live.evaluation.performing.performereval import evaluate_performer
    from nesvae_live.model.performer.notetable import read_performances
    from nesvae_live.model.performer.performerfile import load_performer
    from nesvae_live.paths import find_performer
    from nesvae_live.presets.preset import load_preset

    performer = load_performer(find_performer(arguments.performer))
    songs = read_performances(arguments.data, arguments.split)
    train = read_performances(arguments.train_data or arguments.data, "train")
    figures = evaluate_performer(
        performer,
        songs,
        train,
        load_preset().voice_patches(),
        sounds=QUICK_SOUNDS if arguments.quick else SOUNDS,
        say=lambda what: print(f"measuring: {what}", file=sys.stderr),
    )
    write_figures(to_json(figures), arguments.json)
    return 0


def write_figures(text: str, path: Path | None) -> None:
    """Write figures to a file, or print them if none is named.

    Raises:
        NesvaeError: it can't be written.
    """
    if path is None:
        print(text, end="")
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NesvaeError(f"{error.filename}: {error.strerror}") from None
