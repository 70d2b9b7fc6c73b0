"""What `play` and `demo` take about the music: what plays it, and how it lies in time."""

from __future__ import annotations

import argparse
from pathlib import Path

from nesvae_live.cli.reading.arguments import SWAPS, Group, number, span
from nesvae_live.clock.timing import Meter
from nesvae_live.music.ranges import OFFSET, SEEDS, TEMPO


def add_music(p: Group) -> None:
    """Add what plays, and what it begins with."""
    from nesvae_live.app.during.beginning import ROUND, WALK
    from nesvae_live.app.options import STEADY
    from nesvae_live.latent.given import ANSWERS, Answer

    network = "the network that plays; default: the shipped one"
    p.add_argument("--checkpoint", metavar="NAME|FILE", help=network)
    p.add_argument(
        "--style",
        metavar="NAME|FILE[:AMOUNT]",
        help="play in a style that `adopt` made of your files; mine:.5 is half-way",
    )
    p.add_argument(
        "--snapshots",
        type=Path,
        metavar="FILE",
        help="recall from this file instead of the preset's: snapshots, or a piece (anything that "
        "encode reads), whose phrases become the snapshots",
    )
    seed = "the same seed and the same knobs give the same music; default: another each time"
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), metavar="N", help=seed)
    p.add_argument(
        "--auto",
        nargs="?",
        const=WALK,
        choices=(WALK, ROUND),
        help="let the music wander by itself, or go round the preset's snapshots",
    )
    p.add_argument(
        "--answer",
        nargs="?",
        const=str(Answer.PLAYED),
        choices=[str(answer) for answer in ANSWERS if answer is not Answer.OFF],
        help="play P1 on the keys and be answered: for as long as you played, or by so many bars",
    )
    p.add_argument(
        "--steady",
        type=_text_to_steady,
        default=STEADY,
        metavar="KNOB,...|none",
        help="attributes that stay where they are when you turn another knob; "
        f"default: {','.join(STEADY) or 'none'}",
    )


def add_time(p: Group) -> None:
    """Add tempo, metre, grid, swing, swap and offsets."""
    from nesvae_live.music import grid

    p.add_argument(
        "--tempo",
        type=number("a tempo", TEMPO),
        metavar="BPM",
        help=f"{TEMPO}; default: the preset's, or 120",
    )
    p.add_argument("--meter", type=_text_to_meter, default=Meter(), metavar="4/4")
    p.add_argument(
        "--grid", choices=[str(mode) for mode in grid.Mode], help="how phrases lie in time"
    )
    p.add_argument(
        "--quantise",
        type=int,
        choices=grid.QUANTISE,
        help="start every note on a line of 1/N; default: off",
    )
    p.add_argument(
        "--swing",
        type=number("a swing", grid.SWING),
        default=grid.SWING.low,
        metavar=span(grid.SWING),
        help="where in a pair of cells the second one begins, in percent",
    )
    p.add_argument(
        "--bars-per-phrase",
        type=float,
        choices=grid.BARS,
        help="with --grid bars; default: by the density",
    )
    p.add_argument(
        "--swap",
        choices=SWAPS,
        help="when a knob change takes effect; default: now, or bar when following a clock",
    )
    for name in ("midi", "audio"):
        p.add_argument(
            f"--offset-{name}",
            type=number("an offset", OFFSET),
            metavar="MS",
            help=f"shift by this much (negative: earlier); {OFFSET}; default: the preset's, or 0",
        )


def _text_to_steady(text: str) -> tuple[str, ...]:
    from nesvae_live.latent.steady import text_to_steady

    try:
        return text_to_steady(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _text_to_meter(text: str) -> Meter:
    try:
        return Meter.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
