"""Time scores to samples, offline: how many seconds of music a second of work renders.

    python benchmarks/render.py [--minutes N] [--rounds N] [--scores DIR] [--json]

Each score is looped to some minutes, then rendered whole: the score's steps to register writes,
writes to samples at 44.1 kHz with DC, as `nesvae-live render --dc` does before the file is
written. Scores take turns, so that a machine that slows down slows all of them; one thread.
vgm2wav of VGMPlay 0.40.8, nesmdb's renderer, was measured at 54 times real time (on another day,
and not in this run): more than that is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import log_to_blocks, to_log
from nesvae_live.chip.nesmdb import ExprScore, SeprScore
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.vgm.registerlog import VGM_RATE

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "oracle"
NAMES = ("all_voices", "random_expressive", "random_separated", "tr_gate_with_noise", "no_long")
VGM2WAV = 54.0
"""Times real time, as measured when the project began."""


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0, help="of music a score")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scores", type=Path, default=GOLDEN, help="a folder of npz files")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    scores = {
        name: looped(loads_npz((arguments.scores / f"{name}.npz").read_bytes()), arguments.minutes)
        for name in NAMES
    }
    chip = Apu(VGM_RATE)
    speeds: dict[str, list[float]] = {name: [] for name in scores}
    for _ in range(arguments.rounds):
        for name, score in scores.items():
            began = time.perf_counter()
            frames = sum(len(mix) for mix, _ in log_to_blocks(*to_log(score), chip, stems=False))
            speeds[name].append(frames / VGM_RATE / (time.perf_counter() - began))
    figures = {
        name: {"value": float(np.median(row)), "low": min(row), "high": max(row), "n": len(row)}
        for name, row in speeds.items()
    }
    if arguments.json:
        print(json.dumps({"times_real_time": figures, "vgm2wav_elsewhere": VGM2WAV}))
        return 0
    print(f"{'x real time':<22}{'median':>8}{'low':>8}{'high':>8}")
    for name, row in figures.items():
        print(f"{name:<22}" + "".join(f"{row[key]:8.0f}" for key in ("value", "low", "high")))
    slowest = min(row["value"] for row in figures.values())
    print(
        f"the slowest median is {slowest:.0f}, {slowest / VGM2WAV:.1f} times the {VGM2WAV:.0f} "
        "that vgm2wav reached when it was measured"
    )
    return 0


def looped(score: ExprScore | SeprScore, minutes: float) -> ExprScore | SeprScore:
    """The score's steps again and again, for so many minutes."""
    steps = round(minutes * 60 * score.rate)
    again = np.resize(score.score, (steps, *score.score.shape[1:]))
    return type(score)(score.rate, round(steps / score.rate * VGM_RATE), again)


if __name__ == "__main__":
    sys.exit(main())
