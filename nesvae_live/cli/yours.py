"""`nesvae-live prepare`: what is made of your own files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nesvae_live.app.say import say
from nesvae_live.cli.arguments import number
from nesvae_live.music.ranges import Range

SHARES = Range(0.0, 0.9)


def add_yours(commands: Any) -> None:
    """Add it."""
    commands.add_parser(
        "prepare", help="make an archive to train on from your own files", fill=_prepare
    )


def _prepare(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_prepare)
    p.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="of MIDI files, VGM files and scores, as for encode; or files",
    )
    p.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help=".tar, .tar.gz or .tar.xz"
    )
    p.add_argument(
        "--valid",
        type=number("a share", SHARES),
        default=0.1,
        metavar="SHARE",
        help="of the pieces that are held out, one at least; default: 0.1",
    )


def _run_prepare(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.yours.prepare import prepare

    prepared = prepare(arguments.sources, arguments.out, say, arguments.valid)
    print(arguments.out)
    say(f"{prepared}; train --data {arguments.out} --out RUN learns from it")
    return 0
