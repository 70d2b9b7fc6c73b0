"""The critic: candidates, and the one that is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.song.songcritic import SongCritic, attribute_errors, candidate_draws
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.steering.presence import patience
from nesvae_live.model.song.steering.quote import farther, quote_to_odds
from nesvae_live.music.phrase import symbols_to_tuples
from tests.support.tiny import TINY, tiny_checkpoint

CHECKPOINT = tiny_checkpoint()
ONLY_DENSITY = np.array([1, 0, 0, 0, 0, 0, 0, 0], np.float32)
Z = np.zeros(8 + TINY.style, np.float32)


def test_the_first_candidates_draws_are_those_given_and_all_are_in_range() -> None:
    uniforms = draws(1, 2)
    many = candidate_draws(uniforms, 5)
    assert np.array_equal(many[0], uniforms)
    assert many.shape == (5, 13, 4)
    assert ((many >= 0) & (many < 1)).all()
    assert all(np.abs(many[0] - other).min() > 0.05 for other in many[1:])


def test_errors_count_only_what_is_set() -> None:
    reached = np.linspace(-1.0, 1.0, 8)[None]
    asked = reached[0].astype(np.float32)
    asked[1:] += 1.0
    assert np.allclose(attribute_errors(reached, asked, ONLY_DENSITY), 0.0, atol=1e-6)
    asked[0] += 0.5
    assert np.allclose(attribute_errors(reached, asked, ONLY_DENSITY), 0.5, atol=1e-6)


def test_the_candidate_nearest_to_the_knobs_is_kept() -> None:
    decoder = SongDecoder(CHECKPOINT)
    critic = SongCritic(decoder, CHECKPOINT.quantiles)
    kept_another = 0
    for index in range(10):
        uniforms, start = draws(0, index), decoder.initial_state()
        z = Z.copy()
        z[0] = 2.0 if index % 2 else -2.0
        sampling = Sampling(guidance=2.0, candidates=6)
        kept = critic.decode(z, ONLY_DENSITY, start, uniforms, sampling)
        # A knob that a hand has set is guided farther; nothing was played that it could be far from.
        by_hand = replace(sampling, guidance=farther(2.0))
        odds = quote_to_odds(start.quote)
        many = candidate_draws(uniforms, 6)
        waits = patience(z, ONLY_DENSITY, None)
        all_ = decoder.decode_many(z, ONLY_DENSITY, start, many, by_hand, odds=odds, patience=waits)
        tuples = np.stack([symbols_to_tuples(d.symbols) for d in all_])
        reached = CHECKPOINT.quantiles.to_coordinates(measure(tuples))
        errors = attribute_errors(reached, z[:8], ONLY_DENSITY)
        assert np.array_equal(kept.symbols, all_[int(errors.argmin())].symbols)
        kept_another += errors.min() < errors[0]
    assert kept_another > 0


def test_with_every_knob_released_it_is_the_decoder_itself() -> None:
    decoder = SongDecoder(CHECKPOINT)
    critic = SongCritic(decoder, CHECKPOINT.quantiles)
    released = np.zeros(8, np.float32)
    start = decoder.initial_state()
    args = (Z, released, start, draws(3, 1), Sampling(guidance=3.0, candidates=4))
    for quote in (0.0, 0.5, 1.0):
        alone = decoder.decode(*args, odds=quote_to_odds(quote))
        assert np.array_equal(critic.decode(*args, quote).symbols, alone.symbols)
    alone = decoder.decode(*args, odds=quote_to_odds(start.quote))
    assert np.array_equal(critic.decode(*args).symbols, alone.symbols)


def test_candidates_at_once_are_the_candidates_one_by_one() -> None:
    decoder = SongDecoder(CHECKPOINT)
    z, mask = Z.copy(), np.ones(8, np.float32)
    z[:8] = np.linspace(-1, 1, 8)
    start = decoder.initial_state()
    for n in (1, 2, 3, 5, 7):
        many = candidate_draws(draws(2, n), n)
        together = decoder.decode_many(z, mask, start, many, Sampling(0.9, 0.95, 2.0))
        for uniforms, decoded in zip(many, together, strict=True):
            alone = decoder.decode(z, mask, start, uniforms, Sampling(0.9, 0.95, 2.0))
            assert np.array_equal(alone.symbols, decoded.symbols)
