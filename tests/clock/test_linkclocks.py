"""A Link session as a MIDI clock: starts on the bar line, exact stamps, recovery from a jump."""

from __future__ import annotations

import pytest

from nesvae_live.clock.follower import Follower, Motion, Status
from nesvae_live.clock.linkclocks import LinkClocks


class Session:
    """A Link session of 120 beats a minute that is looked at every 7 ms."""

    def __init__(self, clocks: LinkClocks, beat: float = 0.0) -> None:
        self.clocks, self.beat, self.now = clocks, beat, 100.0
        self.playing = False
        self.said: list[tuple[tuple[int, ...], float]] = []

    def run(self, seconds: float, look: float = 0.007) -> None:
        for _ in range(round(seconds / look)):
            self.now += look
            self.beat += look / 0.5
            self.said += self.clocks.due(self.beat, self.now, 0.5, playing=self.playing)

    def kinds(self) -> list[int]:
        return [data[0] for data, _ in self.said if data[0] != Status.CLOCK]

    def follower(self) -> Follower:
        follower = Follower()
        for data, at in self.said:
            assert follower.receive(data, at)
        return follower


def test_it_starts_on_the_sessions_next_bar_line_and_keeps_its_phase() -> None:
    session = Session(LinkClocks(4.0), beat=9.3)
    session.run(1.3)
    assert not session.said  # beat 12 comes after 1.35 s
    session.run(8.0)
    assert session.kinds() == [Status.START]
    follower = session.follower()
    assert follower.ref.beat_at(session.now) == pytest.approx(session.beat - 12.0, abs=1e-3)
    stamps = [at for data, at in session.said if data[0] == Status.CLOCK]
    assert stamps == pytest.approx([100.0 + 1.35 + i / 48 for i in range(len(stamps))])


def test_it_starts_and_stops_with_the_session_only_if_it_was_asked_to() -> None:
    session = Session(LinkClocks(4.0, start_stop=True))
    session.run(5.0)
    assert not session.said
    session.playing = True
    session.run(5.0)
    assert session.kinds() == [Status.START]
    session.playing = False
    session.run(1.0)
    assert session.kinds() == [Status.START, Status.STOP]
    assert session.follower().transport.motion is Motion.STOPPED


@pytest.mark.parametrize("to", [2.5, 40.25, 7.0])
def test_when_the_session_jumps_it_begins_anew_on_a_bar_line(to: float) -> None:
    session = Session(LinkClocks(4.0))
    session.run(9.0)
    session.beat = to
    session.run(6.0)
    assert session.kinds() == [Status.START, Status.STOP, Status.START]
    follower = session.follower()
    apart = (session.beat - follower.ref.beat_at(session.now)) / 4.0
    assert apart == pytest.approx(round(apart), abs=1e-3)


def test_a_look_that_comes_late_loses_no_clock() -> None:
    session = Session(LinkClocks(4.0), beat=3.9)
    session.run(2.0)
    session.run(0.2, look=0.2)
    session.run(1.0)
    assert session.kinds() == [Status.START]
    assert session.follower().transport.clocks == int((session.beat - 4.0) * 24) + 1


def test_a_session_that_changes_its_tempo_is_followed() -> None:
    session = Session(LinkClocks(4.0), beat=3.99)
    session.run(4.0)
    for _ in range(600):
        session.now += 0.007
        session.beat += 0.007 / 0.4
        session.said += session.clocks.due(session.beat, session.now, 0.4, playing=False)
    assert session.kinds() == [Status.START]
    follower = session.follower()
    assert follower.ref.tempo == pytest.approx(150.0, rel=1e-3)
    assert follower.ref.beat_at(session.now) == pytest.approx(session.beat - 4.0, abs=2e-3)
