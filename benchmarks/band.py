"""One voice of a song is given: do the others fit it as the song's own do?

    python benchmarks/band.py --data ARCHIVE|DIR [--songs 40] [--bars 16] [--voice P1] [--keys]
                              [--json FILE]

Of songs of the valid split, all of whose metre is sure, one voice plays as it does there, from the
beginning on. The network writes the others as the instrument does when nobody turns anything, once given
the voice, its future known, and once without listening: the same draws, the voice laid over them. The
song's own others stand beside. Each figure is the median of the songs, with its quartiles:

    consonance  of the time in which another voice sounds with it, the share in thirds, fourths, fifths,
                sixths and octaves
    onsets      of its onsets, the share on which another voice begins something, to the tick
    others      of the others' onsets, the share that fall on one of its

With `--keys` somebody plays the voice on a keyboard, not quite in time (12 ms, 1 sigma), in bars of four: the
whole sequencer on simulated time at 120 BPM. Nobody knows what comes, so on a beat or together then is
within two ticks (83 ms), for the songs too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated import BEFORE_SECONDS, simulate
from nesvae_live.app.options import PlayOptions, choose_performance
from nesvae_live.chip.tickcorpus import TickCorpus, read_ticks
from nesvae_live.control.gestureinputs import GiveVoice
from nesvae_live.control.inputs import MidiIn
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import CONSONANT, N_ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.latent.given import OPEN, Given, Source
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import TICKS_PER_BEAT, bar_ticks, tick_of_bar
from nesvae_live.music.phrase import (
    N_VOICES,
    STEPS_PER_SECOND,
    Ints,
    symbols_to_tuples,
    tuples_to_steps,
)
from nesvae_live.music.voices import Voice
from nesvae_live.paths import shipped_dir
from nesvae_live.presets.preset import load_preset

SOUNDS = 0.5
"""A given voice sounds for at least this share of the time."""
BAR = 4 * TICKS_PER_BEAT
HUMAN, GAP = 0.012, 0.02
"""Seconds, one sigma, by which a player is early or late, and that lie between two notes."""
TOGETHER = 2
"""Ticks within which onsets are together where somebody plays."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tune:
    """The notes of a song at each tick, `[n, 3]`, and the place of the first."""

    notes: Ints
    place: int


def tunes(
    corpus: TickCorpus, voice: Voice, ticks: int, most: int, metres: tuple[int, ...]
) -> list[Tune]:
    """As many songs as there are, or `most` of them, spread over the split, in some metres."""
    found = []
    for i in range(len(corpus.lengths)):
        tuples, places = corpus.song(i)
        notes = tuples_to_steps(tuples)[:ticks]
        sure = all(bar_ticks(int(p)) // TICKS_PER_BEAT in metres for p in set(places))
        if sure and len(notes) == ticks and (notes[:, voice] > 0).mean() >= SOUNDS:
            found.append(Tune(notes, int(places[0])))
    return [found[i] for i in np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)]


def accompany(critic: SongCritic, tune: Tune, voice: Voice, seed: int, *, listens: bool) -> Ints:
    """The tune with two voices of the network's, `[n, 3]`."""
    ticks = len(tune.notes)
    line = np.full((ticks, N_VOICES), OPEN)
    line[:, voice] = tune.notes[:, voice]
    known = np.arange(N_VOICES) == voice
    state, played = critic.initial_state(tune.place), 0
    everything = np.ones(N_ATTRIBUTES, np.float32)
    nothing = np.zeros(critic.latent, np.float32)
    parts: list[Ints] = []
    while played < ticks:
        given = Given(line[played:], known) if listens else None
        start = state.asked(Asked(state.place, QUOTE, hands=nothing, given=given))
        start, z = critic.compose(start, nothing, nothing > 0, (seed, len(parts)))
        decoded = critic.decode(z, everything, start, draws(seed, len(parts)), SAMPLING)
        parts.append(symbols_to_tuples(decoded.symbols))
        played += int(parts[-1][:, 3].sum())
        state = decoded.state(len(decoded.symbols))
    out = tuples_to_steps(np.concatenate(parts))[:ticks]
    out[:, voice] = tune.notes[:, voice]
    return out


