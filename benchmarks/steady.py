"""Knobs that stay in their lane: what else moves, and do the ends still move?

    python benchmarks/steady.py [--runs 16] [--seed 1000] [--seconds 32] [--only NAME]
                                [--places 24] [--settings 13] [--data ARCHIVE|DIR] [--split valid]
                                [--waits] [--json FILE]

Each run plays eight phrases that nobody steers, as `play` does. Then a knob is turned, and played on
from there: once with that knob alone, once with `--steady density` (the network is told the density),
once with the density guided, too, as if a hand had set it. Said of each: moments a second in which something begins; how far the
density has moved since, in standard deviations of the corpus; the longest time in which nothing
begins; voices that are lost. After that each knob is turned over its range in many such places:
Spearman's rho of its attribute, which must not fall. With `--data`, songs of a split stand
beside: how long those stand still that have most, and least, of an attribute; `still_75` of `--split train` is
what `model/song/steering/standstill.py` has. With `--waits` the ends of knobs are played as in takes of before.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.evaluation.knobtest import spearman
from nesvae_live.evaluation.song.heard import PULSES, onsets_of, resultant, standstill, voices_lost
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked, Sampling
from nesvae_live.latent.space import value_to_coordinate
from nesvae_live.latent.steady import LATELY, standing
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import place_of, tick_of_bar
from nesvae_live.music.phrase import (
    STEPS_PER_SECOND,
    TUPLES_PER_PHRASE,
    Ints,
    steps_to_tuples,
    symbols_to_tuples,
    tuples_to_steps,
)
from nesvae_live.paths import shipped_dir

F32 = NDArray[np.float32]
BEFORE = 8
"""Phrases before a knob is turned."""
DENSITY, SIXTEENTH = 0, 3
ALONE, STEADY, GUIDED = "alone", "steady", "guided"
WAYS = (ALONE, STEADY, GUIDED)
REDRAWN = 400
"""How often games are drawn again for the interval of what songs have."""
DRONE = 8.0
"""Seconds in which nothing begins."""


@dataclass(frozen=True)
class Fork:
    """Where a knob is turned: the decoder's state, the style, where the attributes stand `[8]`."""

    state: SongState
    style: F32
    stands: NDArray[np.float64]
    seed: int


@dataclass
class Player:
    """Plays as the instrument does."""

    critic: SongCritic
    quantiles: Quantiles
    quote: float
    sampling: Sampling

    def begin(self, seed: int) -> Fork:
        """Play what nobody steers, and stop where a knob is to be turned."""
        state = self.critic.initial_state(place_of(0, 4))
        nothing = np.zeros(self.critic.latent, np.float32)
        mask = np.ones(N_ATTRIBUTES, np.float32)
        z, phrases = nothing, []
        for index in range(BEFORE):
            start = state.asked(Asked(state.place, self.quote, hands=nothing))
            start, z = self.critic.compose(start, nothing, nothing > 0, (seed, index, 3))
            decoded = self.critic.decode(z, mask, start, draws(seed, index), self.sampling)
            phrases.append([tuple(map(int, t)) for t in symbols_to_tuples(decoded.symbols)])
            state = decoded.state(TUPLES_PER_PHRASE)
        stands = standing(phrases[-LATELY:], self.quantiles)
        assert stands is not None
        return Fork(state, z[N_ATTRIBUTES:], stands, seed)

    def turned(self, fork: Fork, held: dict[int, float], way: str) -> tuple[F32, F32, F32]:
        """z, mask and hands when attributes are set to coordinates."""
        z = np.concatenate((np.zeros(N_ATTRIBUTES, np.float32), fork.style))
        mask, hands = np.zeros(N_ATTRIBUTES, np.float32), np.zeros(len(z), np.float32)
        for axis, coordinate in held.items():
            z[axis], mask[axis], hands[axis] = coordinate, 1.0, 1.0
        if way != ALONE and DENSITY not in held:
            z[DENSITY], mask[DENSITY] = fork.stands[DENSITY], 1.0
            hands[DENSITY] = float(way == GUIDED)
        return z, mask, hands

    def go_on(self, fork: Fork, held: dict[int, float], way: str, steps: int) -> Ints:
        """Play on with attributes set: `[n, 4]` tuples, of so many steps at least."""
        z, mask, hands = self.turned(fork, held, way)
        state, played = fork.state, 0
        parts: list[Ints] = []
        while played < steps:
            start = state.asked(Asked(state.place, self.quote, hands=hands))
            uniforms = draws(fork.seed, BEFORE + len(parts))
            decoded = self.critic.decode(z, mask, start, uniforms, self.sampling)
            parts.append(symbols_to_tuples(decoded.symbols))
            played += int(parts[-1][:, 3].sum())
            state = decoded.state(TUPLES_PER_PHRASE)
        return np.concatenate(parts)

    def coordinates(self, tuples: Ints) -> NDArray[np.float64]:
        """Where tuples stand, `[8]`: the mean over phrases, each by its time."""
        n = len(tuples) // TUPLES_PER_PHRASE * TUPLES_PER_PHRASE
        phrases = [
            [tuple(map(int, t)) for t in part]
            for part in tuples[:n].reshape(-1, TUPLES_PER_PHRASE, 4)
        ]
        found = standing(phrases, self.quantiles)
        assert found is not None
        return found


