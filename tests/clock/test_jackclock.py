"""JACK's transport as the clock: the place in the bar is the transport's, and never goes back."""

from __future__ import annotations

import pytest

from nesvae_live.clock.follower import Motion
from nesvae_live.clock.jackclock import LOST_AFTER, JackClock, TransportIn
from nesvae_live.clock.timing import Meter


def told(
    at: float, beat: float, *, rolls: bool = True, jumped: bool = False, tempo: float = 120.0
) -> TransportIn:
    return TransportIn(rolls, beat, beat % 4.0, 60.0 / tempo, jumped, at)


def test_it_enters_where_the_transport_starts_and_goes_on_as_it_is_told() -> None:
    clock = JackClock(Meter())
    clock.start(0.0)
    clock.move(told(1.0, 2.5, rolls=False, jumped=True))
    assert not clock.runs
    assert clock.coming == 2.5
    clock.move(told(2.0, 2.5, jumped=True))
    assert (clock.runs, clock.entry, clock.motion) == (True, 2.5, Motion.RUNNING)
    assert clock.ref.time_of(4.0) == pytest.approx(2.75)
    epoch = clock.epoch
    clock.move(told(2.5, 3.5, tempo=60.0))
    assert clock.ref.time_of(4.0) == pytest.approx(3.0)
    assert clock.epoch == epoch


def test_a_loop_goes_on_in_the_next_bar_at_the_transports_place() -> None:
    clock = JackClock(Meter())
    clock.start(0.0)
    clock.move(told(1.0, 4.0, jumped=True))
    clock.move(told(3.0, 4.0, jumped=True))  # after one bar it is at its beginning again
    assert clock.entry == 4.0
    assert clock.ref.beat_at(3.0) == 4.0
    clock.move(told(4.0, 17.25, jumped=True))  # and in the middle of a bar, back in place
    assert clock.entry == 9.25


def test_a_stop_holds_and_a_silence_is_a_loss() -> None:
    clock = JackClock(Meter())
    clock.start(0.0)
    clock.move(told(1.0, 0.0, jumped=True))
    clock.move(told(2.0, 2.0, rolls=False))
    assert (clock.runs, clock.motion) == (False, Motion.STOPPED)
    assert clock.held == pytest.approx(2.0)
    clock.move(told(3.0, 2.0, jumped=True))
    clock.tick(3.0 + LOST_AFTER - 0.01)
    assert clock.runs
    clock.tick(3.0 + LOST_AFTER + 0.01)
    assert (clock.runs, clock.motion) == (False, Motion.LOST)


def test_a_bar_of_another_length_begins_where_it_begins() -> None:
    clock = JackClock(Meter())
    clock.start(0.0)
    clock.move(told(1.0, 0.0, jumped=True))
    clock.move(TransportIn(True, 3.0, 0.0, 0.5, False, 2.5))  # the bar had three beats
    assert clock.entry == 4.0
    assert clock.ref.beat_at(2.5) == 4.0
