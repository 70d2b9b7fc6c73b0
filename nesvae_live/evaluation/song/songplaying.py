"""Playing with format 3 as the instrument does: from places in held-out songs, and from nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.evaluation.song.beat import Music
from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.decoding import START, Asked, Sampling
from nesvae_live.model.song.memory import Keys, Memory, SongState, places_from
from nesvae_live.model.song.song import SongVae, Step
from nesvae_live.model.song.songconfig import UNKNOWN, YOURS
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.music.phrase import (
    SLOTS,
    TUPLES_PER_PHRASE,
    Ints,
    symbols_to_tuples,
    tuples_to_symbols,
)

F32 = NDArray[np.float32]
MOST_PHRASES = 10_000
"""Of a performance that nothing else ends."""


@dataclass(frozen=True)
class SongPast:
    """Where n phrases go on from."""

    states: tuple[SongState, ...]

    def rows(self, index: NDArray[np.integer] | slice) -> SongPast:
        """Some of them, or some of them several times."""
        at = np.arange(len(self.states))[index]
        return SongPast(tuple(self.states[i] for i in at))


@torch.no_grad()
def read_song(
    model: SongVae, quantiles: Quantiles, piece: Music, phrase: int
) -> tuple[SongState, F32]:
    """Play a song up to a phrase.

    Every phrase before is read with its own coordinates and style, all attributes set.

    Args:
        model: in eval mode.
        quantiles: the attributes' places.
        piece: the song.
        phrase: which whole phrase, from 0.

    Returns:
        Where it stands before the phrase, and the phrase's own z `[Z]`.
    """
    n = (phrase + 1) * TUPLES_PER_PHRASE
    tuples, places = piece.tuples[:n], piece.places[:n]
    symbols = tuples_to_symbols(tuples)
    shape = (phrase + 1, TUPLES_PER_PHRASE, SLOTS)
    counts = torch.full((phrase + 1,), TUPLES_PER_PHRASE)
    mu, _ = model.encoder(torch.from_numpy(symbols.reshape(shape)), counts)
    a = quantiles.to_coordinates(measure(tuples.reshape(shape))).astype(np.float32)
    z = torch.cat((torch.from_numpy(a), mu), 1)
    before = n - TUPLES_PER_PHRASE
    zm = torch.cat((z, torch.ones(phrase + 1, N_ATTRIBUTES)), 1)
    zm = zm.repeat_interleave(TUPLES_PER_PHRASE, 0)[None, :before]
    previous = np.concatenate((np.array(START)[None], symbols))[:before]
    step = Step(
        torch.from_numpy(previous)[None],
        torch.from_numpy(places[:before])[None],
        torch.tensor(YOURS).expand(1, before, -1),
        torch.full((1, before), UNKNOWN),
    )
    state, keys = model.decoder.initial_state(1), np.zeros((0, model.config.keys), np.float32)
    last = START
    if before:
        y, state = model.decoder.hidden(step, zm, state)
        keys = model.pointer.key(y)[0].numpy()
        a_, b_, c_, d_ = (int(symbol) for symbol in symbols[before - 1])
        last = (a_, b_, c_, d_)
    memory = Memory.empty(model.config.keys)
    if before:
        ticks = np.concatenate(([0], np.cumsum(tuples[: before - 1, 3])))
        memory = Memory(symbols[:before], places[:before], ticks, Keys.of(keys)).recent()
    return SongState(state[:, 0].numpy(), last, int(places[before]), memory), z[-1].numpy()


@dataclass(frozen=True)
class SongPlay:
    """A `PhraseDecoder` of format 3: decodes as the instrument does, one phrase after the other."""

    critic: SongCritic
    sampling: Sampling
    rng: np.random.Generator
    quote: float

    def __call__(self, z: F32, mask: F32, past: SongPast) -> Ints:
        """`[n, Z]`, `[n, 8]` and n states to `[n, 13, 4]` tuples."""
        out = np.empty((len(z), TUPLES_PER_PHRASE, SLOTS), np.int64)
        for i, state in enumerate(past.states):
            uniforms = self.rng.random((TUPLES_PER_PHRASE, SLOTS), dtype=np.float32)
            found = self.critic.decode(z[i], mask[i], state, uniforms, self.sampling, self.quote)
            out[i] = symbols_to_tuples(found.symbols)
        return out


def choose_contexts(songs: list[Music], n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """At most n (song, phrase): whole phrases with some past, each at most once, in order."""
    every = [
        (song, phrase)
        for song, piece in enumerate(songs)
        for phrase in range(1, len(piece.tuples) // TUPLES_PER_PHRASE)
    ]
    picked = np.sort(rng.choice(len(every), min(n, len(every)), replace=False))
    return [every[i] for i in picked]


def run_song(
    critic: SongCritic,
    sampling: Sampling,
    seed: int,
    *,
    place: int,
    phrases: int = MOST_PHRASES,
    ticks: int | None = None,
    quote: float = 0.5,
    touched: bool = True,
) -> Music:
    """Play from nothing what no hand steers, until there are so many phrases, or ticks.

    Args:
        critic: of the checkpoint, with its prior.
        sampling: the instrument's.
        seed: for all draws.
        place: where in the bar it begins.
        phrases: at most.
        ticks: no phrase begins after so many.
        quote: as in `SongCritic.decode`.
        touched: whether the first phrase's attributes are set by the prior too, as in the auto mode.
    """
    state = critic.initial_state(place)
    released, everything = np.zeros(N_ATTRIBUTES, np.float32), np.ones(N_ATTRIBUTES, np.float32)
    rng, played = np.random.default_rng(seed), 0
    symbols: list[Ints] = []
    places: list[Ints] = []
    while len(symbols) < phrases and (ticks is None or played < ticks):
        nothing = np.zeros(critic.latent, np.float32)
        start = state.asked(Asked(state.place, quote, hands=nothing))
        start, z = critic.compose(start, nothing, nothing > 0, (seed, len(symbols)), sampling)
        uniforms = rng.random((TUPLES_PER_PHRASE, SLOTS), dtype=np.float32)
        mask = everything if touched or symbols else released
        decoded = critic.decode(z, mask, start, uniforms, sampling)
        held = decoded.symbols[:, 3] + 1
        symbols.append(decoded.symbols)
        places.append(places_from(state.place, held))
        played += int(held.sum())
        state = decoded.state(TUPLES_PER_PHRASE)
    return Music(symbols_to_tuples(np.concatenate(symbols)), np.concatenate(places))