def row(player: Player, forks: list[Fork], held: dict[int, float], way: str, steps: int) -> Any:
    """The figures of one knob at one value."""
    moments, moved, still, lost, own, pulse, on_line = [], [], [], [], [], [], []
    for fork in forks:
        tuples = player.go_on(fork, held, way, steps)
        notes = tuples_to_steps(tuples)[:steps]
        onsets = onsets_of(notes).sum(1)
        moments.append(float((onsets > 0).sum()) / (steps / STEPS_PER_SECOND))
        still.append(standstill(onsets.astype(float)))
        lost.append(voices_lost(notes))
        pulse.append(resultant(onsets.astype(float), PULSES))
        ticks = int(tick_of_bar(np.array(fork.state.place))) + np.flatnonzero(onsets)
        on_line.append(float((ticks % SIXTEENTH == 0).mean()) if len(ticks) else 1.0)
        stands = player.coordinates(tuples)
        moved.append(float(stands[DENSITY] - fork.stands[DENSITY]))
        own.append(float(np.mean([stands[axis] for axis in held])) if held else 0.0)
    return {
        "moments": float(np.median(moments)),
        "moved": float(np.median(moved)),
        "off": float(np.median(np.abs(moved))),
        "still": float(np.median(still)),
        "still_95": float(np.quantile(still, 0.95)),
        "still_most": float(np.max(still)),
        "drones": float(np.mean(np.array(still) >= DRONE)),
        "lost": float(np.mean(np.array(lost) > 0)),
        "reached": float(np.median(own)),
        "pulse": float(np.nanmedian(pulse)),
        "on_line": float(np.mean(on_line)),
    }


def correlations(
    player: Player, forks: list[Fork], way: str, settings: int
) -> dict[str, NDArray[np.float64]]:
    """Spearman's rho of each knob's own attribute in the phrase that follows, `[places]`."""
    values = np.linspace(0.0, 1.0, settings)
    out = {}
    for axis, (low, high) in enumerate(player.quantiles.reach()):
        found = np.empty((len(forks), settings))
        for i, fork in enumerate(forks):
            for k, value in enumerate(values):
                held = {axis: value_to_coordinate(float(value), float(low), float(high))}
                tuples = player.go_on(fork, held, way, 1)
                found[i, k] = measure(tuples[None])[0, axis]
        out[ATTRIBUTES[axis].name] = spearman(values, found)
    out["mean"] = np.mean(list(out.values()), axis=0)
    return out


def fallen(now: NDArray[np.float64], before: NDArray[np.float64]) -> list[float]:
    """By how much rho has changed, with the ends of a 95 % interval over the places."""
    off = now - before
    rows = np.random.default_rng(0).integers(0, len(off), (1000, len(off)))
    return [float(off.mean()), *np.quantile(off[rows].mean(1), (0.025, 0.975)).tolist()]


