"""A style's regions are those of the phrases, and it moves as the pieces do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.latent.adopted import Adopted, Regions, fit_movement, fit_regions
from nesvae_live.latent.setting import STYLE_KNOBS, Setting, reordered
from nesvae_live.log.plain import to_data, to_value
from tests.support.styles import tiny_style

SIZE = 13


def two_places(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([centre + 0.3 * rng.standard_normal((n, SIZE)) for centre in (-1.5, 1.5)])


def test_phrases_in_two_places_are_two_regions() -> None:
    weights, means, deviations, _ = fit_regions(two_places(60))
    right = means.mean(1) > 0
    assert np.abs(np.abs(means.mean(1)) - 1.5).max() < 0.2, "no region lies between the two"
    assert weights[right].sum() == pytest.approx(0.5, abs=0.01)
    assert deviations.mean() == pytest.approx(0.28, abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_few_phrases_make_a_region_too_and_the_same_ones_the_same(n: int) -> None:
    z = two_places(n)[:n]
    found = fit_regions(z)
    assert all(np.isfinite(x).all() for x in found)
    assert (found.deviations > 0).all()
    assert (np.linalg.eigvalsh(found.correlations) > 0).all()
    assert all(np.array_equal(a, b) for a, b in zip(found, fit_regions(z), strict=True))
    stay, kept = fit_movement([z], found)
    assert 0 < stay < 1
    assert ((kept >= 0) & (kept < 1)).all()


def test_what_stays_and_keeps_in_the_files_does_so_in_the_style() -> None:
    rng = np.random.default_rng(1)
    slow = np.empty((300, SIZE))
    slow[0] = 0.0
    for i in range(1, 300):
        slow[i] = 0.8 * slow[i - 1] + 0.6 * rng.standard_normal(SIZE)
    restless = rng.standard_normal((300, SIZE))
    region = Regions(np.ones(1), np.zeros((1, SIZE)), np.ones((1, SIZE)), np.eye(SIZE))
    assert fit_movement([slow], region)[1] == pytest.approx(0.75, abs=0.15)
    assert fit_movement([restless], region)[1].max() < 0.3
    both = two_places(50)
    regions = Regions(
        np.full(2, 0.5),
        np.array([[-1.5] * SIZE, [1.5] * SIZE]),
        np.full((2, SIZE), 0.3),
        np.eye(SIZE),
    )
    jumps = both[np.arange(100) % 2 * 50 + np.arange(100) // 2]
    assert fit_movement([both], regions)[0] > 0.9
    assert fit_movement([jumps], regions)[0] < 0.4


def test_where_a_phrase_lies_says_where_the_next_one_may() -> None:
    style = tiny_style()
    first, means, _ = style.after(None)
    assert first == pytest.approx(style.weights)
    z = np.full(SIZE, 1.7, np.float32)
    weights, means, deviations = style.after(z)
    assert weights == pytest.approx([0.95, 0.05], abs=0.01)
    assert means[0] == pytest.approx(1.6, abs=0.01)
    assert deviations[0] == pytest.approx(0.0866, abs=1e-3)


def test_its_own_axes_are_the_checkpoints_in_its_order() -> None:
    style = tiny_style()
    z = np.arange(SIZE, dtype=float)
    assert style.along(z).tolist() == [*range(8), 12, 11, 10, 9, 8]
    turned = style.turned()
    assert np.array_equal(turned.turned().means, turned.means)
    assert turned.themes[0].z.tolist() == style.along(style.themes[0].z).tolist()


def test_a_style_comes_back_from_the_log_exactly() -> None:
    style = tiny_style(0.5)
    config = PlayConfig(np.zeros(5, np.float32), np.zeros((8, 2)), adopted=style)
    again = to_value(to_data(config), PlayConfig).adopted
    assert isinstance(again, Adopted)
    assert to_data(again) == to_data(style)
    assert np.array_equal(again.correlations, style.correlations)
    assert again.themes[0].tuples.dtype == np.int64


@given(st.permutations(range(5)), st.permutations(range(5)), st.integers(0, 4))
def test_a_setting_goes_with_its_axes_and_comes_back(
    now: list[int], wanted: list[int], axis: int
) -> None:
    knobs = {"density": 0.3, STYLE_KNOBS[axis].name: 0.9, STYLE_KNOBS[20].name: 0.1}
    setting = Setting(knobs, np.arange(5, dtype=np.float32), 1.0, 0)
    there = reordered(setting, now, wanted)
    name = STYLE_KNOBS[wanted.index(now[axis])].name
    assert there.knobs == {"density": 0.3, name: 0.9, STYLE_KNOBS[20].name: 0.1}
    assert there.style is not None
    assert there.style[wanted.index(now[axis])] == axis
    back = reordered(there, wanted, now)
    assert back.knobs == knobs
    assert back.style is not None
    assert back.style.tolist() == [0, 1, 2, 3, 4]
    assert reordered(setting, None, None) is setting
