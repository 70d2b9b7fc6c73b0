"""Knobs: values, release, and the point in z that they select."""

from __future__ import annotations

import pytest

from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS, KnobState
from nesvae_live.latent.space import assemble

ATTRIBUTE_IDS = [
    "density", "register", "bass", "polyphony", "regularity", "motion", "consonance", "focus",
]  # fmt: skip


def test_knobs_are_the_eight_attributes_in_order_and_32_style_axes() -> None:
    assert [knob.name for knob in KNOBS] == ATTRIBUTE_IDS + [f"style{i}" for i in range(1, 33)]
    assert [knob.axis for knob in KNOBS] == list(range(40))


def test_an_untouched_knob_is_released() -> None:
    assert KnobState().values == {}


def test_setting_a_knob_says_whether_it_changed() -> None:
    state = KnobState()
    assert state.set("density", 0.25)
    assert not state.set("density", 0.25)
    assert state.set("density", None)
    assert not state.set("density", None)


def test_a_snapshot_does_not_change_when_a_knob_is_turned() -> None:
    state = KnobState({"density": 0.25})
    before = state.values
    state.set("density", 0.75)
    state.set("motion", 1.0)
    assert before == {"density": 0.25}
    assert state.values == {"density": 0.75, "motion": 1.0}


def test_a_snapshot_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        KnobState({"density": 0.25}).values["density"] = 0.5  # type: ignore[index]


@pytest.mark.parametrize(
    ("knob", "value"), [("nope", 0.5), ("nope", None), ("bass", 1.01), ("bass", float("nan"))]
)
def test_a_knob_that_is_not_there_or_a_value_out_of_range_is_refused(
    knob: str, value: float | None
) -> None:
    state = KnobState({"density": 0.25})
    with pytest.raises(ValueError, match=knob):
        state.set(knob, value)
    assert state.values == {"density": 0.25}


def test_knobs_of_the_sound_are_knobs_but_steer_no_z() -> None:
    assert [knob.name for knob in SOUND_KNOBS] == [
        *("duty1", "duty2", "decay", "vibrato", "noise", "fill"),
        *("brightness", "ring", "accent", "instrument"),
    ]
    state = KnobState({"decay": 0.25, "density": 0.5})
    assert dict(state.values) == {"decay": 0.25, "density": 0.5}
    rest, reach = [0.5] * 4, [[-2.5, 2.5]] * 8
    plain = assemble({"density": 0.7}, rest, reach)
    turned = assemble({"density": 0.7, **{k.name: 1.0 for k in SOUND_KNOBS}}, rest, reach)
    for one, two in zip(plain, turned, strict=True):
        assert one.tolist() == two.tolist()
