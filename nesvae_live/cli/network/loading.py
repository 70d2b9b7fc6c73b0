"""What `train`, `finish` and `evaluate` share: their data, and torch with its threads."""

from __future__ import annotations

import argparse

from nesvae_live import NesvaeError
from nesvae_live.cli.network.parts import DRUMS, PERFORMER, SONG
from nesvae_live.cli.reading.arguments import number
from nesvae_live.music.ranges import Range

THREADS = Range(1, 1024)
DATA = "the archive of NES-MDB or a prepared one, or a folder of it"


def add_part(p: argparse.ArgumentParser) -> None:
    """Add `--part`."""
    p.add_argument(
        "--part",
        choices=(SONG, PERFORMER, DRUMS),
        default=SONG,
        help="the network that writes the notes, plays them, or drums; default: song",
    )


def add_threads(p: argparse.ArgumentParser) -> None:
    """Add `--threads`, which `load_torch` takes."""
    threads = number("a number of threads", THREADS, whole=True)
    p.add_argument("--threads", type=threads, default=1, metavar="N", help="default: 1")


def load_torch(what: str, threads: int) -> None:
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