def jam(
    checkpoint: SongCheckpoint,
    decoder: Decode,
    tune: Tune,
    voice: Voice,
    seed: int,
    *,
    listens: bool,
) -> Ints:
    """What is heard of a tune that somebody plays, `[n, 3]`, from its beginning on."""
    begins = 2 * BAR + int(tick_of_bar(np.array(tune.place)))
    performance = choose_performance(PlayOptions(), load_preset(), checkpoint, seed)
    asks = [GiveVoice(voice, Source.KEYS, at=-BEFORE_SECONDS)] if listens else []
    keys = strokes(tune.notes[:, voice], begins / STEPS_PER_SECOND, seed) if listens else []
    seconds = (begins + len(tune.notes)) / STEPS_PER_SECOND
    heard, _ = simulate(performance, decoder, seconds, asks, keys)
    out = heard[begins : begins + len(tune.notes)]
    if not listens:
        out[:, voice] = tune.notes[:, voice]
    return out


def strokes(line: Ints, begins: float, seed: int) -> list[MidiIn]:
    """The keys of somebody who plays a line `[n]` of ticks from `begins` seconds on."""
    rng, out = np.random.default_rng(seed), []
    changes = [0, *(np.flatnonzero(line[1:] != line[:-1]) + 1), len(line)]
    for start, end in itertools.pairwise(changes):
        if line[start] == 0:
            continue
        on = begins + start / STEPS_PER_SECOND + float(rng.normal(0.0, HUMAN))
        off = max(begins + end / STEPS_PER_SECOND - GAP, on + 0.02)
        out += [MidiIn("keys", (0x90, int(line[start]), 90), on)]
        out += [MidiIn("keys", (0x80, int(line[start]), 0), off)]
    return sorted(out, key=lambda item: item.at)


def fit(notes: Ints, voice: Voice, within: int = 0) -> Floats:
    """How the others of `[n, 3]` fit a voice: consonance, onsets, others; NaN where there is nothing.

    Onsets that are `within` so many ticks are together.
    """
    others = [other for other in range(N_VOICES) if other != voice]
    lead, rest = notes[:, [voice]], notes[:, others]
    both = (lead > 0) & (rest > 0)
    apart = CONSONANT[np.abs(rest - lead) % 12]
    before = np.concatenate((np.zeros((1, N_VOICES), np.int64), notes[:-1]))
    begins = (notes != before) & (notes > 0)
    mine, theirs = begins[:, voice], begins[:, others].any(1)
    with np.errstate(invalid="ignore"):
        return np.array(
            [
                (both * apart).sum() / both.sum(),
                (mine & near(theirs, within)).sum() / mine.sum(),
                (theirs & near(mine, within)).sum() / theirs.sum(),
            ]
        )


def near(onsets: NDArray[np.bool_], within: int) -> NDArray[np.bool_]:
    """Where there is an onset within so many ticks."""
    return np.convolve(onsets, np.ones(2 * within + 1), "same") > 0


def main() -> None:
    """Measure, and print a table."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--songs", type=int, default=40)
    p.add_argument("--bars", type=int, default=16)
    p.add_argument("--voice", choices=[voice.name for voice in Voice][:N_VOICES], default="P1")
    p.add_argument("--keys", action="store_true")
    p.add_argument("--checkpoint", type=Path)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    voice = Voice[given.voice]
    path = given.checkpoint or shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    checkpoint = load_song_checkpoint(path)
    critic = make_decoder(checkpoint)
    metres = (4,) if given.keys else (4, 3)
    found = tunes(read_ticks(given.data, "valid"), voice, given.bars * BAR, given.songs, metres)
    within = TOGETHER if given.keys else 0
    rows: dict[str, list[Floats]] = {"songs": [], "listening": [], "without": []}
    for seed, tune in enumerate(found):
        rows["songs"].append(fit(tune.notes, voice, within))
        for name, listens in (("listening", True), ("without", False)):
            if given.keys:
                heard = jam(checkpoint, critic, tune, voice, seed, listens=listens)
            else:
                heard = accompany(critic, tune, voice, seed, listens=listens)
            rows[name].append(fit(heard, voice, within))
    out = {}
    for name, figures in rows.items():
        low, middle, high = np.nanpercentile(np.stack(figures), (25, 50, 75), 0)
        out[name] = {
            what: {"value": middle[i], "low": low[i], "high": high[i]}
            for i, what in enumerate(("consonance", "onsets", "others"))
        }
        print(
            f"{given.voice} {name:10}",
            *(
                f"{what} {x['value']:.2f} ({x['low']:.2f}-{x['high']:.2f})"
                for what, x in out[name].items()
            ),
        )
    gaps = {
        what: (out["listening"][what]["value"] - out["without"][what]["value"])
        / (out["songs"][what]["value"] - out["without"][what]["value"])
        for what in out["songs"]
    }
    print(len(found), "songs; of the gap closed:", *(f"{k} {v:.2f}" for k, v in gaps.items()))
    if given.json is not None:
        given.json.write_text(json.dumps(out, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
