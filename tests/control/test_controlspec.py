"""What a control may be, and how its way is bent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nesvae_live.control.controlspec import CURVES, ControlSpec
from nesvae_live.control.layout import routes

PLACES = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("target", "number", "channel", "kind", "words"),
    [
        ("densty", 20, None, "cc", "densty"),
        ("density", 128, None, "cc", "128"),
        ("density", -1, None, "cc", "-1"),
        ("density", 64, None, "cc", "sustain"),
        ("density", 64, None, "twos", "sustain"),
        ("mute-P1", 123, None, "button", "channel mode"),
        ("density", 6, None, "cc14", "CC 6 is reserved"),
        ("density", 16384, None, "nrpn", "0 to 16383"),
        ("density", 20, 16, "cc", "channel 17"),
        ("density", 20, -1, "cc", "channel 0"),
        ("density", 20, None, "knob", "unknown kind 'knob'"),
        ("panic", 20, None, "sign", "has none"),
    ],
)
def test_a_control_that_cannot_be_is_refused_by_name(
    target: str, number: int, channel: int | None, kind: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        ControlSpec(target, number, channel, kind)


@pytest.mark.parametrize("channel", [None, 9])
def test_two_targets_on_one_control_are_refused_and_both_named(channel: int | None) -> None:
    first, second = ControlSpec("density", 20), ControlSpec("motion", 20, channel)
    with pytest.raises(ValueError, match=r"motion and density .* CC 20"):
        routes([first, second])


def test_a_pairs_lower_half_is_a_control_of_its_own_too() -> None:
    with pytest.raises(ValueError, match="motion and density"):
        routes([ControlSpec("density", 20, kind="cc14"), ControlSpec("motion", 52)])
    routes([ControlSpec("density", 20, kind="note"), ControlSpec("motion", 20)])


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_rises_from_end_to_end(curve: str) -> None:
    control = ControlSpec("density", 20, curve=curve, low=0.2, high=0.7)
    values = [control.place_to_value(i / 100) for i in range(101)]
    assert all(a < b for a, b in pairwise(values))
    assert (values[0], values[-1]) == (0.2, 0.7)


@example(place=1.0, curve="fast", low=1.0, high=0.08706032867673907)
@given(PLACES, st.sampled_from(sorted(CURVES)), PLACES, PLACES)
def test_a_place_leads_to_a_value_in_range_and_back(
    place: float, curve: str, low: float, high: float
) -> None:
    if abs(low - high) < 1e-3:
        return
    control = ControlSpec("density", 20, curve=curve, low=low, high=high)
    value = control.place_to_value(place)
    assert min(low, high) <= value <= max(low, high)
    assert control.place_to_value(control.value_to_place(value)) == pytest.approx(value, abs=1e-6)


def test_a_range_the_other_way_round_turns_the_knob_round() -> None:
    control = ControlSpec("density", 20, low=1.0, high=0.0)
    assert [control.place_to_value(p) for p in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]
