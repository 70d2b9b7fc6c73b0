"""The critic of format 3: candidates for a phrase, how much they may quote, and which one is kept."""

from __future__ import annotations

import numpy as np

from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.critic import Critic, attribute_errors, candidate_draws
from nesvae_live.model.decoder import Decoder
from nesvae_live.model.gru import F32
from nesvae_live.model.song.memory import Memory, SongDecoded, SongState
from nesvae_live.model.song.quote import heed, quote_to_odds
from nesvae_live.model.song.songcheckpoint import AnyCheckpoint, SongCheckpoint
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, symbols_to_tuples


class SongCritic:
    """A decoder that spells several candidates at once and keeps the best."""

    def __init__(self, decoder: SongDecoder, quantiles: Quantiles) -> None:
        self._decoder = decoder
        self._quantiles = quantiles

    def initial_state(self, place: int = FREE) -> SongState:
        """No past."""
        return self._decoder.initial_state(place)

    def decode(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling,
        quote: float | None = None,
        *,
        by_hand: bool = True,
    ) -> SongDecoded:
        """Spell tuples, as `SongDecoder.decode` does; with every knob released there is one candidate.

        `quote` is 0 (never quote the past) to 1 (all it can); .5 is as it learnt to; None leaves it
        to the state. Knobs that were set `by_hand` have the past heed them; those that the prior
        set go on from it anyway.
        """
        odds = quote_to_odds(start.quote if quote is None else quote)
        if not mask.any():
            return self._decoder.decode(z, mask, start, uniforms, sampling, odds=odds)
        if by_hand:
            odds = heed(odds, self.distance(z, mask, start.memory))
        draws = candidate_draws(uniforms, sampling.candidates)
        found = self._decoder.decode_many(z, mask, start, draws, sampling, odds=odds)
        tuples = np.stack([symbols_to_tuples(decoded.symbols) for decoded in found])
        errors = attribute_errors(tuples, z[None, : len(mask)], mask[None], self._quantiles)
        return found[int(errors.argmin())]

    def distance(self, z: F32, mask: F32, memory: Memory) -> float:
        """How far what is asked for is from what was just played; 0 where nothing was."""
        if len(memory) < TUPLES_PER_PHRASE:
            return 0.0
        last = symbols_to_tuples(memory.symbols[-TUPLES_PER_PHRASE:])
        there = self._quantiles.to_coordinates(measure(last[None]))[0]
        return float((np.abs(z[: len(mask)] - there) * mask).sum() / mask.sum())


def make_decoder(checkpoint: AnyCheckpoint) -> Critic | SongCritic:
    """A checkpoint's decoder, compiled, with the critic that keeps the best of its candidates."""
    if isinstance(checkpoint, SongCheckpoint):
        songs = SongDecoder(checkpoint.weights, checkpoint.config)
        songs.warm_up()
        return SongCritic(songs, checkpoint.quantiles)
    decoder = Decoder(checkpoint)
    decoder.warm_up()
    return Critic(decoder, checkpoint.quantiles)
