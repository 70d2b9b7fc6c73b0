"""A first phrase is drawn as songs begin in that metre, or free, and phrases are as common as theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.steering.freeness import AFTER, chances
from nesvae_live.model.song.steering.marginals import UNMENDED
from nesvae_live.music.metre.place import FREE, place_of
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

DENSITY = 0


def test_what_is_dense_is_likelier_free_and_counts_less_later() -> None:
    z = np.zeros((3, N_ATTRIBUTES + 2), np.float32)
    z[:, DENSITY] = -2, 0, 2
    z[:, N_ATTRIBUTES:] = 9  # style says nothing
    plain = UNMENDED.phrase
    free, metre = chances(z, True, plain), chances(z, False, plain)
    later = chances(z, True, plain, AFTER)
    for found in (free, metre, later):
        assert found.sum() == pytest.approx(1)
    assert free[0] < free[1] < free[2]
    assert metre[0] > metre[1] > metre[2]
    assert free[2] - free[0] > later[2] - later[0] > 0


def test_what_songs_have_more_of_is_chosen_more_often() -> None:
    z = np.zeros((4, N_ATTRIBUTES + 2), np.float32)
    z[:, 1] = (
        -2.5,
        0.0,
        1.0,
        2.5,
    )  # register: the first range, the middle one, the last but one and the last
    phrase = UNMENDED.phrase.copy()
    phrase[1] = np.log([3, 1, 1, 1, 1, 2, 4])
    found, plain = chances(z, True, phrase), chances(z, True, UNMENDED.phrase)
    assert (found / plain / (found / plain)[1]).tolist() == pytest.approx([3, 1, 2, 4])


def test_first_phrases_are_denser_where_music_is_free() -> None:
    checkpoint = tiny_song_checkpoint()
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    critic = SongCritic(SongDecoder(checkpoint), checkpoint.quantiles, prior)
    nothing = np.zeros(TINY_SONG.latent, np.float32)

    def densities(place: int, **how: bool) -> list[float]:
        start, sampling = critic.initial_state(place), replace(SAMPLING, **how)
        drawn = [
            critic.compose(start, nothing, nothing > 0, (5, i), sampling)[1] for i in range(60)
        ]
        return [float(z[DENSITY]) for z in drawn]

    free, bar = densities(FREE), densities(place_of(0, 4))
    assert np.mean(free) > np.mean(bar) + 0.5
    free, bar = densities(FREE, recalls=False), densities(place_of(0, 4), recalls=False)
    plain = densities(FREE, heeds_metre=False, recalls=False)
    assert plain == densities(place_of(0, 4), heeds_metre=False, recalls=False)
    assert np.mean(bar) < np.mean(plain) < np.mean(free)