def beside(player: Player, path: Path, split: str, steps: int) -> dict[str, dict[str, float]]:
    """How long windows of songs stand still that have most, or least, of an attribute: a tenth each."""
    from nesvae_live.chip.corpus import read_split
    from nesvae_live.evaluation.song.songevaluate import songs_heard

    corpus = read_split(path, split)
    windows, game = [], []
    for name, song in zip(corpus.names, corpus.songs, strict=True):
        for notes in songs_heard(replace(corpus, names=(name,), songs=(song,))):
            cut = [notes[at : at + steps] for at in range(0, len(notes) - steps + 1, steps // 4)]
            windows += cut
            game += [Path(name).name.partition("_")[0]] * len(cut)
    stands = np.stack([player.coordinates(steps_to_tuples(notes)) for notes in windows])
    still = np.array([standstill(onsets_of(notes).sum(1).astype(float)) for notes in windows])
    lost = np.array([voices_lost(notes) for notes in windows])
    rows_of = [np.flatnonzero(np.array(game) == one) for one in sorted(set(game))]
    rng = np.random.default_rng(0)
    drawn = [
        np.concatenate([rows_of[k] for k in rng.integers(len(rows_of), size=len(rows_of))])
        for _ in range(REDRAWN)
    ]
    out = {}
    for axis, spec in enumerate(ATTRIBUTES):
        for name, sign in (("least", 1.0), ("most", -1.0)):
            order = sign * stands[:, axis]
            rows = extreme(order)
            again = [np.quantile(still[at][extreme(order[at])], 0.95) for at in drawn]
            out[f"{spec.name}, {name}"] = {
                "still_95": float(np.quantile(still[rows], 0.95)),
                "low": float(np.quantile(again, 0.025)),
                "high": float(np.quantile(again, 0.975)),
                "still_75": float(np.quantile(still[rows], 0.75)),
                "still": float(np.median(still[rows])),
                "lost": float((lost[rows] > 0).mean()),
            }
    out["all"] = {
        "still_95": float(np.quantile(still, 0.95)),
        "still": float(np.median(still)),
        "lost": float((lost > 0).mean()),
        "windows": float(len(windows)),
    }
    return out


def extreme(order: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth of the windows that come first in an order."""
    return np.argsort(order)[: max(len(order) // 10, 1)]


def main() -> None:
    """Measure, and print tables."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--runs", type=int, default=16)
    p.add_argument("--seed", type=int, default=1000)
    p.add_argument("--seconds", type=int, default=32)
    p.add_argument("--places", type=int, default=24)
    p.add_argument("--settings", type=int, default=13)
    p.add_argument("--only", default="")
    p.add_argument("--values", default="0.1,0.9")
    p.add_argument("--ways", default=",".join(WAYS))
    p.add_argument("--data", type=Path)
    p.add_argument("--split", default="valid")
    p.add_argument("--waits", action="store_true")
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    checkpoint = load_song_checkpoint(shipped_dir("checkpoints") / "nesmdb-song.safetensors")
    quote = float(checkpoint.about.get("quote", QUOTE))
    sampling = replace(SAMPLING, stirs=not given.waits)
    player = Player(make_decoder(checkpoint), checkpoint.quantiles, quote, sampling)
    ways, steps = given.ways.split(","), given.seconds * STEPS_PER_SECOND
    out: dict[str, Any] = {}
    seeds = range(given.seed, given.seed + max(given.runs, given.places))
    forks = [player.begin(seed) for seed in seeds]
    if given.data is not None:
        out["songs"] = beside(player, given.data, given.split, steps)
        for name, found in out["songs"].items():
            print(f"songs  {name:24}", *(f"{k} {v:5.2f}" for k, v in found.items()), flush=True)
    for axis, (low, high) in enumerate(player.quantiles.reach()):
        for value in map(float, given.values.split(",")):
            name = f"{ATTRIBUTES[axis].name} {value:g}"
            if given.only not in name or not given.runs:
                continue
            held = {axis: value_to_coordinate(value, float(low), float(high))}
            for way in ways if axis != DENSITY else (ALONE,):
                found = row(player, forks[: given.runs], held, way, steps)
                out[f"{name}, {way}"] = found
                shown = (f"{k} {v:5.2f}" for k, v in found.items())
                print(f"{name:16} {way:7}", *shown, flush=True)
    rho: dict[str, dict[str, NDArray[np.float64]]] = {}
    for way in ways if given.places else ():
        rho[way] = correlations(player, forks[: given.places], way, given.settings)
        means = {name: float(found.mean()) for name, found in rho[way].items()}
        out[f"rho, {way}"] = means
        print(f"rho {way:7}", *(f"{k} {v:.3f}" for k, v in means.items()), flush=True)
        if way != ALONE and ALONE in rho:
            out[f"rho, {way}, change"] = changed = {
                name: fallen(found, rho[ALONE][name]) for name, found in rho[way].items()
            }
            print(f"by {way:7}", *(f"{k} {[round(x, 3) for x in v]}" for k, v in changed.items()))
    if given.json is not None:
        given.json.write_text(json.dumps(out, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
