"""Is the music nearer to somebody's files when they were adopted? And do the knobs obey as before?

    python benchmarks/yours.py FOLDER... [--runs 8] [--phrases 48] [--amounts 0.5 1] [--knobs 24] [--json OUT]

Of each folder every other piece is adopted, and the rest kept apart. The untouched instrument plays
as it ships and in the style; how far its phrases' features are from those of the pieces that were kept apart is
the Jensen-Shannon divergence, the mean over the eleven. `own` is that between the two halves of the
pieces. With `--knobs` N each attribute knob is turned through 9 values in N places of the music, and
Spearman's rho of what was asked for and what came is the mean over knobs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from nesvae_live.app.yours.adopt import adopt_pieces
from nesvae_live.app.yours.pieces import read_pieces
from nesvae_live.engine.phrases.inference import COMPOSED, draws
from nesvae_live.evaluation.features import FEATURES, features, histograms, jensen_shannon
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, measure
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.latent.space import value_to_coordinate
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.model.song.yours.styledprior import make_styled_decoder, turned
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints, symbols_to_tuples, tuples_to_phrases
from nesvae_live.paths import find_checkpoint

VALUES = np.linspace(0.1, 0.9, 9)
BEFORE = 12
"""Phrases that are played before a knob is turned."""


@dataclass(frozen=True)
class Heard:
    """Phrases `[n, 13, 4]`, and where the music stood after each run."""

    phrases: Ints
    ends: tuple[tuple[SongState, NDArray[np.float32]], ...]


def play(critic: SongCritic, runs: int, phrases: int, first_seed: int = 100) -> Heard:
    """The untouched instrument: it composes each phrase, and plays in 4/4."""
    heard, ends = [], []
    nothing = np.zeros(critic.latent, np.float32)
    for seed in range(first_seed, first_seed + runs):
        state = critic.initial_state(place_of(0, 4))
        z = nothing
        for i in range(phrases):
            start = state.asked(Asked(state.place, QUOTE, hands=nothing))
            start, z = critic.compose(start, nothing, nothing > 0, (seed, i, COMPOSED))
            uniforms = draws(seed, i, 0, TUPLES_PER_PHRASE)
            mask = np.ones(N_ATTRIBUTES, np.float32)
            decoded = critic.decode(z, mask, start, uniforms, SAMPLING)
            state = decoded.state(TUPLES_PER_PHRASE)
            heard.append(symbols_to_tuples(decoded.symbols))
        ends.append((state, z))
    return Heard(np.stack(heard), tuple(ends))


def rho(critic: SongCritic, checkpoint: SongCheckpoint, places: int) -> dict[str, float]:
    """Spearman's rho of each attribute knob, turned by hand where the music stands."""
    stands = play(critic, places, BEFORE, 500).ends
    reach = checkpoint.quantiles.reach()
    out = {}
    for axis, spec in enumerate(ATTRIBUTES):
        found = []
        for n, (state, z) in enumerate(stands):
            came = []
            for value in VALUES:
                turned_z = z.copy()
                turned_z[:N_ATTRIBUTES] = 0.0
                turned_z[axis] = value_to_coordinate(float(value), *reach[axis])
                mask = np.zeros(N_ATTRIBUTES, np.float32)
                mask[axis] = 1.0
                hands = np.zeros_like(z)
                hands[axis] = 1.0
                start = state.asked(Asked(state.place, QUOTE, hands=hands))
                decoded = critic.decode(
                    turned_z, mask, start, draws(n, 1, 0, TUPLES_PER_PHRASE), SAMPLING
                )
                came.append(float(measure(symbols_to_tuples(decoded.symbols)[None])[0, axis]))
            if len(set(came)) > 1:
                ranks = np.argsort(np.argsort(came, kind="stable"), kind="stable")
                found.append(float(np.corrcoef(np.arange(len(VALUES)), ranks)[0, 1]))
            else:
                found.append(0.0)
        out[spec.name] = float(np.mean(found))
    return out


def far(one: Ints, other: Ints) -> NDArray[np.float64]:
    """`[11]`: the divergence of each feature of two bodies of phrases."""
    both = [histograms(features(p), np.zeros(len(p), int), 1)[:, 0] for p in (one, other)]
    return np.asarray(jensen_shannon(both[0], both[1]))


def whole_phrases(songs: list[Ints]) -> Ints:
    """The phrases of songs that have all their tuples."""
    parts = []
    for song in songs:
        phrases, counts = tuples_to_phrases(song)
        parts.append(phrases[counts == TUPLES_PER_PHRASE])
    return np.concatenate(parts)


def main() -> None:
    """Measure each folder, and print a table."""
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("folders", type=Path, nargs="+")
    p.add_argument("--runs", type=int, default=8)
    p.add_argument("--phrases", type=int, default=48)
    p.add_argument("--amounts", type=float, nargs="+", default=[0.5, 1.0])
    p.add_argument("--knobs", type=int, default=0)
    p.add_argument("--most", type=int, default=40)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    plain = make_decoder(checkpoint)
    before = play(plain, given.runs, given.phrases).phrases
    known = rho(plain, checkpoint, given.knobs) if given.knobs else {}
    rows: list[dict[str, Any]] = []
    for folder in given.folders:
        pieces = read_pieces([folder], lambda _: None)[: given.most]
        apart = whole_phrases([piece.song.tuples for piece in pieces[1::2]])
        taken = whole_phrases([piece.song.tuples for piece in pieces[::2]])
        began = time.process_time()
        style = adopt_pieces(pieces[::2], checkpoint, folder.name)
        row: dict[str, Any] = {
            "set": folder.name,
            "pieces": len(pieces),
            "seconds": time.process_time() - began,
            "own": float(far(taken, apart).mean()),
            "before": float(far(before, apart).mean()),
        }
        for amount in given.amounts:
            critic, mine = styled(checkpoint, replace(style, amount=amount))
            after = play(critic, given.runs, given.phrases).phrases
            gone = far(after, apart)
            row[f"{amount:g}"] = float(gone.mean())
            row[f"{amount:g} nearer"] = int((gone < far(before, apart)).sum())
            row[f"{amount:g} by"] = {
                spec.name: [round(float(b), 3), round(float(a), 3)]
                for spec, b, a in zip(FEATURES, far(before, apart), gone, strict=True)
            }
            if given.knobs and amount == 1.0:
                then = rho(critic, mine, given.knobs)
                row["rho"] = [float(np.mean([*d.values()])) for d in (known, then)]
                row["rho by"] = {k: [round(known[k], 3), round(then[k], 3)] for k in known}
        rows.append(row)
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        print(json.dumps({k: v for k, v in shown.items() if "by" not in k}), flush=True)
        if given.json is not None:
            given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} sets of {len(FEATURES)} features", file=sys.stderr)


def styled(checkpoint: SongCheckpoint, style: Adopted) -> tuple[SongCritic, SongCheckpoint]:
    """The decoder that plays in a style, and its checkpoint."""
    mine = turned(checkpoint, style)
    return make_styled_decoder(mine, style), mine


if __name__ == "__main__":
    main()
