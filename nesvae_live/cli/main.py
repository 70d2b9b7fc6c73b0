"""The command line: parse, build, run, and one clear line for what goes wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from nesvae_live import NesvaeError, __version__
from nesvae_live.cli.bench import add_measuring
from nesvae_live.cli.ctl import add_ctl
from nesvae_live.cli.files import add_files
from nesvae_live.cli.jam import add_jam
from nesvae_live.cli.learn import add_learning
from nesvae_live.cli.machine import add_machine
from nesvae_live.cli.network import add_network
from nesvae_live.cli.play import add_playing


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when it ended as asked, 1 when something went wrong at run time (one line on standard
        error), 2 for a wrong command line.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread for math, before numpy is loaded
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    arguments = parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except NesvaeError as error:
        print(f"nesvae-live: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    top = argparse.ArgumentParser(
        prog="nesvae-live", description="Steer a neural map of NES music with MIDI knobs."
    )
    top.add_argument("--version", action="version", version=f"nesvae-live {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_playing(commands)
    add_learning(commands)
    add_ctl(commands)
    add_machine(commands)
    add_files(commands)
    add_jam(commands)
    add_measuring(commands)
    add_network(commands)
    return top
