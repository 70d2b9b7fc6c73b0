"""The eight measures and their quantiles, against phrases worked out by hand."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.latent.attributes import ATTRIBUTES, Quantiles, fit_quantiles, measure

NAMES = [a.name for a in ATTRIBUTES]


def measured(*tuples: tuple[int, int, int, int]) -> dict[str, float]:
    phrase = np.zeros((1, 13, 4), np.int64)
    phrase[0, : len(tuples)] = tuples
    return dict(zip(NAMES, measure(phrase)[0], strict=True))


def test_the_order_of_the_ids() -> None:
    assert NAMES == [
        "density", "register", "bass", "polyphony",
        "regularity", "motion", "consonance", "focus",
    ]  # fmt: skip


def test_density_counts_what_starts_a_second() -> None:
    # P1 starts twice, P2 once (held), TR never, in 12 steps = half a second.
    assert measured((60, 64, 0, 6), (62, 64, 0, 6))["density"] == pytest.approx(6.0)


def test_register_is_the_pulses_mean_pitch_by_time() -> None:
    assert measured((60, 0, 30, 1), (72, 0, 30, 3))["register"] == pytest.approx(69.0)


def test_bass_is_how_much_and_how_low_the_triangle_plays() -> None:
    assert measured((60, 0, 21, 4))["bass"] == pytest.approx(1.0)
    assert measured((60, 0, 108, 4))["bass"] == pytest.approx(0.5)
    assert measured((60, 0, 21, 1), (60, 0, 0, 3))["bass"] == pytest.approx(0.25)


def test_polyphony_is_voices_at_once_by_time() -> None:
    assert measured((60, 64, 40, 1), (60, 0, 0, 3))["polyphony"] == pytest.approx(1.5)


def test_regularity_is_highest_where_all_holds_are_alike() -> None:
    alike = measured((60, 0, 0, 2), (62, 0, 0, 2), (64, 0, 0, 2), (65, 0, 0, 2))
    mixed = measured((60, 0, 0, 1), (62, 0, 0, 2), (64, 0, 0, 3), (65, 0, 0, 4))
    assert alike["regularity"] == pytest.approx(0.0)
    assert mixed["regularity"] == pytest.approx(-2.0)


def test_motion_is_the_pulses_mean_leap() -> None:
    assert measured((60, 70, 0, 1), (64, 70, 0, 1), (64, 68, 0, 1))["motion"] == pytest.approx(3.0)


def test_consonance_is_the_share_of_time_that_pairs_agree() -> None:
    assert measured((60, 67, 0, 1))["consonance"] == pytest.approx(1.0)
    assert measured((60, 61, 0, 1))["consonance"] == pytest.approx(0.0)
    assert measured((60, 67, 0, 3), (60, 61, 0, 1))["consonance"] == pytest.approx(0.75)


def test_focus_is_highest_on_one_pitch_class() -> None:
    assert measured((60, 72, 48, 4))["focus"] == pytest.approx(0.0)
    assert measured((60, 0, 0, 1), (61, 0, 0, 1))["focus"] == pytest.approx(-1.0)


def test_what_cannot_be_measured_is_nan() -> None:
    silent = measured((0, 0, 0, 4))
    assert [n for n in NAMES if np.isnan(silent[n])] == [
        "register", "motion", "consonance", "focus",
    ]  # fmt: skip


def test_tuples_that_are_not_there_count_for_nothing() -> None:
    assert measured((60, 64, 40, 4)) == pytest.approx(measured((60, 64, 40, 4)), nan_ok=True)
    padded = np.zeros((1, 13, 4), np.int64)
    padded[0, 0] = (60, 64, 40, 4)
    assert np.allclose(measure(padded), measure(padded[:, :1]), equal_nan=True)


@pytest.fixture
def corpus() -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    return np.column_stack([rng.gamma(2.0, size=4000) for _ in NAMES])


def fit(corpus: NDArray[np.float64]) -> Quantiles:
    normal = NormalDist()
    return fit_quantiles(corpus, np.array([normal.inv_cdf((i + 0.5) / 999) for i in range(999)]))


def test_coordinates_are_standard_normal_over_the_corpus(corpus: NDArray[np.float64]) -> None:
    coordinates = fit(corpus).to_coordinates(corpus)
    assert np.allclose(coordinates.mean(0), 0.0, atol=0.05)
    assert np.allclose(coordinates.std(0), 1.0, atol=0.05)
    assert np.abs(coordinates).max() <= 2.5


def test_equal_values_share_the_middle_of_their_ranks_and_end_the_reach(
    corpus: NDArray[np.float64],
) -> None:
    corpus[:2000, 3] = corpus[:, 3].max() + 1.0  # half of the corpus at one value, at the top
    quantiles = fit(corpus)
    top = quantiles.to_coordinates(corpus[:1])[0, 3]
    assert top == pytest.approx(NormalDist().inv_cdf(0.75), abs=0.01)
    assert quantiles.reach()[3].tolist() == pytest.approx([-2.5, top])


def test_what_could_not_be_measured_is_in_the_middle(corpus: NDArray[np.float64]) -> None:
    row = np.full((1, 8), np.nan)
    assert (fit(corpus).to_coordinates(row) == 0.0).all()
