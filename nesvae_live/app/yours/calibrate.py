"""Plays in a new style, listens where the music really goes, and aims so that it goes where the files are.

What the network writes lies nearer to what it is used to than what it was asked for. By how much is heard in a
few minutes of it: the regions are moved against that, and made as much wider as it was narrower.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.engine.phrases.inference import COMPOSED, draws
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import N_ATTRIBUTES, measure
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.model.encoder import Encoder
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.yours.styledprior import make_styled_decoder, turned
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints, symbols_to_tuples, tuples_to_symbols

Floats = NDArray[np.float64]

ROUNDS, RUNS, PHRASES = 3, 6, 24
"""How often it is played, and how many phrases of how many jams."""
GAIN = 0.7
"""So much of what is missing is made up for in a round."""
FARTHEST, WIDEST = 1.2, 1.5
"""By how much the regions are moved at most, in standard deviations of the corpus, and widened."""
SEED = 77


def calibrate(style: Adopted, checkpoint: SongCheckpoint, z: Floats) -> Adopted:
    """The style, aimed so that what is played in it lies like the files' phrases `z` `[n, Z]`."""
    encoder = Encoder(checkpoint)
    moved, wider = np.zeros(z.shape[1]), np.ones(z.shape[1])
    aimed = style
    for _ in range(ROUNDS):
        mine = turned(checkpoint, aimed)
        heard = phrases_to_z(play(make_styled_decoder(mine, aimed)), checkpoint, encoder)
        moved = np.clip(moved + GAIN * (z.mean(0) - heard.mean(0)), -FARTHEST, FARTHEST)
        if len(z) > 1:
            ratio = (z.std(0) / np.maximum(heard.std(0), 0.05)) ** GAIN
            wider = np.clip(wider * ratio, 1.0 / WIDEST, WIDEST)
        middle = style.weights @ style.means
        means = middle + moved + wider * (style.means - middle)
        aimed = replace(style, means=means, deviations=style.deviations * wider)
    return aimed


def play(critic: SongCritic) -> Ints:
    """Phrases `[n, 13, 4]` of the untouched instrument, which composes each, in 4/4."""
    out = []
    nothing = np.zeros(critic.latent, np.float32)
    mask = np.ones(N_ATTRIBUTES, np.float32)
    for seed in range(SEED, SEED + RUNS):
        state = critic.initial_state(place_of(0, 4))
        for i in range(PHRASES):
            start = state.asked(Asked(state.place, QUOTE, hands=nothing))
            start, z = critic.compose(start, nothing, nothing > 0, (seed, i, COMPOSED))
            uniforms = draws(seed, i, 0, TUPLES_PER_PHRASE)
            decoded = critic.decode(z, mask, start, uniforms, SAMPLING)
            state = decoded.state(TUPLES_PER_PHRASE)
            out.append(symbols_to_tuples(decoded.symbols))
    return np.stack(out)


def phrases_to_z(phrases: Ints, checkpoint: SongCheckpoint, encoder: Encoder) -> Floats:
    """Where whole phrases `[n, 13, 4]` lie, `[n, Z]`."""
    a = checkpoint.quantiles.to_coordinates(measure(phrases))
    u = [encoder.encode(tuples_to_symbols(phrase), TUPLES_PER_PHRASE)[0] for phrase in phrases]
    return np.concatenate((a, np.stack(u)), 1).astype(np.float64)
