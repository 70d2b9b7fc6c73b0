"""Attributes that stay where they are while another knob turns."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    RecallSnapshot,
    ReleaseKnobs,
    SetSteady,
    StoreSnapshot,
)
from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.steady import LATELY, standing, standing_value, text_to_steady
from nesvae_live.log.entries import Decoded, Turned
from tests.support.remembering import ComposingDecoder
from tests.support.rig import Rig, do, turn

QUANTILES = Quantiles(
    np.tile(np.linspace(0.0, 30.0, 11), (N_ATTRIBUTES, 1)),
    np.tile(np.linspace(-2.5, 2.5, 11), (N_ATTRIBUTES, 1)),
)


def steady_rig(*names: str, quantiles: Quantiles | None = QUANTILES) -> Rig:
    rig = Rig(
        decoder=ComposingDecoder(),
        composed=Sampling(),
        seed=5,
        steady=names or ("density",),
        quantiles=quantiles,
    )
    rig.play(8.0)
    return rig


def test_density_is_set_where_it_stands_when_another_knob_turns() -> None:
    rig = steady_rig()
    phrases = rig.sequencer.player.playing.history.latest(LATELY)
    there = measure(np.array(phrases))[:, 0]
    seconds = np.array(phrases)[:, :, 3].sum(1)
    turn(rig, register=0.9)
    knobs = dict(rig.live.knobs.values)
    assert set(knobs) == {"register", "density"}
    assert knobs["density"] * 30.0 == pytest.approx((there * seconds).sum() / seconds.sum())
    told = [(e.knob, e.value) for e in rig.journal.entries if isinstance(e, Turned)]
    assert told == [("register", 0.9), ("density", knobs["density"])]
    rig.play(6.0)
    last = [e for e in rig.journal.entries if isinstance(e, Decoded)][-1]
    assert last.mask == (1, 1, 0, 0, 0, 0, 0, 0)
    hands = rig.live.condition.hands
    assert hands is not None
    assert hands[:2].tolist() == [0.0, 1.0], "the network is told, and only the hand's is guided"
    turn(rig, density=knobs["density"])
    assert rig.live.condition.hands is not None
    assert rig.live.condition.hands[0] == 1.0, "a hand took it over where it stood"
    turn(rig, register=0.2, motion=0.7)
    assert rig.live.knobs.values["density"] == knobs["density"], "it stays"


def test_it_is_released_with_the_last_knob_that_a_hand_has_set() -> None:
    rig = steady_rig()
    turn(rig, register=0.9, style1=0.4)
    turn(rig, register=None)
    assert set(rig.live.knobs.values) == {"style1", "density"}
    turn(rig, style1=None)
    assert not rig.live.knobs.values
    assert rig.live.known is not None, "the music is left alone"
    turn(rig, register=0.9)
    do(rig, ReleaseKnobs)
    assert not rig.live.knobs.values


def test_a_hand_takes_it_over_and_can_let_it_go() -> None:
    rig = steady_rig()
    turn(rig, register=0.9)
    turn(rig, density=0.75)
    turn(rig, register=None)
    assert dict(rig.live.knobs.values) == {"density": 0.75}, "it is the hand's now"
    turn(rig, register=0.9)
    turn(rig, density=None)
    turn(rig, motion=0.2)
    assert set(rig.live.knobs.values) == {"register", "motion"}, "the network's, as was asked"


def test_what_does_not_steer_keeps_nothing_and_a_snapshot_holds_it() -> None:
    rig = steady_rig()
    turn(rig, noise=0.5)
    assert set(rig.live.knobs.values) == {"noise"}
    turn(rig, register=0.9)
    was = dict(rig.live.knobs.values)
    do(rig, StoreSnapshot, 1)
    do(rig, ReleaseKnobs)
    do(rig, RecallSnapshot, 1)
    rig.play(4.0)
    assert dict(rig.live.knobs.values) == was


def test_which_stay_can_be_changed_while_it_plays() -> None:
    rig = steady_rig()
    assert do(rig, SetSteady, ("register", "focus"))["ok"]
    turn(rig, motion=0.9)
    assert set(rig.live.knobs.values) == {"motion", "register", "focus"}
    assert "did you mean" in do(rig, SetSteady, ("densty",))["error"]
    do(rig, ReleaseKnobs)
    do(rig, SetSteady, ())
    turn(rig, motion=0.9)
    assert set(rig.live.knobs.values) == {"motion"}


def test_without_quantiles_as_in_takes_of_before_nothing_is_kept() -> None:
    rig = steady_rig(quantiles=None)
    turn(rig, register=0.9)
    assert set(rig.live.knobs.values) == {"register"}


def test_where_the_music_stands_is_the_mean_over_time() -> None:
    short, long = ((60, 0, 0, 1),) * 4, ((60, 0, 0, 12), (62, 0, 0, 12))
    alone = [standing([phrase], QUANTILES) for phrase in (short, long)]
    both = standing([short, long], QUANTILES)
    assert both is not None
    assert alone[0] is not None
    assert alone[1] is not None
    assert both == pytest.approx((4 * alone[0] + 24 * alone[1]) / 28)
    assert standing([], QUANTILES) is None
    ends = np.array([[-2.5, 2.5]] * N_ATTRIBUTES)
    assert standing_value("register", np.full(N_ATTRIBUTES, 9.0), ends) == 1.0


def test_names_are_read_as_people_write_them() -> None:
    assert text_to_steady("Register, density") == ("density", "register")
    assert text_to_steady("none") == ()
    with pytest.raises(ValueError, match="did you mean 'density'"):
        text_to_steady("densty")
