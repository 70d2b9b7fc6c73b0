"""Compiles the chip and the encoder in a process of their own while another compiles the decoder.

Numba keeps what it has compiled on the disk, and does one thing at a time in a process. So at the
first start the two do their parts side by side, and the one that plays loads the other's from the
disk. At all later starts there is nothing to compile, and no process.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.kernel import render_chip
from nesvae_live.model.encoder import Encoder, PhraseEncoder
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songkernel import spell

LONGEST_SECONDS = 300.0
"""Then whoever waits compiles for himself."""


@contextmanager
def compiled_beside(checkpoint: Path | None) -> Iterator[None]:
    """While the block runs, have the chip and a checkpoint's encoder compiled, if they aren't yet.

    The block's end waits for it. What goes wrong in it costs time alone: it is compiled later.
    """
    if checkpoint is None or is_kept(render_chip):
        yield
        return
    command = [sys.executable, "-m", "nesvae_live.app.start.beside", str(checkpoint)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        yield
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def compiles_first() -> bool:
    """Whether much is to be compiled before anything sounds: at the first start, and after an update."""
    return not all(is_newer(function) for function in (render_chip, spell))


def is_newer(function: Any) -> bool:
    """Whether what numba has kept of a function is newer than its source."""
    changed = Path(inspect.getfile(function.py_func)).stat().st_mtime
    return any(path.stat().st_mtime >= changed for path in kept(function))


def is_kept(function: Any) -> bool:
    """Whether numba has kept a compiled function on the disk, of this or of an earlier version."""
    return any(kept(function))


def kept(function: Any) -> Iterator[Path]:
    """The files by which numba finds a compiled function on the disk."""
    module = function.__module__.rpartition(".")[2]
    return Path(function.stats.cache_path).glob(f"{module}.{function.__qualname__}-*.nbi")


def main(checkpoint: Path) -> None:
    """Compile them."""
    Apu(48_000).render(64)
    found = load_song_checkpoint(checkpoint)
    PhraseEncoder(Encoder(found), found.quantiles).warm_up()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
