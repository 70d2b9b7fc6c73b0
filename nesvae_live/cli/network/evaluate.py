"""`nesvae-live evaluate`: the figures of a checkpoint, with torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.network.loading import DATA, add_part, add_threads, load_torch
from nesvae_live.cli.network.parts import SONG, evaluate_part
from nesvae_live.cli.reading.arguments import number
from nesvae_live.music.ranges import SEEDS

if TYPE_CHECKING:  # needs torch
    from nesvae_live.chip.tickcorpus import TickCorpus

QUICK_SONG = {"contexts": 24, "runs": 32, "settings": 17}
"""How much `evaluate --quick` measures."""
SONG_PARTS = ("nats", "auto", "heard", "times", "knobs")
"""What `evaluate --only` takes: `songevaluate.Part`, which needs torch."""


def add_evaluate(commands: Any) -> None:
    """Add the command."""
    commands.add_parser(
        "evaluate", help="measure a checkpoint (needs the train extra)", fill=_evaluate
    )


def _evaluate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_evaluate)
    add_part(p)
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
    add_threads(p)


def _run_evaluate(arguments: argparse.Namespace) -> int:
    load_torch("evaluation", arguments.threads)
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
