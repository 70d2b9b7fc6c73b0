"""What metre is found in NES-MDB: how much is sure, how far onsets move, whether drums matter.

    python benchmarks/metre.py --data ARCHIVE|DIR [--split valid] [--songs N] [--json]

Of each song of the split (or of N drawn from it): the share of its time whose metre is sure; by how
much writing it in ticks moves what begins; and whether the row that is found without the noise voice
is the row that is found with it, where both find one for the same step. A row that is half or twice
the other counts as another one, and is told apart.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.music.metre.metre import Stretch, find_metre
from nesvae_live.music.metre.ticks import score_to_ticks
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voices import Voice

MS_PER_STEP = 1000 / STEPS_PER_SECOND


def row_frames(stretches: list[Stretch], steps: int) -> NDArray[np.float64]:
    """`[steps]`: the row's frames at each step, 0 where it is free."""
    out = np.zeros(steps)
    for stretch in stretches:
        out[stretch.start : stretch.stop] = stretch.rows.frames if stretch.metre else 0.0
    return out


def measure(scores: list[NDArray[np.uint8]]) -> dict[str, float]:
    """The figures of some songs."""
    sure = steps = 0.0
    same = times = both = with_drums = 0
    moved = []
    for score in scores:
        stretches = find_metre(score)
        rows = row_frames(stretches, len(score))
        sure += float((rows > 0).sum())
        steps += len(score)
        song = score_to_ticks(score, stretches)
        moved.append(np.abs(song.moved())[song.places > 0])
        if not (score[:, Voice.NO, 0] > 0).any():
            continue
        without = score.copy()
        without[:, Voice.NO] = 0
        other = row_frames(find_metre(without), len(score))
        there = (rows > 0) & (other > 0)
        ratio = np.divide(rows, other, out=np.zeros_like(rows), where=there)
        with_drums += int((rows > 0).sum())
        both += int(there.sum())
        same += int((np.abs(ratio - 1) < 0.01).sum())
        times += int(np.isin(ratio.round(2), (0.5, 2.0)).sum())
    far = np.concatenate(moved)
    return {
        "songs": len(scores),
        "sure": sure / steps,
        "moved_median_ms": float(np.median(far)) * MS_PER_STEP,
        "moved_p95_ms": float(np.percentile(far, 95)) * MS_PER_STEP,
        "moved_within_a_step_and_a_half": float((far <= 1.5).mean()),
        "sure_without_drums_too": both / max(with_drums, 1),
        "row_agrees_without_drums": same / max(both, 1),
        "row_half_or_twice": times / max(both, 1),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--songs", type=int)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    files, _ = read_files(arguments.data, arguments.split)
    scores = [loads_exprsco(data).score for _, data in files]
    scores = [score for score in scores if len(score)]
    if arguments.songs is not None:
        picked = np.random.default_rng(0).permutation(len(scores))[: arguments.songs]
        scores = [scores[i] for i in np.sort(picked)]
    figures = measure(scores)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:32} {value:.4g}")


if __name__ == "__main__":
    main()
