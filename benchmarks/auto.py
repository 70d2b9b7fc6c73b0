"""Let the auto mode play for long, and look whether it stays music: figures, MIDI, sound, picture.

    python benchmarks/auto.py [--minutes 10] [--hours 0] [--seed N] [--checkpoint FILE]
                              [--data ARCHIVE|DIR] [--out DIR] [--json]

The walk in z as it ships, decoded phrase by phrase by the live decoder with its state carried, at
the shipped settings, at 120 BPM. Ten minutes are measured minute by minute and written to DIR
(`auto.mid`, `auto.wav`, `auto.png`); further hours are measured hour by hour. With `--data` the valid
split's songs, one after the other for as long, stand beside: what real music does by the same
functions. It must not fall silent, stay on a note, repeat itself more than music does, or become
noise.
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
from numpy.typing import NDArray

from nesvae_live.app.files.piece import Piece, write_piece_midi, write_piece_picture
from nesvae_live.app.files.render import RenderOptions, render
from nesvae_live.chip.corpus import read_split
from nesvae_live.engine.phrases.inference import draws
from nesvae_live.evaluation.features import FEATURES, features
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.latent.walk import Spread, Walk
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import (
    SLOTS,
    STEPS_PER_SECOND,
    TUPLES_PER_PHRASE,
    Ints,
    symbols_to_tuples,
    tuples_to_phrases,
    tuples_to_steps,
)
from nesvae_live.paths import find_checkpoint

GRAM = 4
"""Tuples in a row that count as repeated when they stood so before in the same minute."""


def wander(checkpoint: SongCheckpoint, seconds: float, seed: int) -> Ints:
    """`[n, 13, 4]`: phrases of the walk until `seconds` are over, from a bar line in 4/4."""
    critic = make_decoder(checkpoint)
    spread = Spread.of(checkpoint.about, checkpoint.config.style)
    walk = Walk(seed, spread, checkpoint.quantiles.reach())
    mask = np.ones(N_ATTRIBUTES, np.float32)
    state = critic.initial_state(place_of(0, 4))
    phrases: list[Ints] = []
    steps = 0
    while steps < seconds * STEPS_PER_SECOND:
        uniforms = draws(seed, len(phrases), 0, TUPLES_PER_PHRASE)
        decoded = critic.decode(walk.at(len(phrases)), mask, state, uniforms, SAMPLING)
        state = decoded.state(TUPLES_PER_PHRASE)
        phrases.append(symbols_to_tuples(decoded.symbols))
        steps += int(phrases[-1][:, 3].sum())
    return np.stack(phrases)


def measure_stretch(phrases: Ints) -> dict[str, float]:
    """Figures of a stretch of phrases `[n, 13, 4]`."""
    tuples = phrases.reshape(-1, SLOTS)
    tuples = tuples[tuples[:, 3] > 0]
    steps = tuples_to_steps(tuples)
    measured = features(phrases)
    out = {
        spec.name: float(np.nanmean(measured[:, i])) if (~np.isnan(measured[:, i])).any() else 0.0
        for i, spec in enumerate(FEATURES)
    }
    silent = (steps == 0).all(1)
    same = (steps[1:] == steps[:-1]).all(1)
    out["silence"] = float(silent.mean())
    out["longest_silence_seconds"] = longest(silent) / STEPS_PER_SECOND
    out["longest_standstill_seconds"] = (longest(same) + 1) / STEPS_PER_SECOND
    out["notes_used"] = float(sum(len(set(column[column > 0].tolist())) for column in steps.T))
    out["repeated"] = repeated(tuples)
    out["phrases_again"] = 1.0 - len(np.unique(phrases.reshape(len(phrases), -1), axis=0)) / len(
        phrases
    )
    return out


def longest(true: NDArray[np.bool_]) -> int:
    """The longest run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], true.astype(int), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def repeated(tuples: Ints) -> float:
    """The share of all four tuples in a row that stood so before."""
    grams = [
        tuple(tuples[i : i + GRAM].reshape(-1).tolist()) for i in range(len(tuples) - GRAM + 1)
    ]
    return 1.0 - len(set(grams)) / max(len(grams), 1)


