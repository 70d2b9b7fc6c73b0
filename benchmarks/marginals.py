"""Fit the tables of `steering/marginals.py`, so that what is played is as songs are; or say how near it is.

    python benchmarks/marginals.py --data ARCHIVE|DIR [--rounds 4] [--runs 128] [--seed 5000]
                                   [--plain] [--rows] [--free] [--checkpoint FILE]

The auto mode is played (`runs` of 24 phrases, in 4/4). What is counted in it, and in all songs of the train split, is
what each table is by: onsets by tick of the bars of four, voices that stay, pitch classes by how they
were heard lately, intervals between voices. Half the log of the ratio is added to the table, up to 1.5, and so on
for `rounds`, with the same seeds; the tables are printed at the end. It begins with those that ship, with
`--plain` with none. Each round, and with `--rows` nothing but the tables as they are, is put beside the songs of the train split
that no network was trained on, and beside one game in eight of the others. `--free` fits what
`steering/freeness.py` has instead: on the games that are in neither.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from nesvae_live.chip.tickcorpus import TickCorpus, read_ticks
from nesvae_live.evaluation.autorun import auto_figures
from nesvae_live.evaluation.song.beat import (
    FOUR,
    WINDOW,
    Music,
    beat_figures,
    metre_of,
    onset_places,
    recurring_grams,
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
from nesvae_live.model.song.steering.leaning import LOWEST, heard_lately
from nesvae_live.model.song.steering.marginals import (
    LEAPS,
    LENGTHS,
    OF_SCALE,
    UNMENDED,
    Marginals,
    Mends,
    by_place,
)
from nesvae_live.model.song.steering.mendtables import MENDS
from nesvae_live.music.metre.place import FREE, METRES, TICKS_PER_BEAT, place_of
from nesvae_live.music.phrase import (
    SLOTS,
    TUPLES_PER_PHRASE,
    Ints,
    tuples_to_phrases,
    tuples_to_symbols,
)
from nesvae_live.paths import find_checkpoint

Floats = NDArray[np.float64]
STEP, MOST, SMOOTHING = 0.5, 1.5, 20.0
"""Of a log ratio so much is added; of a table's numbers the farthest from 0; so many more are counted, as songs
would have them."""
HELD_OUT, OF = 7, 33
BESIDE, IN = 3, 8
"""Games of whose numbers that is left over: those that nothing was trained on, and the others beside them."""
PHRASES, GRAIN = 24, 1e-9


def tally(symbols: Ints, stays: Floats, heard: Floats, apart: Floats, leaps: Floats) -> None:
    """Count in symbols `[n, 4]`: stays `[3, 2]` (on its note, or not), and as of `Marginals`."""
    kinds = np.zeros(12, np.int64)
    for now in range(1, len(symbols)):
        enough = heard_lately(symbols, now, kinds)
        for voice in range(3):
            note, last = symbols[now, voice], symbols[now - 1, voice]
            if note == 0:
                continue
            if last > 0:
                stays[voice, 0 if note == last else 1] += 1
            pitch = LOWEST[voice] + note
            if note != last and enough:
                heard[kinds[pitch % 12]] += 1
                if last > 0 and kinds[pitch % 12] >= OF_SCALE:
                    leaps[voice, min(abs(note - last), LEAPS) % LEAPS] += 1
            for other in range(voice):
                if symbols[now, other] > 0:
                    apart[(pitch - LOWEST[other] - symbols[now, other]) % 12] += 1


def count(pieces: list[Music], free: bool) -> tuple[Floats, ...]:
    """Counts in what is free, or is not: as of `Marginals`, of stays `[3, 2]`, of again or not `[2]`."""
    onsets, holds = np.zeros(FOUR), np.zeros(LENGTHS.max() + 1)
    stays, heard, apart = np.zeros((3, 2)), np.zeros(len(UNMENDED.heard)), np.zeros(12)
    again, held, leaps = np.zeros(2), np.zeros(2), np.zeros((3, LEAPS))
    for piece in pieces:
        parts = windows(piece)
        chosen = [part for part in parts if (metre_of(part) == 0) == free]
        for part in chosen:
            tally(np.ascontiguousarray(tuples_to_symbols(part.tuples)), stays, heard, apart, leaps)
            onsets += onset_places(part)
            held += held_again(part.tuples)
            holds += np.bincount(LENGTHS[part.tuples[:, 3] - 1], minlength=len(holds))
        if parts and len(chosen) == len(parts):
            again += np.array([1.0, 0.0]) + recurring_grams(piece) * np.array([-1.0, 1.0])
    return onsets, holds, stays, heard, apart, leaps, held, again[::-1]


def held_again(tuples: Ints) -> Floats:
    """How many tuples hold as long as those before them in the phrase, and not: sums of shares."""
    again = np.zeros(2)
    for phrase in tuples_to_phrases(tuples)[0][:, :, 3]:
        if phrase.min() > 0:
            share = [np.mean(phrase[:i] == phrase[i]) for i in range(1, len(phrase))]
            again += np.sum(share), len(share) - np.sum(share)
    return again


def log_ratio(songs: Floats, ours: Floats) -> Floats:
    """By how much songs have more of each kind `[..., n]` than we, as a log."""
    of_songs = songs / songs.sum(-1, keepdims=True)
    total = ours.sum(-1, keepdims=True)
    of_ours = (ours + SMOOTHING * of_songs) / (total + SMOOTHING)
    return np.asarray(np.log((of_songs + GRAIN) / (of_ours + GRAIN)))


def fitted(
    mends: Marginals, songs: tuple[Floats, ...], ours: tuple[Floats, ...], free: bool
) -> Marginals:
    """The tables one round on: in a metre by place, in free music by length and what comes again."""
    onsets, holds, stays, heard, apart, leaps = (
        log_ratio(a, b) for a, b in zip(songs[:-2], ours[:-2], strict=True)
    )
    held, quoted = (np.log(songs[i] / ours[i]) @ [[1.0], [-1.0]] for i in (-2, -1))

    def moved(table: NDArray[np.floating], by: Floats) -> NDArray[np.float32]:
        return np.clip(table + STEP * by, -MOST, MOST).astype(np.float32)

    mends = mends._replace(
        stay=moved(mends.stay, stays[:, 0] - stays[:, 1]),
        heard=moved(mends.heard, heard),
        apart=moved(mends.apart, apart),
        leap=moved(mends.leap, leaps),
        hold=moved(mends.hold, holds[LENGTHS]),
        again=moved(mends.again, held),
    )
    if free:
        return mends._replace(quoting=moved(mends.quoting, quoted))
    beats = moved(bars_of_four(mends), onsets.reshape(METRES[0], TICKS_PER_BEAT))
    return mends._replace(place=by_place(beats))


def bars_of_four(mends: Marginals) -> NDArray[np.float32]:
    """`[4, 12]`: the ticks of the bar of four."""
    first = place_of(0, METRES[0])
    return mends.place[first : first + FOUR].reshape(METRES[0], TICKS_PER_BEAT)


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
    of_songs = {kind: count(every, free) for kind, free in kinds.items()}
    mends = Mends(UNMENDED, UNMENDED) if arguments.plain else MENDS
    for _ in range(1 if arguments.rows else arguments.rounds):
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
            ours = play(checkpoint, mends, at, arguments.seed)
            table = fitted(getattr(mends, kind), of_songs[kind], count(ours, free), free)
            mends = mends._replace(**{kind: table})
        np.set_printoptions(precision=2, suppress=True, linewidth=100)
        for kind in kinds:
            print(
                kind,
                getattr(mends, kind)._replace(place=bars_of_four(getattr(mends, kind))),
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
