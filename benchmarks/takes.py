"""What a long take costs: memory while it is played, and the time that its files take.

    python -m benchmarks.takes --hours 2

A jam by chance on simulated time goes through the real sequencer, renderer and recorder; at each
mark the log and the sound are copied as they stand, and everything is made of the copy. Times are
the processor's, so that what runs beside matters little.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from nesvae_live.log.entries import Entry
from nesvae_live.take.export.export import export
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME
from nesvae_live.take.recorder import Recorder
from nesvae_live.take.replayfiles import replay_take
from nesvae_live.take.takes import inspect_take
from tests.support.fakes import ManualTime
from tests.support.simulated import RATE, SimulatedJam

MARKS = (1 / 6, 1.0, 2.0)  # hours


class Later:
    """A recorder that is made later: a journal, and a tap."""

    recorder: Recorder

    def put(self, entry: Entry) -> None:
        """Pass it on."""
        self.recorder.put(entry)

    def tap(self, samples: Any) -> None:
        """Pass them on."""
        self.recorder.tap(samples)


def megabytes() -> float:
    """Of the process, resident."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def seconds_of(act: Callable[[], object]) -> float:
    """How long the processor takes."""
    began = time.process_time()
    act()
    return time.process_time() - began


def measure_beside(take: Path, hours: float, memory: float, played: float) -> None:
    """Print a row, measured in a process of its own, so that the player's memory stays its own."""
    row = (sys.executable, "-m", "benchmarks.takes", "--measure", str(take), str(hours))
    subprocess.run([*row, str(memory), str(played)], check=True)


def measure(take: Path, hours: float, memory: float, played: float) -> None:
    """Print a row."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "take"
        copy.mkdir()
        for name in (LOG_NAME, SOUND_NAME):
            shutil.copy(take / name, copy / name)
        out = Path(scratch) / "out"
        bars = inspect_take(copy).bars
        row = {
            "play": played,
            "mid": seconds_of(lambda: export(read_selection(copy, None), ["mid"], out)),
            "wav": seconds_of(lambda: export(read_selection(copy, None), ["wav"], out)),
            "vgm": seconds_of(lambda: export(read_selection(copy, None), ["vgm"], out)),
            "last 8 bars, mid and wav": seconds_of(
                lambda: export(read_selection(copy, (bars - 9, bars - 2)), ["mid", "wav"], out)
            ),
            "replay": seconds_of(lambda: replay_take(copy / LOG_NAME, out / "again")),
        }
        log = (copy / LOG_NAME).stat().st_size / 1e6
    figures = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in row.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"{hours:.2f} h, {bars} bars: {memory:.0f} MB resident while it plays, log {log:.1f} MB; "
        f"{figures}; {peak:.0f} MB at most for all this",
        flush=True,
    )


def main() -> None:
    """Play, and measure at the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--measure", nargs=4, metavar="OF ITS OWN", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        take, *figures = arguments.measure
        measure(Path(take), *map(float, figures))
        return
    with tempfile.TemporaryDirectory() as folder:
        later, clock = Later(), ManualTime()
        later.recorder = Recorder(Path(folder), RATE, time=clock, warn=print, makers={})
        take = later.recorder.open(datetime.now().astimezone())
        jam = SimulatedJam(4, arguments.hours * 3600, journal=later, tap=later.tap)
        began, looked = time.process_time(), 0.0
        for mark in [mark for mark in MARKS if mark <= arguments.hours]:
            while jam.time.value < jam.origin + 3600 * mark:
                jam.pass_time(0.006)
                if jam.draw.random() < 0.01:
                    jam.act()
                if jam.time.value - looked > 0.25:
                    looked = clock.value = jam.time.value
                    later.recorder.step()
            measure_beside(take, mark, megabytes(), time.process_time() - began)
            began = time.process_time()
        later.recorder.close()


if __name__ == "__main__":
    main()
