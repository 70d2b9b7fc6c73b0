"""JACK's transport read cycle by cycle, from a master whose every frame is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.clock.jackclock import JackClock, TransportIn
from nesvae_live.io.jack.cycle import Cycle
from nesvae_live.io.jack.transport import Said, TransportReader
from nesvae_live.io.midi.transportslots import to_transport
from tests.support.timebase import Timebase

RATE, FRAMES = 48_000, 256


@dataclass
class Server:
    """A server and its timebase master: cycles go by, and what is told is kept."""

    tempo: float = 120.0
    master: bool = True
    frames: int = FRAMES
    frame: int = 0
    n: int = 0
    rolls: bool = False
    told: list[TransportIn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.timebase = Timebase(self.tempo, RATE)
        self.reader = TransportReader(RATE, 120.0, 4.0)
        self.clock = JackClock(4.0)
        self.clock.start(0.0)

    def seconds(self, cycle: float) -> float:
        return 5.0 + cycle * self.frames / RATE

    def run(self, cycles: int) -> None:
        for _ in range(cycles):
            begins, ends = (round(1e6 * self.seconds(self.n + i)) for i in (0, 1))
            cycle = Cycle(self.n * self.frames, self.frames, begins, ends)
            data = self.reader.read(cycle, self.frame, self._said(), rolls=self.rolls)
            if data is not None:
                self.told.append(to_transport(data, begins))
                self.clock.move(self.told[-1])
            self.n += 1
            self.frame += self.frames * self.rolls

    def _said(self) -> Said | None:
        if not self.master:
            return None
        at = SimpleNamespace(frame=self.frame)
        self.timebase.fill(at)
        return Said(
            at.bar_start_tick / at.ticks_per_beat,
            at.beat - 1,
            at.tick,
            at.ticks_per_beat,
            at.beats_per_bar,
            at.beat_type,
            at.beats_per_minute,
        )

    def frames_off(self) -> float:
        """How far the clock's next bar line is from the master's, in frames."""
        now = self.seconds(self.n)
        beat = self.timebase.beat_at(self.frame)
        line = 4.0 * (beat // 4.0 + 1)
        due = now + (self.timebase.frame_of(line) - self.frame) / RATE
        jam = self.clock.ref.beat_at(now)
        found = self.clock.ref.time_of(4.0 * ((jam + 1e-3) // 4.0 + 1))
        return (found - due) * RATE


@settings(max_examples=25)
@given(st.floats(40.0, 240.0), st.integers(0, 10_000_000), st.sampled_from([64, 256, 1024]))
def test_bar_lines_lie_on_the_masters_frame_wherever_it_starts(
    tempo: float, frame: int, frames: int
) -> None:
    server = Server(tempo=tempo, frames=frames, frame=frame)
    server.run(3)
    server.rolls = True
    server.run(4 * RATE // frames)
    assert abs(server.frames_off()) < 1.0


def test_what_goes_on_as_told_is_not_told_again_but_for_a_sign_of_life() -> None:
    server = Server(rolls=True)
    server.run(RATE // FRAMES)
    assert 4 <= len(server.told) <= 12


def test_a_change_of_tempo_within_a_bar_is_followed_and_the_next_lines_lie_right() -> None:
    server = Server(rolls=True)
    server.run(100)
    for tempo in (97.3, 211.7, 60.0):
        server.timebase.change_in_a_bar(tempo, server.frame)
        server.run(6 * RATE // FRAMES)
        assert abs(server.frames_off()) < 1.5
    assert server.clock.ref.tempo == pytest.approx(60.0)
    assert sum(item.jumped for item in server.told) == 1, "nothing broke off"


def test_a_locate_while_it_rolls_is_a_jump_to_that_frame() -> None:
    server = Server(rolls=True)
    server.run(100)
    server.frame = 12_345_678
    server.run(400)
    assert [item.jumped for item in server.told].count(True) == 2
    assert abs(server.frames_off()) < 1.0


@pytest.mark.parametrize("loops", [50, pytest.param(1875, marks=pytest.mark.soak)])
def test_loops_of_one_bar_begin_each_on_its_frame(loops: int) -> None:
    server = Server(tempo=125.0, rolls=True, frames=1024)  # a bar is 90 cycles; 1875 are an hour
    entries = []
    for _ in range(loops):
        server.run(90)
        entries.append(server.clock.entry)
        assert abs(server.frames_off()) < 1.0
        server.frame = 0
    assert entries == [4.0 * i for i in range(loops)]


def test_without_a_master_the_given_tempo_holds_from_the_first_frame_on() -> None:
    server = Server(master=False, rolls=True, frame=24_000 * 5)
    server.run(50)
    assert server.told[0].beat == pytest.approx(5.0)
    assert server.told[0].place == pytest.approx(1.0)
    assert server.clock.ref.tempo == pytest.approx(120.0)
