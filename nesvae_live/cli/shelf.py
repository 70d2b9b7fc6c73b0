"""The verbs of `jam` that keep takes in order: named, rated, opened, put into the bin."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from nesvae_live.app.say import say
from nesvae_live.cli.arguments import number
from nesvae_live.take.takes import STARS

OPEN_SECONDS = 20.0
"""How long the system may take to find a program that opens a folder."""


def fill_name(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam name`."""
    _add_takes(p)
    p.add_argument("name", nargs="+", metavar="NAME", help="its name; - removes it")


def fill_rate(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam rate`."""
    _add_takes(p)
    p.add_argument("stars", type=number("a rating", STARS, whole=True), metavar="0..5")


def fill_open(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam open`."""
    p.add_argument("take", nargs="?", metavar="TAKE", help="default: the newest")
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes are")


def fill_delete(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam delete`."""
    p.add_argument("takes", nargs="+", metavar="TAKE")
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes are")


def _add_takes(p: argparse.ArgumentParser) -> None:
    p.add_argument("take", metavar="TAKE", help="its folder, the beginning of its name, or newest")
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes are")


def _find(name: str | None, jams: Path | None) -> Path:
    from nesvae_live.paths import default_jams_dir
    from nesvae_live.take.takes import find_take

    return find_take(name, jams or default_jams_dir())


def run_name(arguments: argparse.Namespace) -> int:
    """Give a take a name."""
    from nesvae_live.take.takes import change_label

    take = _find(arguments.take, arguments.jams)
    name = " ".join(arguments.name)
    change_label(take, name="" if name == "-" else name)
    print(f"{take.name}: {name}")
    return 0


def run_rate(arguments: argparse.Namespace) -> int:
    """Give a take stars."""
    from nesvae_live.take.takes import change_label

    take = _find(arguments.take, arguments.jams)
    change_label(take, stars=arguments.stars)
    print(f"{take.name}: {'*' * arguments.stars or 'no stars'}")
    return 0


def run_open(arguments: argparse.Namespace) -> int:
    """Open a take's folder in the system's file manager."""
    take = _find(arguments.take, arguments.jams)
    print(take)
    why = ""
    try:
        if sys.platform == "win32":
            os.startfile(take)  # noqa: S606 - a folder, by the program that the user has for it
        else:
            opener = "open" if sys.platform == "darwin" else "xdg-open"
            done = subprocess.run(  # noqa: S603 - the system's own, on a folder of ours
                [opener, str(take)], capture_output=True, timeout=OPEN_SECONDS, check=False
            )
            why = f"{opener} failed" if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it takes too long"
    if why:
        say(f"no program here opens folders ({why}): the path is above")
        return 1
    return 0


def run_delete(arguments: argparse.Namespace) -> int:
    """Put takes into the bin; one that is being recorded stays."""
    from nesvae_live.io.bin import BinError, discard
    from nesvae_live.take.takes import TakeState, inspect_take

    takes = [_find(name, arguments.jams) for name in arguments.takes]
    failed = 0
    for take in takes:
        if inspect_take(take).state is TakeState.PLAYING:
            say(f"{take}: it is being recorded")
            failed = 1
            continue
        try:
            print(f"{take.name} is in {discard(take)}")
        except BinError as error:
            say(str(error))
            failed = 1
    return failed
