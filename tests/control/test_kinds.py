"""The table of kinds of controls, and the way between readings and places."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.control.kinds import (
    CONTROL_KINDS,
    MOST_7,
    MOST_14,
    RESERVED,
    Form,
    offset_to_steps,
    place_to_raw,
    raw_to_place,
    reserved_because,
    sign_to_steps,
    twos_to_steps,
)


@pytest.mark.parametrize(("most", "centre"), [(MOST_7, 64), (MOST_14, 8192)])
def test_both_ends_and_the_centre_are_exact(most: int, centre: int) -> None:
    assert [raw_to_place(raw, most) for raw in (0, centre, most)] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("most", [MOST_7, MOST_14])
def test_a_place_rises_with_its_reading_and_leads_back_to_it(most: int) -> None:
    places = [raw_to_place(raw, most) for raw in range(most + 1)]
    assert all(a < b for a, b in pairwise(places))
    assert [place_to_raw(place, most) for place in places] == list(range(most + 1))


@given(st.floats(allow_nan=False), st.sampled_from([MOST_7, MOST_14]))
def test_a_place_beyond_the_ends_is_an_end(place: float, most: int) -> None:
    assert 0 <= place_to_raw(place, most) <= most


def test_reserved_controllers_are_the_ones_that_gear_sends_unasked() -> None:
    reserved = [cc for cc in range(128) if reserved_because(cc)]
    assert reserved == [0, 6, 32, 38, 64, *range(96, 102), *range(120, 128)]
    assert all(spec.why for spec in RESERVED)


def test_an_encoders_step_up_and_down_in_each_encoding() -> None:
    assert [twos_to_steps(v) for v in (1, 2, 127, 126)] == [1, 2, -1, -2]
    assert [offset_to_steps(v) for v in (65, 66, 63, 62, 64)] == [1, 2, -1, -2, 0]
    assert [sign_to_steps(v) for v in (1, 2, 65, 66)] == [1, 2, -1, -2]


def test_every_kind_has_a_name_of_its_own_and_only_relative_ones_steps() -> None:
    assert len({kind.name for kind in CONTROL_KINDS}) == len(CONTROL_KINDS)
    for kind in CONTROL_KINDS:
        assert (kind.steps is not None) == (kind.form is Form.RELATIVE)
        assert kind.what
