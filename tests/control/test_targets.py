"""The table of targets: what each asks for, and where it stands afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.control.gestureinputs import GiveLine, GiveVoice
from nesvae_live.control.target import (
    Kind,
    TargetSpec,
    choice_to_value,
    level_to_value,
    tempo_to_value,
    value_to_choice,
    value_to_level,
    value_to_tempo,
)
from nesvae_live.control.targets import TARGET_BY_NAME, TARGETS
from nesvae_live.latent.given import Source
from nesvae_live.latent.knobs import KNOB_BY_NAME
from nesvae_live.music.voices import Voice
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig

VALUED = [spec for spec in TARGETS if spec.kind is not Kind.TRIGGER]


def names(spec: TargetSpec) -> str:
    return spec.name


def test_every_id_is_one_targets_and_every_knob_is_a_target() -> None:
    assert len(TARGET_BY_NAME) == len(TARGETS)
    assert set(KNOB_BY_NAME) <= set(TARGET_BY_NAME)
    assert all(spec.more for spec in TARGETS)


@pytest.mark.parametrize("spec", VALUED, ids=names)
@pytest.mark.parametrize("value", [0.0, 1.0, 0.25])
def test_what_a_target_asks_for_is_where_it_then_stands(spec: TargetSpec, value: float) -> None:
    rig = Rig(decoder=RememberingDecoder())
    for slot in (1, 2):  # for the fader
        rig.live.store(slot)
    for voice in (Voice.P1, Voice.P2, Voice.TR):  # a file's line that can be gone back to
        rig.inbox.put(GiveLine(voice, ((60, 12), (62, 12)), at=0.0))
        rig.inbox.put(GiveVoice(voice, Source.MODEL, at=0.0))
    rig.inbox.put(spec.ask(value, 0.0))
    rig.play(0.05)
    stands = spec.now(rig.live)
    assert stands is not None
    if spec.kind is Kind.KNOB:
        assert stands == pytest.approx(value)
    elif spec.kind is Kind.SWITCH:
        assert stands == float(value >= 0.5)
    else:
        n = len(spec.choices)
        assert value_to_choice(stands, n) == value_to_choice(value, n)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16])
def test_every_choice_is_reached_by_its_own_value_and_the_ends_are_exact(n: int) -> None:
    values = [choice_to_value(i, n) for i in range(n)]
    assert [value_to_choice(v, n) for v in values] == list(range(n))
    assert values[0] == 0.0
    assert value_to_choice(1.0, n) == n - 1


@given(st.floats(0.001, 1.0))
def test_tempo_and_level_come_back(value: float) -> None:
    assert tempo_to_value(value_to_tempo(value)) == pytest.approx(value)
    assert level_to_value(value_to_level(value)) == pytest.approx(value)


def test_the_bottom_of_a_level_is_silence_and_0_db_is_at_four_fifths() -> None:
    assert value_to_level(0.0) == -90.0
    assert level_to_value(-90.0) == 0.0
    assert level_to_value(0.0) == pytest.approx(0.8)
