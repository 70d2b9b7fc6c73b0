"""The auto mode's walk: repeatable, within reach, and as slow as it claims."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES
from nesvae_live.latent.walk import FAST, SLOW, SPREAD, STAY, STYLE_SLOW, WALKS, Spread, Walk

N_STYLE = 3
REACH = np.tile((-2.5, 2.5), (N_ATTRIBUTES, 1))
FAR = np.tile((-99.0, 99.0), (N_ATTRIBUTES, 1))
ENDED = np.tile((-2.5, 1.2), (N_ATTRIBUTES, 1))


def walk(seed: int, reach: NDArray[np.float64] = FAR, n: int = 400) -> NDArray[np.float32]:
    one = Walk(seed, Spread.plain(N_STYLE), reach)
    return np.stack([one.at(i) for i in range(n)])


@pytest.fixture(scope="module")
def many() -> NDArray[np.float32]:
    return np.stack([walk(seed, n=12) for seed in range(3000)])  # walk phrase axis


def test_the_table_names_the_attributes_in_their_order() -> None:
    assert [w.name for w in WALKS] == [a.name for a in ATTRIBUTES]
    assert [len(w.correlations) for w in WALKS] == list(range(N_ATTRIBUTES))


def test_a_seed_gives_one_walk_and_another_seed_another() -> None:
    assert np.array_equal(walk(1, n=20), walk(1, n=20))
    assert not np.allclose(walk(1, n=20), walk(2, n=20))


def test_a_phrase_asked_for_again_or_out_of_turn_is_the_same() -> None:
    one = Walk(7, Spread.plain(N_STYLE), REACH)
    there = one.at(9)
    assert np.array_equal(one.at(9), there)
    earlier = one.at(4)
    assert np.array_equal(one.at(9), there)
    assert np.array_equal(Walk(7, Spread.plain(N_STYLE), REACH).at(4), earlier)


def test_the_attributes_stay_within_reach() -> None:
    reach = np.tile((-1.5, 1.2), (N_ATTRIBUTES, 1))
    a = walk(3, reach)[:, :N_ATTRIBUTES]
    assert a.min() == np.float32(-1.5)
    assert a.max() == np.float32(1.2)


def test_an_end_that_many_phrases_share_is_walked_to_as_often(many: NDArray[np.float32]) -> None:
    share = 2 * (1 - NormalDist().cdf(1.2))  # its coordinate is the middle of their ranks
    at_end = (many[:, :, :N_ATTRIBUTES] >= np.float32(1.2)).mean()
    assert abs(at_end - share / 2) < 0.03  # without such an end
    ended = [Walk(seed, Spread.plain(N_STYLE), ENDED).at(0)[:N_ATTRIBUTES] for seed in range(400)]
    assert abs((np.stack(ended) == np.float32(1.2)).mean() - share) < 0.03


def test_every_axis_is_a_standard_normal_at_any_time(many: NDArray[np.float32]) -> None:
    for at in (0, 11):
        assert np.abs(many[:, at].mean(0)).max() < 0.08
        assert np.abs(many[:, at].std(0) - 1).max() < 0.06


@pytest.mark.parametrize(("axis", "slow"), [(0, 0.95), (7, 0.60), (N_ATTRIBUTES, STYLE_SLOW)])
@pytest.mark.parametrize("lag", [1, 8])
def test_what_stays_after_some_phrases_is_slow_plus_fast(
    many: NDArray[np.float32], axis: int, slow: float, lag: int
) -> None:
    expected = slow * SLOW**lag + (1 - slow) * FAST**lag
    found = np.corrcoef(many[:, 0, axis], many[:, lag, axis])[0, 1]
    assert found == pytest.approx(expected, abs=0.06)


def test_the_attributes_move_together_as_the_spread_says(many: NDArray[np.float32]) -> None:
    found: NDArray[np.float64] = np.asarray(np.corrcoef(many[:, 5].T))
    polyphony, bass = 3, 2
    share = np.sqrt(WALKS[bass].slow * WALKS[polyphony].slow)
    share += np.sqrt((1 - WALKS[bass].slow) * (1 - WALKS[polyphony].slow))
    assert found[polyphony, bass] == pytest.approx(0.70 * share, abs=0.05)
    assert np.abs(found[:N_ATTRIBUTES, N_ATTRIBUTES:]).max() < 0.08


def test_the_walk_centres_on_the_spread_s_mean() -> None:
    n = N_ATTRIBUTES + N_STYLE
    spread = Spread(np.ones(1), np.linspace(-1, 1, n)[None], 1e-6 * np.eye(n)[None])
    assert np.allclose(Walk(0, spread, FAR).at(50), spread.means[0], atol=0.01)


def test_a_spread_survives_the_checkpoint_s_json() -> None:
    n = N_ATTRIBUTES + N_STYLE
    spread = Spread(np.ones(1), np.linspace(-1, 1, n)[None], (np.eye(n) + 0.25)[None])
    again = Spread.of(json.loads(json.dumps({SPREAD: spread.to_about()})), N_STYLE)
    assert np.allclose(again.means, spread.means, atol=1e-4)
    assert np.allclose(again.covariances, spread.covariances, atol=1e-4)
    plain = Spread.of({}, N_STYLE)
    assert np.array_equal(plain.covariances, Spread.plain(N_STYLE).covariances)


def test_a_walk_is_in_each_region_as_often_as_the_corpus_and_stays_there() -> None:
    n = N_ATTRIBUTES + N_STYLE
    means = np.stack((np.full(n, -5.0), np.full(n, 5.0)))
    spread = Spread(np.array([0.25, 0.75]), means, np.stack([0.01 * np.eye(n)] * 2))
    second = np.array([[Walk(s, spread, FAR).at(i)[0] > 0 for i in (0, 1)] for s in range(2000)])
    assert abs(second.mean() - 0.75) < 0.03
    moved = (second[:, 0] != second[:, 1]).mean()
    assert abs(moved - (1 - STAY) * 2 * 0.25 * 0.75) < 0.01
