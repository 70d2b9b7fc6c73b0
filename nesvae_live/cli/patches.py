"""`nesvae-live patches import`: a tracker's instruments as patches for a preset."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nesvae_live.app.say import say


def add_patches(commands: Any) -> None:
    """Add the command."""
    commands.add_parser("patches", help="take patches from a tracker's module", fill=_patches)


def _patches(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser(
        "import", help="a module's instruments, as tables for a preset", fill=_fill_import
    ).set_defaults(run=_import)


def _fill_import(p: argparse.ArgumentParser) -> None:
    p.add_argument("source", type=Path, metavar="FILE", help=".ftm, or FamiTracker's .txt")
    p.add_argument(
        "-o", "--out", type=Path, metavar="OUT", help="a file of TOML; default: print them"
    )


def _import(arguments: argparse.Namespace) -> int:
    from nesvae_live.chip.tracker.patchtext import file_to_patches
    from nesvae_live.paths import replacing

    try:
        text, notices = file_to_patches(arguments.source.read_bytes())
    except OSError as error:
        say(f"{arguments.source}: cannot be read: {error.strerror or error}")
        return 1
    except ValueError as error:
        say(f"{arguments.source}: {error}")
        return 1
    for notice in notices:
        say(f"{arguments.source}: {notice}")
    if arguments.out is None:
        print(text, end="")
        return 0
    with replacing(arguments.out) as new:
        new.write_text(text, encoding="utf-8")
    print(arguments.out)
    return 0
