"""A clock that rolls before anybody listens: it is waited for, or joined, and its bar is tapped."""

from __future__ import annotations

import random

import pytest

from nesvae_live.clock.follower import Motion, Status
from nesvae_live.clock.joining import CLOCK_JOIN
from nesvae_live.clock.linkclocks import LINK_PORT
from nesvae_live.clock.sources import InternalClock, MidiClock

PORT = "the clock"
CLOCK = 60 / 120 / 24
"""Seconds of a clock at 120 beats a minute."""


class Rolling:
    """A source at 120 that rolls since long, and who follows it; clock `n` falls at `n * CLOCK`."""

    def __init__(self, join: str = "wait", jitter: float = 0.0) -> None:
        self.clock = MidiClock(PORT, 4.0, 90.0, join=join)
        self.clock.start(0.0)
        self.n = 0
        self._jitter = jitter
        self._draw = random.Random(5)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / CLOCK)):
            self.say(Status.CLOCK, at=self.now + self._jitter * self._draw.random())
            self.n += 1

    @property
    def now(self) -> float:
        return self.n * CLOCK

    def runs(self) -> bool:
        return self.clock.runs

    def say(self, *data: int, at: float | None = None) -> None:
        at = self.now if at is None else at
        assert self.clock.receive(PORT, data, at)
        self.clock.tick(at)

    def run_to(self, place: int) -> None:
        """Run until the next clock is this one of a bar, at least one clock on."""
        self.run(CLOCK)
        self.run((place - self.n) % 96 * CLOCK)

    @property
    def bar_lines_at(self) -> float:
        """Where the jam's bar lines fall, in clocks after the source's, whose clock 0 is one."""
        line = self.clock.ref.time_of(round(self.clock.ref.beat / 4.0) * 4.0)
        return (line / CLOCK + 48) % 96 - 48


def test_clocks_without_a_start_are_said_after_two_seconds_at_their_tempo() -> None:
    source = Rolling()
    source.run(1.9)
    assert source.clock.waiting == ""
    source.run(0.3)
    assert source.clock.waiting == "clock at 120.0 BPM, waiting for a start"
    assert "--clock-join now" in source.clock.warning
    assert source.clock.motion is Motion.STOPPED
    source.say(Status.START)
    source.run(0.1)
    assert source.clock.runs
    assert source.clock.waiting == source.clock.warning == ""
    source.say(Status.STOP)
    source.run(3.0)
    assert source.clock.waiting, "clocks go on"
    assert not source.clock.warning, "but it was told to stop"


@pytest.mark.parametrize("join", CLOCK_JOIN)
def test_a_source_that_starts_is_followed_as_ever(join: str) -> None:
    source = Rolling(join)
    source.run(0.5)
    source.say(Status.START)
    first = source.n
    source.run(8.0)
    assert source.bar_lines_at == pytest.approx(first, abs=0.01)
    source.say(Status.STOP)
    source.run(10.0)
    assert not source.clock.runs, "it said that it stopped"


def test_now_joins_after_two_seconds_and_the_tap_sets_the_bar_for_good() -> None:
    source = Rolling("now", jitter=0.004)
    source.n = 17
    source.run(1.9)
    assert not source.runs()
    source.run(0.2)
    assert source.runs()
    assert source.clock.entry == 0.0
    entered = source.bar_lines_at
    assert entered != pytest.approx(0.0, abs=1.0)
    source.run(1.0)
    assert source.bar_lines_at == pytest.approx(entered, abs=0.3)
    reached = source.clock.ref.beat_at(source.now)
    source.run_to(2)
    source.clock.set_one(source.now - 2 * CLOCK + 0.007)
    assert source.clock.entry >= reached, "the jam never goes back"
    assert source.clock.entry % 4.0 == 0.0
    for _ in range(600):
        source.run(1.0)
        assert source.bar_lines_at == pytest.approx(0.1, abs=0.25)


def test_the_next_song_position_sets_the_bar_of_who_joined() -> None:
    source = Rolling("now")
    source.run(2.5)
    assert source.clock.runs
    source.run(0.5)
    source.n = 288 + 12  # half a beat into the fourth bar
    source.say(Status.CLOCK)
    source.n += 1
    units = (source.n + 5) // 6
    while source.n < units * 6:
        source.run(CLOCK)
    source.say(Status.SONG_POSITION, units & 127, units >> 7)
    source.run(1.0)
    assert source.bar_lines_at == pytest.approx(0.0, abs=0.02)


def test_tap_waits_for_the_one_and_begins_there() -> None:
    source = Rolling("tap")
    source.run(5.0)
    assert source.clock.waiting == "clock at 120.0 BPM, waiting for a start, or a tap on the one"
    source.run_to(3)
    source.clock.set_one(source.now - 3.2 * CLOCK)  # heard late
    assert source.clock.runs
    assert source.clock.entry == 0.0, "the music enters on the bar line that has just gone by"
    source.run(20.0)
    assert source.bar_lines_at == pytest.approx(0.0, abs=0.02)


def test_a_tap_before_the_clock_counts_as_on_it() -> None:
    source = Rolling("wait")
    source.run(4.0)
    source.clock.set_one(source.now - 0.4 * CLOCK)  # its clock is the next
    source.run(CLOCK)
    assert source.clock.runs
    source.run(4.0)
    assert source.bar_lines_at == pytest.approx(0.0, abs=0.02)


def test_taps_that_agree_change_nothing_and_a_hand_is_averaged() -> None:
    source = Rolling("tap")
    source.run(4.0)

    def tap(late: float) -> float:
        source.run_to(4)
        source.clock.set_one(source.now - 4 * CLOCK + late)
        return source.bar_lines_at

    assert tap(0.035) == pytest.approx(2.0, abs=0.1), "a hand is late by 1.7 clocks"
    assert [round(tap(late)) for late in (-0.03, -0.01, 0.005)] == [0, 0, 0]
    epoch = source.clock.epoch
    assert tap(0.01) == pytest.approx(0.0, abs=0.1)
    assert source.clock.epoch == epoch, "nothing breaks off"
    assert round(tap(0.5)) == 24, "another beat is another bar line"


def test_where_nothing_can_be_told_it_is_said() -> None:
    with pytest.raises(ValueError, match="no clock arrives on 'the clock'"):
        MidiClock(PORT, 4.0).set_one(1.0)
    with pytest.raises(ValueError, match="Link"):
        MidiClock(LINK_PORT, 4.0).set_one(1.0)
    with pytest.raises(ValueError, match="internal clock"):
        InternalClock(120.0).set_one(1.0)
