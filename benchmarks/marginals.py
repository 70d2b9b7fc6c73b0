"""Fit the tables of `steering/marginals.py`, so that what is played is as songs are; or say how near it is.

    python benchmarks/marginals.py --data ARCHIVE|DIR [--rounds 4] [--runs 128] [--seed 5000]
                                   [--plain] [--rows] [--free] [--checkpoint FILE]

The auto mode is played (`runs` of 24 phrases, half of them in a metre, half free). What is counted in it, and in all
songs of the train split, is what each table is by (`marginalcounts.py`). Some of the log of the ratio is added to
the table, up to 2.5, and so on for `rounds`, each with seeds of its own; the mean of the rounds from the second on is printed
as `mends.json` has it. It begins with the tables that ship, with
`--plain` with none. Each round, and with `--rows` nothing but the tables as they are, is put beside the songs of the train split
that no network was trained on, and beside one game in eight of the others. `--free` fits what
`steering/freeness.py` has instead: on the games that are in neither.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.marginalcounts import Counts, count
from nesvae_live.chip.tickcorpus import TickCorpus, read_ticks
from nesvae_live.evaluation.autorun import auto_figures
from nesvae_live.evaluation.song.beat import (
    FOUR,
    WINDOW,
    Music,
    beat_figures,
    metre_of,
    windows,
)
from nesvae_live.evaluation.song.songmetres import metres
from nesvae_live.evaluation.song.songplaying import run_song
from nesvae_live.latent.attributes import measure
from nesvae_live.latent.decoding import QUOTE, SAMPLING
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.steering.marginals import (
    LENGTHS,
    UNMENDED,
    Marginals,
    Mends,
    by_place,
)
from nesvae_live.model.song.steering.mendtables import MENDS
from nesvae_live.music.metre.place import FREE, METRES, TICKS_PER_BEAT, place_of
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, tuples_to_phrases
from nesvae_live.paths import find_checkpoint

Floats = NDArray[np.float64]
STEP, MOST, SMOOTHING = 0.3, 2.5, 20.0
"""Of a log ratio so much is added; of a table's numbers the farthest from 0; so many more are counted, as songs
would have them."""
STEPS = {"begun": 0.15, "had": 0.15, "phrase": 0.15}
"""Where what is added isn't `STEP` of it: four lags speak at once, and phrases are few."""
HELD_OUT, OF = 7, 33
BESIDE, IN = 3, 8
"""Games of whose numbers that is left over: those that nothing was trained on, and the others beside them."""
PHRASES, GRAIN = 24, 1e-9


def log_ratio(songs: Floats, ours: Floats) -> Floats:
    """By how much songs have more of each kind `[..., n]` than we, as a log."""
    of_songs = songs / songs.sum(-1, keepdims=True)
    total = ours.sum(-1, keepdims=True)
    of_ours = (ours + SMOOTHING * of_songs) / (total + SMOOTHING)
    return np.asarray(np.log((of_songs + GRAIN) / (of_ours + GRAIN)))


def log_odds(counted: Floats) -> Floats:
    """Of what happened or didn't, `[..., 2]`."""
    return np.asarray(np.log(counted[..., 0] / counted[..., 1]))


def fitted(mends: Marginals, songs: Counts, ours: Counts, free: bool) -> Marginals:
    """The tables one round on: in a metre by place and by what stood bars before too."""
    of_kinds = {
        name: log_ratio(getattr(songs, name), getattr(ours, name)) for name in Counts._fields[:6]
    } | {"phrase": log_ratio(songs.phrase, ours.phrase)}
    expected = SMOOTHING * songs.figure / songs.figure.sum(-1, keepdims=True)
    odds = {
        name: log_odds(getattr(songs, name)) - log_odds(getattr(ours, name))
        for name in (("again", "quoting") if free else ("again", "begun", "had"))
    } | {"figure": log_odds(songs.figure + 1.0) - log_odds(ours.figure + expected + 1e-6)}
    odds["figure"][:, 0] = 0.0  # after no step nothing is known
    by = of_kinds | odds
    by["stay"] = by["stay"][:, 0] - by["stay"][:, 1]
    by["hold"] = by["hold"][LENGTHS]
    on_beats = by.pop("place").reshape(METRES[0], TICKS_PER_BEAT)
    tables = {
        name: np.clip(getattr(mends, name) + STEPS.get(name, STEP) * off, -MOST, MOST)
        for name, off in by.items()
    }
    if not free:
        tables["place"] = by_place(np.clip(bars_of_four(mends) + STEP * on_beats, -MOST, MOST))
    tables["phrase"] -= tables["phrase"].mean(1, keepdims=True)
    return mends._replace(**{name: table.astype(np.float32) for name, table in tables.items()})


def bars_of_four(mends: Marginals) -> Floats:
    """`[4, 12]`: the ticks of the bar of four."""
    first = place_of(0, METRES[0])
    return mends.place[first : first + FOUR].reshape(METRES[0], TICKS_PER_BEAT).astype(np.float64)


def to_json(mends: Mends) -> str:
    """Tables as `mends.json` has them, a row of numbers on a line."""
    kinds = []
    for kind in Mends._fields:
        kept = getattr(mends, kind)._asdict()
        kept["place"] = bars_of_four(getattr(mends, kind))
        kept["hold"] = kept["hold"][np.unique(LENGTHS, return_index=True)[1]]
        lines = []
        for name, table in kept.items():
            rows = [json.dumps([round(float(x), 2) for x in row]) for row in np.atleast_2d(table)]
            body = (
                rows[0]
                if table.ndim == 1
                else "[\n        " + ",\n        ".join(rows) + "\n      ]"
            )
            if table.any():
                lines.append(f'      "{name}": {body}')
        kinds.append(f'    "{kind}": {{\n' + ",\n".join(lines) + "\n    }")
    return "{\n" + ",\n".join(kinds) + "\n  }"


