"""Recalls, morphs, the fader, chance, the auto mode and rounds, on simulated time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    ClearSnapshot,
    GoRound,
    MoveFader,
    RecallSnapshot,
    Roll,
    SetAuto,
    SetPair,
    SetSeed,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import (
    SetMute,
)
from nesvae_live.latent.setting import Setting
from nesvae_live.log.entries import (
    Arranged,
)
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.rig import (
    Rig,
    bars_rig,
    check_events,
    decoded_at,
    do,
    play_to,
    turn,
)


def two_snapshots(rig: Rig) -> tuple[Setting, Setting]:
    """Snapshot 1 is as everything is afterwards, 2 is the other end."""
    turn(rig, density=0.9, register=0.25, style1=0.5 + 0.2, duty2=0.75)
    do(rig, SetTemperature, 1.3)
    do(rig, StoreSnapshot, 2)
    turn(rig, density=0.1, register=None, style1=0.5, style2=0.5 + 0.2, duty2=0.25)
    do(rig, SetTemperature, 0.7)
    do(rig, StoreSnapshot, 1)
    return rig.live.snapshots[1], rig.live.snapshots[2]


def test_a_recall_is_heard_on_the_next_bar_line_whole_and_not_before() -> None:
    rig = bars_rig()
    turn(rig, density=0.2, style3=0.9, duty1=1.0)
    do(rig, SetMute, Voice.P2, True)
    do(rig, SetTranspose, Voice.TR, 5)
    do(rig, SetTemperature, 0.5)
    do(rig, SetSeed, 77)
    do(rig, StoreSnapshot, 3)
    turn(rig, density=0.8, style3=None, duty1=None, register=0.7)
    do(rig, SetMute, Voice.P2, False)
    do(rig, SetTranspose, None, 0)
    do(rig, SetTemperature, 1.5)
    do(rig, SetSeed, 5)
    play_to(rig, 5.0)
    before = rig.live.setting
    assert do(rig, RecallSnapshot, 3)["ok"]
    play_to(rig, 7.7)
    assert rig.live.setting == before
    play_to(rig, 9.0)
    after = rig.live.setting
    assert dict(after.knobs) == {"density": 0.2, "style3": 0.9, "duty1": 1.0}
    assert (after.temperature, after.seed) == (0.5, 77)
    arranged = [e for e in rig.journal.entries if isinstance(e, Arranged)][-1]
    assert (arranged.beat, arranged.muted, arranged.transpose) == (8.0, ("P2",), (0, 0, 5))
    was, now = decoded_at(rig, 4.0), decoded_at(rig, 8.0)
    assert was.z[0] == pytest.approx(1.5)
    assert now.z[0] == pytest.approx(-1.5)
    assert now.z[8 + 2] == pytest.approx(2.0)
    assert now.mask == (1, 0, 0, 0, 0, 0, 0, 0)
    assert now.seed == 77
    check_events(rig.output.sent, ended=False)


def test_a_morph_over_four_bars_has_the_values_computed_by_hand_at_every_bar() -> None:
    rig = bars_rig()
    two_snapshots(rig)
    play_to(rig, 1.0)
    assert do(rig, StartMorph, 2, 4.0)["ok"]
    # Style goes from (0, 1) to (1, 0), both 1 long: along a quarter of a circle.
    by_hand = {
        4.0: (0.1, 0.5, 0.25, 0.7, (0.0, 1.0)),
        8.0: (0.3, 0.4375, 0.375, 0.85, (0.382683, 0.923880)),
        12.0: (0.5, 0.375, 0.5, 1.0, (0.707107, 0.707107)),
        16.0: (0.7, 0.3125, 0.625, 1.15, (0.923880, 0.382683)),
        20.0: (0.9, 0.25, 0.75, 1.3, (1.0, 0.0)),
    }
    for beat, (density, register, duty2, temperature, style) in by_hand.items():
        play_to(rig, beat)
        knobs = rig.live.knobs.values
        assert knobs["density"] == pytest.approx(density)
        assert knobs.get("register", 0.5) == pytest.approx(register)
        assert knobs["duty2"] == pytest.approx(duty2)
        assert rig.live.temperature == pytest.approx(temperature)
        z = decoded_at(rig, beat).z
        assert z[0] == pytest.approx(-2.5 + 5.0 * density, abs=1e-5)
        assert z[1] == pytest.approx(-2.5 + 5.0 * register, abs=1e-5)
        assert z[8:10] == pytest.approx(style, abs=1e-5)
    assert rig.sequencer.automation.morph is None
    assert rig.live.knobs.values == rig.live.snapshots[2].knobs


def test_in_a_morph_nothing_jumps_by_more_than_a_step() -> None:
    rig = Rig(swap=Swap.NOW)
    a, b = two_snapshots(rig)
    do(rig, StartMorph, 2, 4.0)
    seen = [rig.live.condition.z]
    values = [dict(rig.live.knobs.values)]

    def look() -> None:
        seen.append(rig.live.condition.z)
        values.append(dict(rig.live.knobs.values))

    rig.play(9.0, look)
    largest = np.abs(np.diff(np.array(seen), axis=0)).max(0)
    steps = 4 * 16  # sixteenths in four bars
    assert largest[0] == pytest.approx(4.0 / steps, rel=0.01)
    assert largest[8:10].max() <= np.pi / 2 / steps * 1.01
    duty = [v["duty2"] for v in values]
    assert max(abs(y - x) for x, y in pairwise(duty)) <= 0.5 / steps * 1.01
    assert (duty[0], duty[-1]) == (a.knobs["duty2"], b.knobs["duty2"])
    assert duty == sorted(duty)


def test_a_knob_moved_by_hand_in_a_morph_wins_and_does_not_snap_back() -> None:
    rig = bars_rig()
    two_snapshots(rig)
    do(rig, StartMorph, 2, 2.0)
    play_to(rig, 8.0)
    turn(rig, density=0.05, style1=0.0)
    do(rig, SetTemperature, 2.0)
    do(rig, SetMute, Voice.TR, True)
    play_to(rig, 20.0)
    knobs = rig.live.knobs.values
    assert knobs["density"] == 0.05
    assert knobs["style1"] == 0.0
    assert knobs["register"] == 0.25
    assert rig.live.temperature == 2.0
    assert rig.live.muted == {Voice.TR}


def test_the_fader_goes_between_two_snapshots_and_leaves_a_touched_knob_alone() -> None:
    rig = Rig()
    two_snapshots(rig)
    do(rig, SetPair, 1, 2)
    for value, density in ((0.0, 0.1), (0.25, 0.3), (1.0, 0.9), (0.5, 0.5)):
        do(rig, MoveFader, value)
        assert rig.live.knobs.values["density"] == pytest.approx(density)
    turn(rig, density=0.77)
    do(rig, MoveFader, 1.0)
    assert rig.live.knobs.values["density"] == 0.77
    assert rig.live.knobs.values["register"] == 0.25
    do(rig, SetPair, 1, 2)
    do(rig, MoveFader, 1.0)
    assert rig.live.knobs.values["density"] == pytest.approx(0.9)


def test_a_snapshot_without_a_style_leaves_the_style_where_it_is() -> None:
    rig = Rig()
    turn(rig, density=0.3, style1=0.9)
    here = rig.live.setting
    rig.live.snapshots = {1: Setting({"density": 0.6}, None, 0.9, 0), 2: here}
    do(rig, RecallSnapshot, 1)
    rig.play(0.5)
    assert rig.live.knobs.values["density"] == 0.6
    assert rig.live.style is here.style
    do(rig, MoveFader, 0.5)
    assert rig.live.knobs.values["density"] == pytest.approx(0.45)


def test_chance_stays_within_its_bounds_and_is_the_seeds() -> None:
    ends = []
    for _ in range(2):
        rig = Rig(seed=9)
        turn(rig, density=0.95, style1=0.5)
        for _ in range(3):
            before = dict(rig.live.knobs.values)
            do(rig, Roll, 0.1)
            rig.play(0.3)
            after = rig.live.knobs.values
            for knob, value in after.items():
                assert abs(value - before.get(knob, 0.5)) <= 0.1
                assert 0.0 <= value <= 1.0
            assert dict(after) != before
        assert np.abs(rig.live.style).max() <= 3 * 0.1 * 5.0 + 1e-6
        ends.append(dict(rig.live.knobs.values))
    assert ends[0] == ends[1]
    assert len(ends[0]) == 9


def test_in_auto_mode_the_knobs_wander_but_one_turned_by_hand_stays_until_released() -> None:
    rig = bars_rig()
    turn(rig, noise=0.3)
    do(rig, SetAuto, True)
    play_to(rig, 60.0)
    knobs = [decoded_at(rig, 4.0 * bar).z[:8] for bar in range(4, 15)]
    assert all(decoded_at(rig, 4.0 * bar).mask == (1,) * 8 for bar in range(4, 15))
    assert all(np.std([k[i] for k in knobs]) > 0.1 for i in range(8))
    turn(rig, density=0.33)
    play_to(rig, 100.0)
    assert {round(decoded_at(rig, 4.0 * bar).z[0], 4) for bar in range(17, 25)} == {-0.85}
    assert len({decoded_at(rig, 4.0 * bar).z[1] for bar in range(17, 25)}) == 8
    turn(rig, density=None)
    play_to(rig, 120.0)
    assert len({decoded_at(rig, 4.0 * bar).z[0] for bar in range(26, 30)}) == 4
    do(rig, SetAuto, False)
    play_to(rig, 128.0)
    stays = dict(rig.live.knobs.values)
    play_to(rig, 140.0)
    assert dict(rig.live.knobs.values) == stays
    assert rig.live.knobs.values["noise"] == 0.3
    assert rig.sequencer.counters.decodes_missed == 0


def test_the_walk_sets_out_from_where_the_knobs_stand() -> None:
    rig = bars_rig()
    turn(rig, density=1.0)
    do(rig, SetAuto, True)
    play_to(rig, 5.0)
    first = decoded_at(rig, 4.0).z
    walk = rig.sequencer.automation.auto_walk
    assert walk is not None
    assert first[0] == pytest.approx(2.5 + (walk.walk.at(0)[0] - 2.5) / 8, abs=1e-4)


def three_snapshots(rig: Rig) -> None:
    for slot, density in ((2, 0.1), (5, 0.9), (9, 0.5)):
        turn(rig, density=density, register=density)
        do(rig, StoreSnapshot, slot)


def test_a_round_goes_from_snapshot_to_snapshot_on_the_bars_and_begins_again() -> None:
    rig = bars_rig()
    assert "at least 2 snapshots" in do(rig, GoRound, True, 2.0)["error"]
    three_snapshots(rig)
    assert do(rig, GoRound, True, 2.0)["ok"]
    play_to(rig, 4.0 * 9)
    density = [0.5 + float(decoded_at(rig, 4.0 * bar).z[0]) / 5.0 for bar in range(1, 9)]
    assert density == pytest.approx([0.5, 0.3, 0.1, 0.5, 0.9, 0.7, 0.5, 0.3])
    assert rig.live.round
    assert rig.sequencer.counters.decodes_missed == 0


def test_on_a_round_a_knob_turned_by_hand_stays_until_it_is_released() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 1.0)
    play_to(rig, 8.0)
    turn(rig, density=0.33)
    play_to(rig, 40.0)
    assert rig.live.knobs.values["density"] == 0.33
    assert rig.live.knobs.values["register"] != 0.33
    turn(rig, density=None)
    play_to(rig, 60.0)
    assert rig.live.knobs.values["density"] == rig.live.knobs.values["register"]


def test_a_round_ends_where_it_is_or_with_what_else_moves_the_knobs() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 4.0)
    play_to(rig, 10.0)
    do(rig, GoRound, False, None)
    stays = dict(rig.live.knobs.values)
    play_to(rig, 40.0)
    assert dict(rig.live.knobs.values) == stays
    do(rig, GoRound, True, 1.0)
    do(rig, RecallSnapshot, 5)
    assert not rig.live.round
    play_to(rig, 60.0)
    assert rig.live.knobs.values["density"] == 0.9


def test_a_round_goes_on_with_the_snapshots_that_there_are() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 1.0)
    for slot in (2, 5):
        do(rig, ClearSnapshot, slot)
    play_to(rig, 40.0)
    assert rig.live.round
    assert rig.live.knobs.values["density"] == pytest.approx(0.5)
    do(rig, ClearSnapshot, 9)
    play_to(rig, 60.0)
    assert not rig.live.round
