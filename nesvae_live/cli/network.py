"""`nesvae-live train`, `finish` and `evaluate`: checkpoints, with torch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import whole


def add_network(commands: Any) -> None:
    """Add all three."""
    _train(commands.add_parser("train", help="train a checkpoint (needs the train extra)"))
    _finish(
        commands.add_parser("finish", help="label a checkpoint's axes, draw its map (likewise)")
    )
    _evaluate(commands.add_parser("evaluate", help="measure a checkpoint (needs the train extra)"))


def _train(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_train)
    p.add_argument("--data", type=Path, required=True, help="NES-MDB archive, or a folder of it")
    p.add_argument("--out", type=Path, required=True, help="the run's folder; an old run resumes")
    p.add_argument("--init", type=Path, metavar="FILE", help="begin with this checkpoint's weights")
    p.add_argument("--steps", type=whole(1, 10**9), default=6000)
    p.add_argument(
        "--streams", type=whole(1, 4096), default=64, help="songs side by side, in all processes"
    )
    p.add_argument("--lr", type=float, default=2e-3, dest="learning_rate")
    p.add_argument("--rate", type=float, default=32.0, help="nats of style a phrase")
    p.add_argument("--seed", type=whole(0, 2**31 - 1), default=1)
    p.add_argument("--precision", choices=("bf16", "f32"), default="bf16")
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    p.add_argument("--threads", type=whole(1, 1024), default=1)
    p.add_argument("--check-every", type=whole(1, 10**9), default=500, help="steps")
    p.add_argument(
        "--patience", type=whole(1, 10**9), metavar="N", help="end after N checks without a better"
    )
    p.add_argument("--quiet", action="store_true", help="no progress bar")


def _finish(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_finish)
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a trained one")
    p.add_argument("--data", type=Path, required=True, help="what it was trained on")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT")
    p.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    p.add_argument("--threads", type=whole(1, 1024), default=1)


def _evaluate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_evaluate)
    p.add_argument("--data", type=Path, required=True, help="NES-MDB archive, or a folder of it")
    p.add_argument("--split", required=True, metavar="NAME", help="held out: valid or test")
    p.add_argument("--checkpoint", metavar="FILE")
    p.add_argument(
        "--train-data", type=Path, metavar="ARCHIVE|DIR", help="with the train split; default: DATA"
    )
    p.add_argument("--json", type=Path, metavar="OUT", help="write the figures; default: print")
    p.add_argument("--report", type=Path, metavar="DIR", help="write a page with pictures")
    p.add_argument("--quick", action="store_true", help="fewer knobs' contexts, pairs and runs")
    p.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    p.add_argument("--threads", type=whole(1, 1024), default=1)


def _run_train(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: training needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.chip.corpus import read_split
    from nesvae_live.model.checkpoint import load_checkpoint
    from nesvae_live.training.bound import Settings
    from nesvae_live.training.ranks import join
    from nesvae_live.training.train import BEST, train

    torch.set_num_threads(arguments.threads)
    settings = Settings(
        steps=arguments.steps,
        streams=arguments.streams,
        learning_rate=arguments.learning_rate,
        rate=arguments.rate,
        seed=arguments.seed,
        precision=arguments.precision,
    )
    with join(arguments.device) as ranks:
        train(
            settings,
            read_split(arguments.data, "train"),
            read_split(arguments.data, "valid"),
            arguments.out,
            init=load_checkpoint(arguments.init) if arguments.init else None,
            device=arguments.device,
            ranks=ranks,
            check_every=arguments.check_every,
            patience=arguments.patience,
            quiet=arguments.quiet,
        )
        if ranks.leads:
            best = arguments.out / BEST
            print(f"the best checkpoint is {best}; nesvae-live finish {best} labels its axes")
    return 0


def _run_finish(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: finishing needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.chip.corpus import read_split
    from nesvae_live.latent.decoding import SAMPLING
    from nesvae_live.model.checkpoint import load_checkpoint, save_checkpoint
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.training.finish import card_lines, finish

    if not arguments.out.absolute().parent.is_dir():
        print(f"nesvae-live: {arguments.out.parent}: no such folder for -o", file=sys.stderr)
        return 1
    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    corpus = read_split(arguments.data, "train")
    if checkpoint.about.get("data_sha256", corpus.sha256) != corpus.sha256:
        print(f"nesvae-live: {arguments.data}: not what it was trained on", file=sys.stderr)
    torch.set_num_threads(arguments.threads)
    finished = finish(
        checkpoint,
        corpus,
        SAMPLING,
        seed=arguments.seed,
        say=lambda what: print(f"finishing: {what}", file=sys.stderr, flush=True),
    )
    try:
        save_checkpoint(arguments.out, finished)
    except OSError as error:
        print(f"nesvae-live: {arguments.out}: {error.strerror}", file=sys.stderr)
        return 1
    print(card_lines(finished))
    size = arguments.out.stat().st_size / 1e6
    print(f"finishing: {arguments.out}, {size:.1f} MB", file=sys.stderr)
    return 0


def _run_evaluate(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: evaluation needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.chip.corpus import CorpusError, read_split
    from nesvae_live.evaluation.bootstrap import to_json
    from nesvae_live.evaluation.evaluate import FULL, QUICK, evaluate
    from nesvae_live.latent.decoding import SAMPLING
    from nesvae_live.model.checkpoint import load_checkpoint
    from nesvae_live.paths import find_checkpoint

    if arguments.json is not None and not arguments.json.absolute().parent.is_dir():
        print(f"nesvae-live: {arguments.json.parent}: no such folder for --json", file=sys.stderr)
        return 1
    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    held_out = read_split(arguments.data, arguments.split)
    try:
        train = read_split(arguments.train_data or arguments.data, "train")
    except CorpusError as error:
        if arguments.train_data is not None:
            raise
        print(f"nesvae-live: {error}; no js_over_human, no copies", file=sys.stderr)
        train = None
    torch.set_num_threads(arguments.threads)
    evaluation = evaluate(
        checkpoint,
        held_out,
        train,
        SAMPLING,
        QUICK if arguments.quick else FULL,
        seed=arguments.seed,
        say=lambda what: print(f"measuring: {what}", file=sys.stderr),
    )
    text = to_json(evaluation.figures)
    try:
        if arguments.json is not None:
            arguments.json.write_text(text, encoding="utf-8")
        if arguments.report is not None:
            from nesvae_live.evaluation.report import write_report

            print(f"the report is {write_report(evaluation, arguments.report)}", file=sys.stderr)
    except OSError as error:
        print(f"nesvae-live: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if arguments.json is None:
        print(text, end="")
    return 0
