"""The live state: what is set, what is refused, what automation leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.clock.sources import InternalClock
from nesvae_live.control.gestureinputs import ReleaseKnobs
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.live.state import LiveState
from nesvae_live.log.entries import Arranged, Posed, Turned
from nesvae_live.music.voices import Voice
from tests.support.fakes import ListJournal
from tests.support.rig import bars_rig, decoded_at, do, play_to, turn


def state() -> tuple[LiveState, ListJournal]:
    """One in which nothing was touched, and its journal."""
    config = PlayConfig(np.zeros(32, np.float32), np.tile([-2.5, 2.5], (8, 1)), seed=5)
    journal = ListJournal()
    return LiveState(config, journal, InternalClock(120.0)), journal


def test_a_turned_knob_is_in_the_condition_and_journaled_once() -> None:
    live, journal = state()
    before = live.condition
    for at in (1.0, 2.0):
        live.turn("density", 1.0, at)
    assert journal.entries == [Turned(1.0, "density", 1.0)]
    assert (live.condition.z[0], live.condition.mask[0]) == (2.5, 1.0)
    assert (before.z[0], before.mask[0]) == (0.0, 0.0), "another thread may still read it"
    assert live.touched == {"density"}


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda live: live.set_temperature(4.5, 0.0), "temperature 4.5: 0.05 to 4"),
        (lambda live: live.set_seed(-1, 0.0), "seed -1: 0 to 2147483647"),
        (lambda live: live.store(65), "snapshot 65: 1 to 64"),
        (lambda live: live.clear(3), "no snapshot 3; there are: none"),
    ],
)
def test_what_is_out_of_range_is_refused_and_changes_nothing(
    act: Callable[[LiveState], None], error: str
) -> None:
    live, journal = state()
    before = live.condition.key
    with pytest.raises(ValueError, match=f"^{error}$"):
        act(live)
    assert live.condition.key == before
    assert (live.touched, dict(live.snapshots), journal.entries) == (set(), {}, [])


def test_a_pose_leaves_alone_what_it_is_told_to_keep() -> None:
    live, journal = state()
    for knob in ("density", "motion"):
        live.turn(knob, 0.25, 1.0)
    live.set_temperature(2.0, 1.5)
    journal.entries.clear()
    target = replace(live.setting, knobs={"density": 0.75, "motion": 0.75}, temperature=1.0, seed=9)
    live.pose(target, 2.0, "a test's", {"motion", "temperature"})
    assert dict(live.knobs.values) == {"density": 0.75, "motion": 0.25}
    assert (live.temperature, live.seed) == (2.0, 9)
    turned, posed = journal.entries
    assert turned == Turned(2.0, "density", 0.75)
    assert isinstance(posed, Posed)
    assert (posed.why, posed.temperature, posed.seed) == ("a test's", 2.0, 9)


def test_snapshots_that_another_thread_reads_are_never_changed_in_place() -> None:
    live, _ = state()
    live.store(1)
    read = live.snapshots
    live.turn("density", 0.5, 0.0)
    live.store(1)
    live.store(2)
    live.clear(1)
    assert list(read) == [1]
    assert dict(read[1].knobs) == {}
    assert list(live.snapshots) == [2]


def test_only_another_arrangement_is_journaled() -> None:
    live, journal = state()
    muted = live.arrangement.with_mute(Voice.P2, muted=True)
    for beat in (4.0, 8.0):
        live.arrange(muted, beat / 2, beat)
    assert journal.entries == [Arranged(2.0, 4.0, ("P2",), (0, 0, 0), None)]
    assert live.muted == {Voice.P2}


def test_releasing_all_knobs_releases_the_mask() -> None:
    rig = bars_rig()
    turn(rig, density=0.2, focus=0.9, style1=0.1, noise=0.4)
    play_to(rig, 9.0)
    do(rig, ReleaseKnobs)
    play_to(rig, 13.0)
    assert not rig.live.knobs.values
    assert not any(decoded_at(rig, 12.0).mask)
