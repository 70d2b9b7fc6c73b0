"""Phrases of held-out music as somebody plays them, and how near to them something else is."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.corpus import read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.engine.phrases.requestbuilder import LIKELIEST
from nesvae_live.latent.attributes import N_ATTRIBUTES, measure
from nesvae_live.model.encoder import Encoder, PhraseEncoder
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.ticks import score_to_ticks
from nesvae_live.music.phrase import (
    TUPLES_PER_PHRASE,
    Ints,
    symbols_to_tuples,
    tuples_to_phrases,
    tuples_to_steps,
    tuples_to_symbols,
)
from nesvae_live.music.voices import VOICES
from nesvae_live.paths import find_checkpoint

STEPS_PER_BEAT = 12
SONGS = 40
"""Songs that held-out phrases are taken from."""
NoteMessage = tuple[float, tuple[int, int, int]]


@dataclass(frozen=True)
class Model:
    """The shipped checkpoint, ready."""

    checkpoint: SongCheckpoint
    decoder: SongCritic
    finder: PhraseEncoder

    def reconstruct(self, phrase: Ints) -> Ints:
        """The model's own reconstruction: from where the phrase is, by the likeliest symbols."""
        decoded = self.decoder.decode(
            self.finder.encode(phrase),
            np.ones(N_ATTRIBUTES, np.float32),
            self.decoder.initial_state(),
            np.full((TUPLES_PER_PHRASE, 4), 0.5, np.float32),
            LIKELIEST,
        )
        return symbols_to_tuples(decoded.symbols)


@functools.cache
def model() -> Model:
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    decoder = make_decoder(checkpoint)
    finder = PhraseEncoder(Encoder(checkpoint), checkpoint.quantiles)
    return Model(checkpoint, decoder, finder)


def held_out(archive: Path, n: int, seed: int = 0) -> list[Ints]:
    """`n` whole phrases of the valid split with a note in them, from anywhere in some of its songs."""
    found = []
    draw = np.random.default_rng(seed)
    files, _ = read_files(archive, "valid")
    for i in draw.permutation(len(files))[:SONGS]:
        song = score_to_ticks(loads_exprsco(files[i][1]).score)
        phrases, counts = tuples_to_phrases(song.tuples)
        whole = phrases[counts == TUPLES_PER_PHRASE]
        found += [p for p in whole if (p[:, :3] > 0).any()]
    order = draw.permutation(len(found))
    return [found[i] for i in order[:n]]


def phrase_to_messages(phrase: Ints, tempo: float, draw: np.random.Generator) -> list[NoteMessage]:
    """(seconds, note on or off), each at most 3 ms early or late; 12 steps are a beat."""
    step = 60.0 / tempo / STEPS_PER_BEAT
    messages: list[NoteMessage] = []
    for spec in VOICES:
        notes = [0, *tuples_to_steps(phrase)[:, spec.voice].tolist(), 0]
        for i, (was, now) in enumerate(pairwise(notes)):
            at = i * step + draw.uniform(-0.003, 0.003)
            if was != now and was:
                messages.append((at, (0x80 | spec.channel, was, 0)))
            if was != now and now:
                messages.append((at, (0x90 | spec.channel, now, 90)))
    begin = min(at for at, _ in messages)
    return sorted((at - begin, message) for at, message in messages)


def nearness(played: Sequence[Ints], heard: Sequence[Ints]) -> dict[str, float]:
    """How near phrases are to what was played, means over all.

    `tokens`: the share of the 52 that are the same in their place; `steps`: of the steps of 1/24 s
    and voices of what was played, the share in which the same sounds; `attributes`: how far the
    eight are off, in standard deviations of the corpus.
    """
    quantiles = model().checkpoint.quantiles

    def coordinates(phrases: Sequence[Ints]) -> NDArray[np.float64]:
        return quantiles.to_coordinates(measure(np.stack(phrases)))

    pairs = list(zip(played, heard, strict=True))
    return {
        "tokens": float(
            np.mean([(tuples_to_symbols(a) == tuples_to_symbols(b)).mean() for a, b in pairs])
        ),
        "steps": float(np.mean([_same_steps(a, b) for a, b in pairs])),
        "attributes": float(np.abs(coordinates(played) - coordinates(heard)).mean()),
    }


def _same_steps(played: Ints, heard: Ints) -> float:
    a, b = tuples_to_steps(played), tuples_to_steps(heard)
    n = min(len(a), len(b))
    return float((a[:n] == b[:n]).sum() / a.size)