def play(checkpoint: SongCheckpoint, mends: Mends, places: Ints, seed: int) -> list[Music]:
    """The auto mode, from each of some places on."""
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    critic = SongCritic(SongDecoder(checkpoint), checkpoint.quantiles, prior, mends)
    quote = float(checkpoint.about.get("quote", QUOTE))
    return [
        run_song(critic, SAMPLING, seed + i, place=int(place), phrases=PHRASES, quote=quote)
        for i, place in enumerate(places)
    ]


def row(ours: list[Music], songs: list[Music], train: list[Ints]) -> str:
    """What `docs/model.md` has of choices, beside the songs' own, and every feature."""
    figures = beat_figures(ours, [s for s in songs if len(s.tuples) >= WINDOW])
    music = np.stack([m.tuples.reshape(-1, TUPLES_PER_PHRASE, SLOTS) for m in ours])
    phrases = [tuples_to_phrases(song.tuples)[0] for song in songs]
    found = auto_figures(music, phrases, train, None)["js_over_human"]
    apart = {name: figure["value"] for name, figure in found.items()}
    bar, again = figures["bar"], figures["recurrence"]
    cells = [
        f"{figures['pulse'][who]['median']['value']:.2f}; {figures['pulse'][who]['above_07']['value']:.0%}"
        for who in ("window", "songs")
    ]
    cells += [f"{bar[name]['value']:.2f}" for name in ("js_over_human", "lines_struck", "on_line")]
    cells += [f"{again['grams']['value']:.3f}; {again['grams_ks']['value']:.2f}"]
    cells += [f"{sum(x <= 1.5 for x in apart.values())}; {max(apart.values()):.1f}"]
    cells += [" ".join(f"{name} {x:.2f}" for name, x in apart.items())]
    return f"| {' | '.join(cells)} |"


def freeness(checkpoint: SongCheckpoint, every: list[Music], left_out: list[Music]) -> str:
    """The odds that a phrase is free by its attributes' coordinates; how many pairs left out they order."""
    rows = []
    for songs in ([s for s in every if not any(s is other for other in left_out)], left_out):
        phrases = [part for song in songs for part in windows(song, TUPLES_PER_PHRASE)]
        tuples = np.stack([part.tuples for part in phrases])
        free = np.array([metre_of(part) == 0 for part in phrases])
        rows.append((checkpoint.quantiles.to_coordinates(measure(tuples)), free))
    (x, free), (x_out, free_out) = rows
    fit = LogisticRegression(C=0.1, max_iter=200).fit(x, free)
    pairs = roc_auc_score(free_out, fit.decision_function(x_out))
    return f"{fit.coef_[0].round(2)} {fit.intercept_[0]:.2f}, right for {pairs:.2f} of the pairs"


def songs_of(corpus: TickCorpus) -> tuple[list[Music], list[Music], list[Music]]:
    """All songs that have a phrase, those that are held out, and those beside them."""
    every, held_out, beside = [], [], []
    for i, name in enumerate(corpus.names):
        piece = Music(*corpus.song(i))
        if len(piece.tuples) < TUPLES_PER_PHRASE:
            continue
        game = int(str(name)[:3])
        every.append(piece)
        if game % OF == HELD_OUT:
            held_out.append(piece)
        elif game % IN == BESIDE:
            beside.append(piece)
    return every, held_out, beside


def main() -> int:
    """Fit, and print."""
    parser = argparse.ArgumentParser(description="Fit the tables of marginals.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=128)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--free", action="store_true")
    parser.add_argument("--checkpoint")
    arguments = parser.parse_args()
    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    every, held_out, beside = songs_of(read_ticks(arguments.data, "train"))
    if arguments.free:
        print(freeness(checkpoint, every, held_out + beside))
        return 0
    cut = {id(song): tuples_to_phrases(song.tuples)[0] for song in every}
    kinds = {"metre": False, "free": True}
    of_songs = {kind: count(every, free, checkpoint.quantiles) for kind, free in kinds.items()}
    mends = Mends(UNMENDED, UNMENDED) if arguments.plain else MENDS
    found: list[Mends] = []
    for turn in range(1 if arguments.rows else arguments.rounds):
        for name, songs in (("held out", held_out), ("beside", beside)):
            ours = play(checkpoint, mends, metres(songs, arguments.runs), arguments.seed)
            here = {id(song) for song in songs}
            others = [phrases for i, phrases in cut.items() if i not in here]
            print(name, row(ours, songs, others), flush=True)
        if arguments.rows:
            break
        half = arguments.runs // 2
        for kind, free in kinds.items():
            places = np.sort(metres(every, len(every)))
            there = places[(places == FREE) == free]
            at = there[((np.arange(half) + 0.5) / half * len(there)).astype(np.int64)]
            ours = play(checkpoint, mends, at, arguments.seed + 1000 * turn)
            counted = count(ours, free, checkpoint.quantiles)
            table = fitted(getattr(mends, kind), of_songs[kind], counted, free)
            mends = mends._replace(**{kind: table})
        found.append(mends)
    if found:
        print(to_json(mean_of(found[1:] or found)))
    return 0


def mean_of(found: list[Mends]) -> Mends:
    """The mean of tables."""
    kinds = [
        {name: np.mean([getattr(t, name) for t in kind], 0) for name in Marginals._fields}
        for kind in zip(*found, strict=True)
    ]
    return Mends(*(Marginals(**tables) for tables in kinds))


if __name__ == "__main__":
    sys.exit(main())
