"""Knobs that are held: does the music lose voices, or stand still, more often than songs do?

    python benchmarks/held.py [--runs 24] [--seed 1000] [--only NAME] [--checkpoint FILE]
                              [--data ARCHIVE|DIR] [--json FILE]

With `--only` those rows whose names hold NAME.

The decoder plays phrase after phrase as the instrument has it play with some knobs held and the others
released, each run with a style and draws of its own. A voice is lost that sounds for less than 2 % of
the second half (`evaluation/song/heard.py`). Where the polyphony or the bass is held low that is what
was asked for, so those rows are not counted in the last one. With `--data` songs of the valid split
stand beside.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from nesvae_live.chip.corpus import read_split
from nesvae_live.engine.phrases.inference import draws
from nesvae_live.evaluation.song.heard import HEARD_STEPS, onsets_of, standstill, voices_lost
from nesvae_live.evaluation.song.songevaluate import songs_heard
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.latent.space import assemble
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import Ints, symbols_to_tuples, tuples_to_steps
from nesvae_live.paths import shipped_dir

LOW = 0.4
"""Of polyphony and bass: below, voices may go."""
DRONE = 8.0
"""Seconds without an onset."""


def play(
    checkpoint: SongCheckpoint,
    critic: SongCritic,
    knobs: dict[str, float],
    seed: int,
    steps: int = HEARD_STEPS,
) -> Ints:
    """What is played while knobs are held, `[n, 3]` notes in ticks."""
    style = np.random.default_rng([seed, 1]).standard_normal(checkpoint.config.style)
    z, mask = assemble(knobs, style.astype(np.float32), checkpoint.quantiles.reach())
    hands = np.concatenate((mask, np.zeros(len(style), np.float32)))
    quote = float(checkpoint.about.get("quote", QUOTE))
    state, played = critic.initial_state(place_of(0, 4)), 0
    parts: list[Ints] = []
    while played < steps:
        start = state.asked(Asked(state.place, quote, hands=hands))
        decoded = critic.decode(z, mask, start, draws(seed, len(parts)), SAMPLING)
        parts.append(symbols_to_tuples(decoded.symbols))
        played += int(parts[-1][:, 3].sum())
        state = decoded.state(len(decoded.symbols))
    return tuples_to_steps(np.concatenate(parts))[:steps]


def cases() -> dict[str, dict[str, float]]:
    """What is held, by name."""
    found = {"nothing": {}, "density .4, polyphony 1, bass .7": _reported()}
    for spec in ATTRIBUTES:
        found |= {f"{spec.name} {value:g}": {spec.name: value} for value in (0.1, 0.5, 0.9)}
    rng = np.random.default_rng(7)
    for i in range(8):
        some = rng.choice(len(ATTRIBUTES), 3, replace=False)
        held = {ATTRIBUTES[k].name: round(float(rng.uniform(0.2, 1.0)), 2) for k in some}
        found[f"three of them, {i + 1}"] = held
    return found


def _reported() -> dict[str, float]:
    return {"density": 0.4, "polyphony": 1.0, "bass": 0.7}


def figures(pieces: list[Ints]) -> dict[str, float]:
    """The shares of pieces that lose a voice, or two, and that stand still for long; the longest."""
    lost = np.array([voices_lost(piece) for piece in pieces])
    still = np.array([standstill(onsets_of(piece).sum(1).astype(float)) for piece in pieces])
    return {
        "lost": float((lost > 0).mean()),
        "lost_two": float((lost > 1).mean()),
        "drones": float((still >= DRONE).mean()),
        "standstill": float(np.median(still)),
        "longest": float(still.max()),
        "onsets": float(np.mean([onsets_of(piece).sum() for piece in pieces])) / 64,
    }


def main() -> None:
    """Measure, and print a table."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--runs", type=int, default=24)
    p.add_argument("--seed", type=int, default=1000)
    p.add_argument("--only", default="")
    p.add_argument("--checkpoint", type=Path)
    p.add_argument("--data", type=Path)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    path = given.checkpoint or shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    checkpoint = load_song_checkpoint(path)
    critic = make_decoder(checkpoint)
    out: dict[str, dict[str, float]] = {}
    counted: list[Ints] = []
    for name, knobs in cases().items():
        if given.only not in name:
            continue
        seeds = range(given.seed, given.seed + given.runs)
        pieces = [play(checkpoint, critic, knobs, seed) for seed in seeds]
        out[name] = figures(pieces)
        if min(knobs.get("polyphony", 1.0), knobs.get("bass", 1.0)) >= LOW:
            counted += pieces
        print(f"{name:34}", *(f"{k} {v:6.3f}" for k, v in out[name].items()), knobs, flush=True)
    out["all but the low ones"] = figures(counted)
    if given.data is not None:
        out["songs"] = figures(songs_heard(read_split(given.data, "valid")))
    for name in list(out)[-2:]:
        print(f"{name:34}", *(f"{k} {v:6.3f}" for k, v in out[name].items()))
    if given.json is not None:
        given.json.write_text(json.dumps(out, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