def stretches(phrases: Ints, seconds: float) -> list[Ints]:
    """Cut into stretches that begin every `seconds`; a short last one is left out."""
    starts = np.cumsum(phrases[:, :, 3].sum(1)) / STEPS_PER_SECOND
    which = (np.concatenate(([0.0], starts[:-1])) // seconds).astype(int)
    whole = int(starts[-1] // seconds)
    return [phrases[which == i] for i in range(max(whole, 1)) if (which == i).any()]


def summarise(parts: list[Ints]) -> dict[str, dict[str, float]]:
    """Each figure over stretches: mean, least and greatest."""
    rows = [measure_stretch(part) for part in parts]
    return {
        name: {
            "mean": round(float(np.mean([row[name] for row in rows])), 3),
            "least": round(min(row[name] for row in rows), 3),
            "greatest": round(max(row[name] for row in rows), 3),
        }
        for name in rows[0]
    }


def valid_music(data: Path, seconds: float) -> Ints:
    """Songs of the valid split one after the other, in a random order, for `seconds`."""
    songs = read_split(data, "valid").songs
    parts: list[Ints] = []
    steps = 0.0
    for i in np.random.default_rng(0).permutation(len(songs)):
        whole = tuples_to_phrases(songs[i])[0]
        parts.append(whole)
        steps += float(whole[:, :, 3].sum())
        if steps > seconds * STEPS_PER_SECOND:
            break
    return np.concatenate(parts)


def print_table(columns: dict[str, dict[str, dict[str, float]]]) -> None:
    """A Markdown table: mean (least to greatest) of each figure."""
    print(f"| figure | {' | '.join(columns)} |")
    print(f"|{' --- |' * (len(columns) + 1)}")
    for name in next(iter(columns.values())):
        cells = (
            f"{c[name]['mean']:.2f} ({c[name]['least']:.2f} to {c[name]['greatest']:.2f})"
            for c in columns.values()
        )
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> int:
    """Play, measure, write, print."""
    parser = argparse.ArgumentParser(description="Measure the auto mode over a long time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    seconds = 60.0 * arguments.minutes
    began = time.perf_counter()
    music = wander(checkpoint, max(seconds, 3600.0 * arguments.hours), arguments.seed)
    took = time.perf_counter() - began
    print(f"{len(music)} phrases decoded in {took:.1f} s", file=sys.stderr)
    minutes = stretches(music, 60.0)[: max(int(arguments.minutes), 1)]
    columns = {f"auto mode, {len(minutes)} minutes": summarise(minutes)}
    if arguments.hours >= 1.0:
        per_minute = stretches(music, 60.0)
        for hour in range(int(arguments.hours)):
            part = per_minute[60 * hour : 60 * (hour + 1)]
            columns[f"hour {hour + 1}, by minutes"] = summarise(part)
    if arguments.data is not None:
        real = stretches(valid_music(arguments.data, max(seconds, 3600.0)), 60.0)
        columns[f"valid songs, {len(real)} minutes"] = summarise(real)
    if arguments.json:
        print(json.dumps(columns, indent=1))
    else:
        print_table(columns)
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        shown = np.concatenate(minutes)
        shown = shown[np.cumsum(shown[:, :, 3].sum(1)) <= 60 * STEPS_PER_SECOND * len(minutes)]
        piece = Piece(
            shown, title=f"{len(minutes)} minutes of the auto mode, seed {arguments.seed}"
        )
        write_piece_midi(piece, arguments.out / "auto.mid")
        render(
            RenderOptions(arguments.out / "auto.mid", arguments.out / "auto.wav"),
            lambda text: print(text, file=sys.stderr),
        )
        write_piece_picture(piece, arguments.out / "auto.png", line_seconds=60.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
