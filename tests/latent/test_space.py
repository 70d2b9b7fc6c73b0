"""The latent space: knobs to coordinates and back, and the arc between two points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.knobs import KNOBS, N_STYLE, KnobSpec
from nesvae_live.latent.space import assemble, coordinate_to_value, slerp, value_to_coordinate

REACH = np.array([[-2.5, 2.5]] * N_ATTRIBUTES)
REST = np.linspace(-1, 1, N_STYLE, dtype=np.float32)


@pytest.mark.parametrize(("value", "coordinate"), [(0.0, -2.5), (0.5, 0.0), (1.0, 2.5)])
def test_a_knobs_ends_are_two_and_a_half_sigma_and_its_middle_the_median(
    value: float, coordinate: float
) -> None:
    assert value_to_coordinate(value) == coordinate
    assert coordinate_to_value(coordinate) == value


def test_a_knob_ends_where_the_corpus_ends_and_its_middle_stays_the_median() -> None:
    turned = [value_to_coordinate(value, -2.5, 0.8) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert turned == [-2.5, -1.25, 0.0, 0.4, 0.8]


@given(st.floats(0, 1), st.floats(-2.5, -0.1), st.floats(0.1, 2.5))
def test_coordinate_to_value_undoes_value_to_coordinate(
    value: float, low: float, high: float
) -> None:
    coordinate = value_to_coordinate(value, low, high)
    assert coordinate_to_value(coordinate, low, high) == pytest.approx(value)


@given(st.floats(allow_nan=False), st.floats(-2.5, 0.0), st.floats(0.0, 2.5))
def test_a_coordinate_beyond_reach_is_an_end_of_the_knob(
    coordinate: float, low: float, high: float
) -> None:
    assert 0.0 <= coordinate_to_value(coordinate, low, high) <= 1.0


def test_an_attribute_reaches_as_far_as_the_corpus_does() -> None:
    reach = REACH.copy()
    reach[3] = [-1.0, 0.5]
    highest, _ = assemble({"polyphony": 1.0, "motion": 1.0}, REST, reach)
    lowest, _ = assemble({"polyphony": 0.0, "motion": 0.0}, REST, reach)
    assert (lowest[3], highest[3]) == (-1.0, 0.5)
    assert (lowest[5], highest[5]) == (-2.5, 2.5)


def test_with_all_released_attributes_are_masked_and_style_rests() -> None:
    z, mask = assemble({}, REST, REACH)
    assert z.dtype == np.float32
    assert mask.dtype == np.float32
    assert z.shape == (N_ATTRIBUTES + N_STYLE,)
    np.testing.assert_array_equal(z[:N_ATTRIBUTES], 0)
    np.testing.assert_array_equal(z[N_ATTRIBUTES:], REST)
    np.testing.assert_array_equal(mask, np.zeros(N_ATTRIBUTES))


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_a_knob_moves_its_own_axis_and_no_other(knob: KnobSpec) -> None:
    rest, _ = assemble({}, REST, REACH)
    z, mask = assemble({knob.name: 0.9}, REST, REACH)
    assert z[knob.axis] == pytest.approx(2.0)
    np.testing.assert_array_equal(np.delete(z, knob.axis), np.delete(rest, knob.axis))
    set_ = [knob.axis] if knob.axis < N_ATTRIBUTES else []
    np.testing.assert_array_equal(np.flatnonzero(mask), set_)


def test_an_attribute_set_to_its_middle_is_not_an_attribute_released() -> None:
    z, mask = assemble({"density": 0.5}, REST, REACH)
    assert (z[0], mask[0]) == (0.0, 1.0)


def test_assembling_does_not_change_where_style_rests() -> None:
    rest = REST.copy()
    assemble({"style1": 1.0}, rest, REACH)
    np.testing.assert_array_equal(rest, REST)


def test_a_style_knob_that_the_checkpoint_has_no_axis_for_turns_nothing() -> None:
    z, _ = assemble({"style5": 1.0, "style4": 1.0}, np.zeros(4), REACH)
    np.testing.assert_array_equal(z, [0] * (N_ATTRIBUTES + 3) + [2.5])


def test_slerp_starts_and_ends_where_it_is_told() -> None:
    a, b = np.array([1.0, 2.0, 3.0]), np.array([-2.0, 0.5, 1.0])
    np.testing.assert_allclose(slerp(a, b, 0.0), a, rtol=1e-6)
    np.testing.assert_allclose(slerp(a, b, 1.0), b, rtol=1e-6)


def test_slerp_keeps_to_the_sphere_at_an_even_speed() -> None:
    a, b = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    points = np.array([slerp(a, b, alpha) for alpha in np.linspace(0, 1, 9)])
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 2.0, rtol=1e-6)
    angles = np.arctan2(points[:, 1], points[:, 0])
    np.testing.assert_allclose(np.diff(angles), np.pi / 16, rtol=1e-5)


@pytest.mark.parametrize(
    "b", [[0.0, 0.0], [3.0, 0.0], [-1.0, 0.0]], ids=["zero", "same way", "opposite"]
)
def test_slerp_goes_straight_where_there_is_no_arc(b: list[float]) -> None:
    halfway = slerp([1.0, 0.0], b, 0.5)
    np.testing.assert_allclose(halfway, [(1.0 + b[0]) / 2, 0.0], atol=1e-6)
