from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.knobs import (
    KNOB_BY_NAME,
    KNOBS,
    RESERVED,
    SOUND_KNOBS,
    ControlMap,
    ControlSpec,
    KnobState,
    cc_to_value,
    reserved_because,
    value_to_cc,
)
from nesvae_live.latent import assemble

ATTRIBUTE_IDS = [
    "density", "register", "bass", "polyphony", "regularity", "motion", "consonance", "focus",
]  # fmt: skip
ANY_BYTES = st.lists(st.integers(0, 255), max_size=5)


def test_knobs_are_the_eight_attributes_in_order_and_32_style_axes() -> None:
    assert [knob.name for knob in KNOBS] == ATTRIBUTE_IDS + [f"style{i}" for i in range(1, 33)]
    assert [knob.axis for knob in KNOBS] == list(range(40))


def test_both_ends_and_the_centre_of_a_controller_are_exact() -> None:
    assert [cc_to_value(0), cc_to_value(64), cc_to_value(127)] == [0.0, 0.5, 1.0]


def test_a_value_rises_with_its_controller() -> None:
    values = [cc_to_value(cc) for cc in range(128)]
    assert all(a < b for a, b in pairwise(values))


def test_value_to_cc_undoes_cc_to_value() -> None:
    assert [value_to_cc(cc_to_value(cc)) for cc in range(128)] == list(range(128))


@given(st.floats(allow_nan=False))
def test_a_value_beyond_the_ends_is_an_end_of_the_controller(value: float) -> None:
    assert 0 <= value_to_cc(value) <= 127


def test_reserved_controllers_are_the_ones_that_gear_sends_unasked() -> None:
    reserved = [cc for cc in range(128) if reserved_because(cc)]
    assert reserved == [0, 6, 32, 38, 64, *range(96, 102), *range(120, 128)]
    assert all(spec.why for spec in RESERVED)


@pytest.mark.parametrize(
    ("knob", "cc", "channel", "words"),
    [
        ("densty", 20, None, "densty"),
        ("density", 128, None, "128"),
        ("density", -1, None, "-1"),
        ("density", 64, None, "sustain"),
        ("density", 20, 16, "channel 17"),
        ("density", 20, -1, "channel 0"),
    ],
)
def test_a_control_that_cannot_be_is_refused_by_name(
    knob: str, cc: int, channel: int | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        ControlSpec(knob, cc, channel)


def test_a_control_on_any_channel_hears_all_sixteen() -> None:
    controls = ControlMap([ControlSpec("density", 20)])
    read = [controls.read((0xB0 | channel, 20, 127)) for channel in range(16)]
    assert read == [("density", 1.0)] * 16


def test_a_control_on_one_channel_hears_only_that() -> None:
    controls = ControlMap([ControlSpec("bass", 20, channel=3), ControlSpec("focus", 20, channel=4)])
    assert controls.read((0xB3, 20, 64)) == ("bass", 0.5)
    assert controls.read((0xB4, 20, 64)) == ("focus", 0.5)
    assert controls.read((0xB5, 20, 64)) is None


@pytest.mark.parametrize("channel", [None, 9])
def test_two_knobs_on_one_control_are_refused_and_both_named(channel: int | None) -> None:
    first, second = ControlSpec("density", 20), ControlSpec("motion", 20, channel)
    with pytest.raises(ValueError, match=r"motion and density .* CC 20"):
        ControlMap([first, second])


@pytest.mark.parametrize(
    "data",
    [(), (0xB0,), (0xB0, 20), (0xB0, 20, 128), (0x90, 20, 64), (0xB0, 21, 64), (0xB0, 20, 64, 0)],
)
def test_what_is_no_control_change_of_ours_turns_nothing(data: tuple[int, ...]) -> None:
    assert ControlMap([ControlSpec("density", 20)]).read(data) is None


@given(ANY_BYTES)
def test_any_bytes_are_read_without_an_exception_and_within_range(data: list[int]) -> None:
    controls = ControlMap(ControlSpec(knob.name, 20 + i) for i, knob in enumerate(KNOBS[:8]))
    read = controls.read(data)
    assert read is None or (read[0] in KNOB_BY_NAME and 0.0 <= read[1] <= 1.0)


def test_a_knob_nobody_touched_is_let_go() -> None:
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


def test_letting_all_go_leaves_none() -> None:
    state = KnobState({"density": 0.25, "style3": 1.0})
    state.release_all()
    assert state.values == {}


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
    assert [knob.name for knob in SOUND_KNOBS] == ["duty1", "duty2", "decay", "vibrato", "noise"]
    state = KnobState({"decay": 0.25, "density": 0.5})
    assert dict(state.values) == {"decay": 0.25, "density": 0.5}
    assert ControlMap([ControlSpec("noise", 114)]).read((0xB0, 114, 127)) == ("noise", 1.0)
    rest, reach = [0.5] * 4, [[-2.5, 2.5]] * 8
    plain = assemble({"density": 0.7}, rest, reach)
    turned = assemble({"density": 0.7, **{k.name: 1.0 for k in SOUND_KNOBS}}, rest, reach)
    for one, two in zip(plain, turned, strict=True):
        assert one.tolist() == two.tolist()
