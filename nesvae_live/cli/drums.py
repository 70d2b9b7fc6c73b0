"""`train --part drums` and `evaluate --part drums`: the drummer, with torch."""

from __future__ import annotations

import argparse
import sys

from nesvae_live.app.say import say
from nesvae_live.cli.performer import write_figures

STEPS = 3000


def run_train(arguments: argparse.Namespace) -> int:
    """Train a drummer; torch is loaded."""
    from nesvae_live.model.drums.drumtable import read_drummed
    from nesvae_live.training.drumtrain import BEST, DrumRun, train_drummer

    run = DrumRun(steps=arguments.steps or STEPS, seed=arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    corpus = read_drummed(arguments.data, "train", arguments.out)
    quiet = (lambda _: None) if arguments.quiet else say
    train_drummer(run, corpus, arguments.out, check_every=arguments.check_every, say=quiet)
    print(f"the drummer is {arguments.out / BEST}")
    return 0


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Measure a drummer; torch is loaded."""
    from nesvae_live.evaluation.bootstrap import to_json
    from nesvae_live.evaluation.drumming.drumeval import evaluate_drummer
    from nesvae_live.model.drums.drumfile import load_drummer
    from nesvae_live.model.drums.drumtable import read_drummed
    from nesvae_live.paths import find_drummer

    drummer = load_drummer(find_drummer(arguments.drummer))
    figures = evaluate_drummer(
        drummer,
        read_drummed(arguments.data, arguments.split).table,
        seed=arguments.seed,
        say=lambda what: print(f"measuring: {what}", file=sys.stderr),
    )
    write_figures(to_json(figures), arguments.json)
    return 0
