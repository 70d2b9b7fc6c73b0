"""One voice of a song is given: do the others fit it as the song's own do?

    python benchmarks/band.py --data ARCHIVE|DIR [--songs 40] [--bars 16] [--voice P1] [--json FILE]

Of songs of the valid split, all of whose metre is sure, one voice plays as it does there, from the
beginning on. The network writes the others as the instrument does when nobody turns anything, once given
the voice, its future known, and once without listening: the same draws, the voice laid over them. The
song's own others stand beside. Each figure is the median of the songs, with its quartiles:

    consonance  of the time in which another voice sounds with it, the share in thirds, fourths, fifths,
                sixths and octaves
    onsets      of its onsets, the share on which another voice begins something, to the tick
    others      of the others' onsets, the share that fall on one of its
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.tickcorpus import TickCorpus, read_ticks
from nesvae_live.engine.inference import draws
from nesvae_live.latent.attributes import CONSONANT, N_ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.latent.given import OPEN, Given
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT
from nesvae_live.music.phrase import N_VOICES, Ints, symbols_to_tuples, tuples_to_steps
from nesvae_live.music.voices import Voice
from nesvae_live.paths import shipped_dir

SOUNDS = 0.5
"""A given voice sounds for at least this share of the time."""
BAR = 4 * TICKS_PER_BEAT
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tune:
    """The notes of a song at each tick, `[n, 3]`, and the place of the first."""

    notes: Ints
    place: int


def tunes(corpus: TickCorpus, voice: Voice, ticks: int, most: int) -> list[Tune]:
    """As many songs as there are, or `most` of them, spread over the split."""
    found = []
    for i in range(len(corpus.lengths)):
        tuples, places = corpus.song(i)
        notes = tuples_to_steps(tuples)[:ticks]
        sure = (places != FREE).all()
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


def fit(notes: Ints, voice: Voice) -> Floats:
    """How the others of `[n, 3]` fit a voice: consonance, onsets, others; NaN where there is nothing."""
    others = [other for other in range(N_VOICES) if other != voice]
    lead, rest = notes[:, [voice]], notes[:, others]
    both = (lead > 0) & (rest > 0)
    apart = CONSONANT[np.abs(rest - lead) % 12]
    before = np.concatenate((np.zeros((1, N_VOICES), np.int64), notes[:-1]))
    begins = (notes != before) & (notes > 0)
    mine, theirs = begins[:, voice], begins[:, others].any(1)
    with np.errstate(invalid="ignore"):
        together = (mine & theirs).sum()
        return np.array(
            [
                (both * apart).sum() / both.sum(),
                together / mine.sum(),
                together / theirs.sum(),
            ]
        )


def main() -> None:
    """Measure, and print a table."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--songs", type=int, default=40)
    p.add_argument("--bars", type=int, default=16)
    p.add_argument("--voice", choices=[voice.name for voice in Voice][:N_VOICES], default="P1")
    p.add_argument("--checkpoint", type=Path)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    voice = Voice[given.voice]
    path = given.checkpoint or shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    critic = make_decoder(load_song_checkpoint(path))
    found = tunes(read_ticks(given.data, "valid"), voice, given.bars * BAR, given.songs)
    rows: dict[str, list[Floats]] = {"songs": [], "listening": [], "without": []}
    for seed, tune in enumerate(found):
        rows["songs"].append(fit(tune.notes, voice))
        for name, listens in (("listening", True), ("without", False)):
            rows[name].append(fit(accompany(critic, tune, voice, seed, listens=listens), voice))
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
