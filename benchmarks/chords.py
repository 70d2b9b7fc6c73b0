"""Somebody holds chords: is what is written in them, and is the rest of the music as it was?

    python benchmarks/chords.py [--bars 1] [--swap now] [--knobs 12] [--seed 1] [--json FILE]

The whole sequencer on simulated time at 120 BPM, 4/4, nothing turned. Every chord of nine kinds (triads:
major, minor, diminished, augmented; sevenths: 7, maj7, m7, m7b5, dim7) on every root is held for some
bars, in an order that is drawn, each struck up to half a beat before or after a bar line and let go
60 ms before the next. On each beat that lies a beat or more after the change it is counted which of the
notes that sound are the chord's. The same without keys, and the same chords laid over that music, stand beside.

    pulse    the greatest resultant of the onsets at any period, of each 8 bars (`evaluation/song/beat.py`)
    onsets   notes that begin, a bar
    voices   that sound at once, in the mean
    rho      Spearman's, of each attribute knob turned through 9 values in N places while a chord of nine is
             held, and while none is: the mean of the knobs
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated import BEFORE_SECONDS, simulate
from benchmarks.yours import rho
from nesvae_live.app.options import PlayOptions, choose_performance
from nesvae_live.control.gestureinputs import SetChords
from nesvae_live.control.inputs import MidiIn
from nesvae_live.engine.band.chord import Chord
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.harmony import Harmony
from nesvae_live.model.song.memory import SongDecoded, SongState
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.music.metre.place import TICKS_PER_BEAT
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset

KINDS = {
    "triads": ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8)),
    "sevenths": ((0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 10), (0, 3, 6, 9)),
}
CHANNEL = 15
EARLY, GAP = 0.25, 0.06
"""Seconds by which a chord comes before its bar line, or after it, at most; seconds between two."""
BAR = 4 * TICKS_PER_BEAT
WINDOW = 8 * BAR
PERIODS = np.geomspace(2.0, 16.0, 400)


def held(bars: int, seed: int) -> list[tuple[float, tuple[int, ...]]]:
    """When each chord is struck, in seconds, and its notes; the first two bars are without."""
    rng = np.random.default_rng(seed)
    shapes = [
        tuple(48 + root + step for step in shape)
        for kinds in KINDS.values()
        for shape in kinds
        for root in range(12)
    ]
    order = rng.permutation(len(shapes))
    first = 4.0
    return [
        (first + 2.0 * bars * i + float(rng.uniform(-EARLY, EARLY)), shapes[which])
        for i, which in enumerate(order)
    ]


def messages(chords: list[tuple[float, tuple[int, ...]]], end: float) -> list[MidiIn]:
    """The keys of these chords."""
    out = []
    ends = [at - GAP for at, _ in chords[1:]] + [end]
    for (at, notes), off in zip(chords, ends, strict=True):
        for i, note in enumerate(notes):
            out.append(MidiIn("keys", (0x90 | CHANNEL, note, 90), at + 0.01 * i))
            out.append(MidiIn("keys", (0x80 | CHANNEL, note, 0), off + 0.008 * i))
    return sorted(out, key=lambda item: item.at)


def jam(
    checkpoint: SongCheckpoint,
    decoder: Decode,
    seconds: float,
    keys: list[MidiIn],
    swap: str,
    seed: int,
) -> tuple[Ints, Sequencer]:
    """What is heard, `[n, 3]`, and who played it."""
    performance = choose_performance(PlayOptions(swap=swap), load_preset(), checkpoint, seed)
    asks = [SetChords(CHANNEL, at=-BEFORE_SECONDS)]
    return simulate(performance, decoder, seconds, asks, keys)


def in_chord(notes: Ints, chords: list[tuple[float, tuple[int, ...]]]) -> dict[str, float]:
    """Of the notes on beats that lie a beat or more after a change, the share of chord tones, by kind."""
    counts = {name: np.zeros(2) for name in KINDS}
    ends = [at for at, _ in chords[1:]] + [len(notes) / STEPS_PER_SECOND]
    shares = []
    for (at, chord), end in zip(chords, ends, strict=True):
        tones = {note % 12 for note in chord}
        kind = "triads" if len(chord) == 3 else "sevenths"
        mine = np.zeros(2)
        beats = np.arange(np.ceil(2.0 * at + 1.0), np.ceil(2.0 * end)).astype(int)
        for row in notes[beats * TICKS_PER_BEAT]:
            sounding = [int(note) for note in row if note > 0]
            mine += (sum(note % 12 in tones for note in sounding), len(sounding))
        counts[kind] += mine
        shares.append(mine[0] / max(mine[1], 1.0))
    out = {name: float(a / b) for name, (a, b) in counts.items() if b}
    return out | {"least chord": float(min(shares)), "every chord": float(np.mean(shares))}


def moves(notes: Ints) -> dict[str, float]:
    """How the music moves: its pulse, its onsets a bar, and the voices that sound at once."""
    before = np.concatenate((np.zeros((1, 3), np.int64), notes[:-1]))
    begins = ((notes != before) & (notes > 0)).sum(1)
    pulses = []
    for at in range(0, len(begins) - WINDOW + 1, WINDOW):
        count, ticks = begins[at : at + WINDOW], np.arange(WINDOW)
        if count.sum() >= 8:
            turns = np.exp(2j * np.pi * ticks[None] / PERIODS[:, None])
            pulses.append(float(np.abs(turns @ count).max() / count.sum()))
    return {
        "pulse": float(np.median(pulses)),
        "onsets": float(begins.sum() * BAR / len(notes)),
        "on beats": float(begins[::TICKS_PER_BEAT].sum() / begins.sum()),
        "voices": float((notes > 0).sum(1).mean()),
    }


class Harmonised(SongCritic):
    """A critic that has a chord of nine to write in, another one in every place."""

    count = 0

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: SongState,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
        quote: float | None = None,
        *,
        by_hand: bool = True,
    ) -> SongDecoded:
        """Decode in a chord, where a hand has turned something."""
        if start.hands is not None and start.hands.any():
            which = type(self).count // 9  # the nine values of a knob have the same
            type(self).count += 1
            shapes = [shape for kinds in KINDS.values() for shape in kinds]
            chord = Chord.of([60 + which * 5 % 12 + step for step in shapes[which % 9]])
            assert chord is not None
            harmony = Harmony(chord.tones, chord.scale(), tick=(start.place - 1) % TICKS_PER_BEAT)
            start = replace(start, harmony=harmony)
        return super().decode(z, mask, start, uniforms, sampling, quote, by_hand=by_hand)


def main() -> None:
    """Measure, and print a table."""
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("--bars", type=int, default=1)
    p.add_argument("--swap", choices=("now", "beat", "bar"), default="now")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--knobs", type=int, default=0)
    p.add_argument("--json", type=Path)
    given = p.parse_args()
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    critic = make_decoder(checkpoint)
    chords = held(given.bars, given.seed)
    seconds = 4.0 + 2.0 * given.bars * len(chords)
    keys = messages(chords, seconds)
    rows: dict[str, dict[str, float]] = {}
    for name, played in (("held", keys), ("not held", [])):
        notes, sequencer = jam(checkpoint, critic, seconds, played, given.swap, given.seed)
        rows[name] = in_chord(notes, chords) | moves(notes)
        rows[name]["missed"] = sequencer.counters.decodes_missed
        rows[name]["late tails"] = sequencer.counters.splices_late
    if given.knobs:
        plain = rho(critic, checkpoint, given.knobs)
        prior = SongPrior(checkpoint.weights, checkpoint.config)
        harmonised = Harmonised(SongDecoder(checkpoint), checkpoint.quantiles, prior)
        led = rho(harmonised, checkpoint, given.knobs)
        rows["not held"]["rho"] = float(np.mean([*plain.values()]))
        rows["held"]["rho"] = float(np.mean([*led.values()]))
        for knob in plain:
            rows["not held"][f"rho {knob}"], rows["held"][f"rho {knob}"] = plain[knob], led[knob]
    for name, row in rows.items():
        print(f"{name:9}", *(f"{what} {x:.3f}" for what, x in row.items()))
    if given.json is not None:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
