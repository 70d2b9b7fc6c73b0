"""How small ten minutes get on the console, and how long that takes.

    python -m benchmarks.console [seconds]

Prints a line for each of three takes by chance, patches and drums included: packed bytes a minute,
those of a plain dump (a byte a frame for how many writes follow, two for each write), of one that
says the frames of nothing in runs, and the time to make the NSF.
"""

from __future__ import annotations

import sys
import time

from nesvae_live.chip.console.frames import FrameLog, log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS, NSF_HZ, frames_to_nsf
from nesvae_live.chip.convert import to_log
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import lines_to_jam
from nesvae_live.log.tally import LogLines
from nesvae_live.take.sound import jam_to_timeline
from tests.support.simulated import SimulatedJam


def play(seed: int, seconds: float) -> Jam:
    """A take by chance."""
    jam = SimulatedJam(seed, seconds)
    jam.play()
    lines = LogLines()
    return lines_to_jam([line for entry in jam.written.entries for line in lines.take(entry)])


def dumped(frames: FrameLog) -> tuple[int, int]:
    """The bytes of plain dumps: a byte for each frame, or one for each run of frames."""
    turns = frames.in_order()
    writes = sum(
        2 * (sum(value is not None for value in turn.values) + (turn.on is not None))
        for _, _, turn in turns
    )
    return writes + frames.count, writes + 2 * len({frame for frame, _, _ in turns})


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    print("take  minutes  packed/min  dump/min  runs/min  seconds to make")
    for seed in (1, 2, 4):
        timeline = jam_to_timeline(play(seed, seconds))
        begun = time.perf_counter()
        frames = log_to_frames(*to_log(timeline), NSF_HZ)
        program = frames_to_nsf(frames, NO_CREDITS, 0)
        took = time.perf_counter() - begun
        minutes = frames.seconds / 60
        dump, runs = dumped(frames)
        print(
            f"{seed:4}  {minutes:7.1f}  {program.packed / minutes:10.0f}  {dump / minutes:8.0f}  "
            f"{runs / minutes:8.0f}  {took:15.2f}"
        )


if __name__ == "__main__":
    main()
