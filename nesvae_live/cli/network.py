"""`nesvae-live train`, `finish` and `evaluate`: checkpoints, with torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.arguments import number
from nesvae_live.cli.parts import DRUMS, PERFORMER, SONG, evaluate_part, train_part
from nesvae_live.music.ranges import SEEDS, Range

if TYPE_CHECKING:  # needs torch
    from nesvae_live.chip.tickcorpus import TickCorpus

STEPS = Range(1, 10**9)
STREAMS = Range(1, 4096)
THREADS = Range(1, 1024)
CHECKS = Range(1, 10**9)
QUICK_SONG = {"contexts": 24, "runs": 32, "settings": 17}
"""How much `evaluate --quick` measures."""
DATA = "the archive of NES-MDB or a prepared one, or a folder of it"
SONG_PARTS = ("nats", "auto", "heard", "times", "knobs")
"""What `evaluate --only` takes: `songevaluate.Part`, which needs torch."""


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


def add_network(commands: Any) -> None:
    """Add all three commands."""
    commands.add_parser("train", help="train a checkpoint (needs the train extra)", fill=_train)
    commands.add_parser(
        "finish",
        help="label a checkpoint's axes and draw its map (needs the train extra)",
        fill=_finish,
    )
    commands.add_parser(
        "evaluate", help="measure a checkpoint (needs the train extra)", fill=_evaluate
    )


def _add_part(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--part",
        choices=(SONG, PERFORMER, DRUMS),
        default=SONG,
        help="the network that writes the notes, plays them, or drums; default: song",
    )


def _train(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_train)
    _add_part(p)
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
    _add_threads(p)
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


def _finish(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_finish)
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a trained checkpoint")
    p.add_argument("--data", type=Path, required=True, help="what it was trained on")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT")
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), default=0, metavar="N")
    _add_threads(p)


def _evaluate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_evaluate)
    _add_part(p)
    p.add_argument("--performer", metavar="NAME|FILE", help="which, with --part performer")
    p.add_argument("--drummer", metavar="NAME|FILE", help="which, with --part drums")
    p.add_argument("--data", type=Path, required=True, help=DATA)
    p.add_argument(
        "--split", required=True, metavar="NAME", help="which held-out songs: valid or test"
    )
    p.add_argument("--checkpoint", metavar="NAME|FILE")
    p.add_argument(
        "--train-data",
        type=Path,
        metavar="ARCHIVE|DIR",
        help="the songs it was trained on; default: DATA",
    )
    p.add_argument(
        "--json", type=Path, metavar="OUT", help="write the figures there; default: print them"
    )
    p.add_argument("--report", type=Path, metavar="DIR", help="write a page with pictures")
    p.add_argument("--quick", action="store_true", help="fewer contexts and runs")
    p.add_argument(
        "--only",
        nargs="+",
        choices=SONG_PARTS,
        metavar="PART",
        help=f"measure only these ({', '.join(SONG_PARTS)}), of the part song; what --json and --report "
        "have of the others stays",
    )
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), default=0, metavar="N")
    _add_threads(p)


def _add_threads(p: argparse.ArgumentParser) -> None:
    threads = number("a number of threads", THREADS, whole=True)
    p.add_argument("--threads", type=threads, default=1, metavar="N", help="default: 1")


def _load_torch(what: str, threads: int) -> None:
    """Load torch, and give it this many threads.

    Raises:
        NesvaeError: it isn't installed; `what` needs it.
    """
    try:
        import torch
    except ImportError:
        raise NesvaeError(
            f"{what} needs torch: in the project's folder, pip install -c constraints.txt -e '.[train]'"
        ) from None
    torch.set_num_threads(threads)


def _run_train(arguments: argparse.Namespace) -> int:
    _load_torch("training", arguments.threads)
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


def _run_finish(arguments: argparse.Namespace) -> int:
    _load_torch("finishing", arguments.threads)
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


def _run_evaluate(arguments: argparse.Namespace) -> int:
    _load_torch("evaluation", arguments.threads)
    if arguments.part != SONG:
        return evaluate_part(arguments)
    from nesvae_live.chip.corpus import read_split
    from nesvae_live.chip.tickcorpus import read_ticks
    from nesvae_live.evaluation.song.songevaluate import Part, SongPlan, evaluate_song
    from nesvae_live.evaluation.song.songwritten import write_evaluation
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.paths import find_checkpoint

    if arguments.json is not None and not arguments.json.absolute().parent.is_dir():
        raise NesvaeError(f"{arguments.json.parent}: no such folder for --json")

    def tell(what: str) -> None:
        print(f"measuring: {what}", file=sys.stderr)

    parts = {Part(name) for name in arguments.only or SONG_PARTS}
    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    plan = SongPlan(**(QUICK_SONG if arguments.quick else {}))
    held_out = read_ticks(arguments.data, arguments.split)
    evaluation = evaluate_song(
        checkpoint,
        held_out,
        plan,
        songs_in_steps=read_split(arguments.data, arguments.split) if Part.HEARD in parts else None,
        train=_trained_on(arguments, tell) if Part.AUTO in parts else None,
        seed=arguments.seed,
        parts=parts,
        say=tell,
    )
    page = write_evaluation(evaluation, arguments.json, arguments.report)
    if arguments.report is not None:
        told = f"the report is {page}" if page else "the report's page waits for the other parts"
        print(told, file=sys.stderr)
    return 0


def _trained_on(arguments: argparse.Namespace, tell: Callable[[str], None]) -> TickCorpus | None:
    """The songs of the training, in ticks; None where there are none beside what is held out."""
    from nesvae_live.chip.corpus import CorpusError
    from nesvae_live.chip.tickcorpus import read_ticks

    tell("the metre of the training songs")
    try:
        return read_ticks(arguments.train_data or arguments.data, "train")
    except CorpusError as error:
        if arguments.train_data is not None:
            raise
        say(f"{error}; the figures lack js_over_human and copies")
        return None
