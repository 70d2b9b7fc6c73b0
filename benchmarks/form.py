"""The instrument left alone, on simulated time, beside as many songs: does one hear a piece?

    python -m benchmarks.form [--runs 40] [--seed 1000] [--seconds 64] [--quote Q]
                               [--checkpoint FILE] [--data ARCHIVE|DIR] [--json FILE]

The whole sequencer plays, with the checkpoint as it ships, untouched and with `--auto`, each run with
a seed of its own; what it sends is heard in 24ths of a second (`evaluation/song/heard.py`). With
`--data` as many songs of the valid split stand beside, their first 64 s, by the same functions.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.simulated import BEFORE_SECONDS, simulate
from nesvae_live.app.options import PlayOptions, choose_performance
from nesvae_live.chip.corpus import read_split
from nesvae_live.control.gestureinputs import SetAuto
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.evaluation.song.heard import heard_figures
from nesvae_live.evaluation.song.songevaluate import songs_heard
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.music.phrase import Ints
from nesvae_live.paths import shipped_dir
from nesvae_live.presets.preset import load_preset


def play(
    checkpoint: SongCheckpoint,
    decoder: Decode,
    seed: int,
    seconds: float,
    *,
    auto: bool,
    quote: float | None = None,
) -> Ints:
    """What is heard of a run, `[n, 3]`."""
    performance = choose_performance(PlayOptions(), load_preset(), checkpoint, seed)
    if quote is not None:
        performance = replace(performance, quote=quote)
    asks = [SetAuto(on=True, at=-BEFORE_SECONDS)] if auto else []
    return simulate(performance, decoder, seconds, asks)[0]


@contextmanager
def _told(what: str) -> Iterator[None]:
    print(what, file=sys.stderr, flush=True)
    yield


def main() -> None:
    """Measure, and print a table."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--runs", type=int, default=40)
    p.add_argument("--seed", type=int, default=1000)
    p.add_argument("--seconds", type=float, default=64.0)
    p.add_argument("--quote", type=float)
    p.add_argument("--checkpoint", type=Path)
    p.add_argument("--data", type=Path)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    path = given.checkpoint or shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    checkpoint = load_song_checkpoint(path)
    decoder = make_decoder(checkpoint)
    pieces: dict[str, list[Ints]] = {}
    for name, auto in (("untouched", False), ("auto", True)):
        with _told(name):
            seeds = range(given.seed, given.seed + given.runs)
            pieces[name] = [
                play(checkpoint, decoder, seed, given.seconds, auto=auto, quote=given.quote)
                for seed in seeds
            ]
    if given.data is not None:
        songs = songs_heard(read_split(given.data, "valid"))
        few = np.random.default_rng(given.seed).permutation(len(songs))[: given.runs]
        pieces["songs"] = [songs[i] for i in few]
    figures: dict[str, Any] = {name: heard_figures(rolls) for name, rolls in pieces.items()}
    for measure in next(iter(figures.values())):
        row = [f"{measure:12}"]
        for name in pieces:
            found = figures[name][measure]
            low, high = found.get("quartiles") or (np.nan, np.nan)
            row.append(f"{name} {found['value']:6.3f} ({low:.3f} {high:.3f})")
        print("  ".join(row))
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
