"""JACK's transport read cycle by cycle, from a master whose every frame is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.clock.jackclock import JackClock, TransportIn
from nesvae_live.clock.timing import Meter
from nesvae_live.io.jack.cycle import Cycle
from nesvae_live.io.jack.said import Said
from nesvae_live.io.jack.transport import TransportReader
from nesvae_live.io.midi.transportslots import to_transport
from tests.support.simulatedtransport import said_of
from tests.support.timebase import Timebase

RATE, FRAMES = 48_000, 256
AHEAD = 0.03
"""Seconds by which everything is decided ahead, as at 256 frames."""

CLOSING_IN = 0.25
"""Seconds after a start or a jump within which a tempo that glides is known to the frame."""


@dataclass
class Server:
    """A server and its timebase master: cycles go by, and what is told is kept."""

    tempo: float = 120.0
    master: bool = True
    frames: int = FRAMES
    frame: int = 0
    n: int = 0
    rolls: bool = False
    honest: bool = True
    rounds: bool = False
    ticks: float = 1920.0
    frozen: bool = False
    says_frames: bool = False
    ahead: list[int] = field(default_factory=list)
    """By how many frames what it says is ahead, in each of the next cycles."""
    told: list[TransportIn] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)
    """The transport's frames on which the jam's bar lines were decided to fall."""

    def __post_init__(self) -> None:
        self.timebase = Timebase(
            self.tempo,
            RATE,
            honest=self.honest,
            rounds=self.rounds,
            ticks=self.ticks,
            frozen=self.frozen,
        )
        self.reader = TransportReader(RATE, 120.0, (4, 4))
        self.clock = JackClock(Meter(), ahead=AHEAD)
        self.clock.start(0.0)
        self._epoch, self._reached = self.clock.epoch, 0.0

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
            self.clock.tick(self.seconds(self.n))
            self._decide(self.seconds(self.n))
            self.n += 1
            self.frame += self.frames * self.rolls

    def run_for(self, seconds: float) -> None:
        self.run(round(seconds * RATE / self.frames))

    def locate(self, frame: int) -> None:
        self.lines = [line for line in self.lines if line < self.frame]
        self.frame = frame

    def _decide(self, now: float) -> None:
        """Decide as the sequencer does what is due up to the horizon."""
        clock = self.clock
        if not clock.runs:
            return
        if clock.epoch != self._epoch:
            self._epoch, self._reached = clock.epoch, clock.entry
        horizon = clock.ref.beat_at(now + AHEAD)
        while (line := clock.meter.whole_bars(self._reached)) <= horizon:
            self.lines.append(self.frame + (clock.ref.time_of(line) - now) * RATE)
            self._reached = line + 0.01

    def _said(self) -> Said | None:
        if not self.master:
            return None
        ahead = self.ahead.pop(0) if self.ahead else 0
        said = said_of(self.timebase, self.frame + ahead)
        if not self.says_frames:
            return said
        tempo = self.timebase.tempo_at(self.frame)
        ticks = self.timebase.beat_at(self.frame) * self.ticks
        return replace(said, late=int((ticks - int(ticks)) / self.ticks * 60.0 / tempo * RATE))

    def place_off(self) -> float:
        """How far the clock's place in the bar of 4/4 is from the master's, in frames."""
        beat = self.timebase.beat_at(self.frame)
        found = self.clock.ref.beat_at(self.seconds(self.n))
        off = (found - beat + 2.0) % 4.0 - 2.0
        return off * 60.0 / self.timebase.tempo_at(self.frame) * RATE

    def frames_off(self) -> float:
        """How far the clock's next bar line is from the master's, in frames."""
        now = self.seconds(self.n)
        beat = self.timebase.beat_at(self.frame)
        line = 4.0 * (beat // 4.0 + 1)
        due = now + (self.timebase.frame_of(line) - self.frame) / RATE
        jam = self.clock.ref.beat_at(now)
        found = self.clock.ref.time_of(4.0 * ((jam + 1e-3) // 4.0 + 1))
        return (found - due) * RATE

    def lines_off(self, first: float) -> list[float]:
        """How far the bar lines from a frame on are from the master's, in frames: each has one."""
        beats = (self.timebase.beat_at(frame) for frame in (first, self.frame))
        due = [self.timebase.frame_of(beat) for beat in self.timebase.bar_lines(*beats)]
        due = [frame for frame in due if first <= frame < self.frame]
        found = [line for line in self.lines if first - 8 <= line < self.frame - 8]
        return [one - other for one, other in zip(found, due, strict=True)]


@settings(max_examples=25)
@given(
    st.floats(40.0, 240.0),
    st.integers(0, 10_000_000),
    st.sampled_from([64, 256, 1024]),
    st.booleans(),
    st.sampled_from([48.0, 480.0, 1920.0]),
)
def test_bar_lines_lie_on_the_masters_frame_wherever_it_starts(
    tempo: float, frame: int, frames: int, rounds: bool, ticks: float
) -> None:
    server = Server(tempo=tempo, frames=frames, frame=frame, rounds=rounds, ticks=ticks)
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


@pytest.mark.parametrize("rounds", [True, False])
@pytest.mark.parametrize(
    ("tempo", "other", "seconds", "frame", "frames"),
    [
        (60.0, 180.0, 16.0, 0, 256),
        (180.0, 60.0, 16.0, 777_777, 256),
        (61.0, 66.7, 17.0, 18_515, 1024),
        (120.0, 100.0, 2.0, 1_000_003, 64),
        (97.3, 240.0, 8.0, 12_345, 1024),
        (240.0, 61.7, 3.0, 5, 128),
    ],
)
def test_bar_lines_lie_on_the_masters_frame_while_the_tempo_glides(
    tempo: float, other: float, seconds: float, frame: int, frames: int, *, rounds: bool
) -> None:
    server = Server(tempo=tempo, frames=frames, frame=frame, rounds=rounds, rolls=True)
    server.run_for(1.0)
    server.timebase.glide_in_a_bar(other, seconds, server.frame)
    told = len(server.told)
    server.run_for(seconds + 8.0)
    off = server.lines_off(frame + CLOSING_IN * RATE)
    assert len(off) > 2
    assert max(map(abs, off)) < 1.0
    assert sum(item.jumped for item in server.told) == 1, "nothing broke off"
    assert len(server.told) - told < 12 * (seconds + 8.0), "a glide is told as one"


METRES = ((3, 4), (4, 4), (7, 8), (5, 4), (6, 8), (2, 4), (12, 8), (4, 4))


@pytest.mark.parametrize("rounds", [True, False])
@pytest.mark.parametrize("honest", [True, False])
def test_bar_lines_lie_on_the_masters_frame_through_changes_of_metre(
    *, honest: bool, rounds: bool
) -> None:
    server = Server(tempo=133.3, rolls=True, honest=honest, rounds=rounds)
    server.run_for(1.0)
    for i, (numerator, denominator) in enumerate(METRES):
        server.timebase.meter_in_a_bar(numerator, denominator, server.frame)
        if i % 3 == 1:
            server.timebase.glide_in_a_bar((97.0, 160.0)[i % 2], 4.0, server.frame)
        server.run_for(9.0)
        assert server.clock.meter.parts == (numerator, denominator)
    off = server.lines_off(0.5 * RATE)
    assert len(off) > 25
    assert max(map(abs, off)) < 1.0
    assert sum(item.jumped for item in server.told) == 1
    assert server.clock.epoch == 1, "nothing broke off"


def test_a_locate_into_another_metre_enters_in_it_at_the_transports_place() -> None:
    server = Server(rolls=True)
    server.timebase.meter_in_a_bar(3, 4, 10 * RATE)
    server.run_for(1.3)
    server.locate(server.timebase.frame_of(server.timebase.beat_at(20 * RATE) // 3 * 3))
    jumped = server.frame
    server.run_for(4.0)
    assert server.clock.meter.parts == (3, 4)
    assert max(map(abs, server.lines_off(jumped + CLOSING_IN * RATE))) < 1.0


def test_a_master_that_moves_the_place_in_the_bar_is_followed_there() -> None:
    server = Server(rolls=True)
    server.run_for(1.0)
    server.timebase.begin(121.0)  # as if somebody had edited the song under the playhead
    epoch = server.clock.epoch
    server.run_for(3.0)
    assert server.clock.epoch == epoch + 1
    assert abs(server.frames_off()) < 1.0


def test_a_locate_while_it_rolls_is_a_jump_to_that_frame() -> None:
    server = Server(rolls=True)
    server.run(100)
    server.frame = 12_345_678
    server.run(400)
    assert [item.jumped for item in server.told].count(True) == 2
    assert abs(server.frames_off()) < 1.0


TICK = st.integers(0, 4_000_000)


@settings(max_examples=25)
@given(st.floats(40.0, 240.0), TICK, TICK, st.booleans(), st.sampled_from([96.0, 1920.0]))
def test_a_locate_to_any_tick_is_on_its_frame_from_the_first_cycle_on(
    tempo: float, tick: int, other: int, rounds: bool, ticks: float
) -> None:
    server = Server(tempo=tempo, rolls=True, rounds=rounds, ticks=ticks)
    server.run(20)
    for there in (tick, other):
        server.locate(server.timebase.frame_of(there / ticks))
        server.run(1)
        assert abs(server.place_off()) < 0.5
        server.run(20)
        assert abs(server.place_off()) < 0.5


@pytest.mark.parametrize("rounds", [True, False])
def test_a_tempo_that_was_played_once_is_on_its_frame_from_the_first_cycle_on(
    *, rounds: bool
) -> None:
    server = Server(tempo=120.0, rolls=True, rounds=rounds)
    server.run_for(1.0)
    server.timebase.change_in_a_bar(97.3, server.frame)
    server.run_for(6.0)
    for beat in (8.123, 40.789, 1.5, 64.0, 17.001):
        server.locate(server.timebase.frame_of(beat))
        server.run(1)
        assert abs(server.place_off()) < 1.0


@pytest.mark.parametrize("rounds", [True, False])
def test_how_a_master_counts_is_found_out_and_kept(*, rounds: bool) -> None:
    server = Server(tempo=120.0, rolls=True, rounds=rounds)
    server.timebase.change_in_a_bar(97.3, 9 * RATE)
    server.run_for(0.5)
    server.locate(30 * RATE)  # in the other tempo
    server.run(1)
    assert abs(server.place_off()) < TICK_FRAMES / 2 + 1
    server.run_for(1.0)
    assert abs(server.place_off()) < 1.0


TICK_FRAMES = 60 / 97.3 / 1920 * RATE


STARTS, WAITS = (2, 2, 1), (2, 2)
"""Ardour is ahead by so many cycles in the first ones after a start, and before it, after a jump."""


@pytest.mark.parametrize("tempo", [123.39999965168414, 60.0, 211.7])
@pytest.mark.parametrize("frames", [64, 256, 1024])
def test_a_master_that_says_places_ahead_at_first_as_ardour_does_moves_nothing(
    tempo: float, frames: int
) -> None:
    server = Server(tempo=tempo, frames=frames, rounds=True)
    server.run(20)
    server.rolls, server.ahead = True, [n * frames for n in STARTS]
    for _ in range(12):
        server.run(1)
        assert abs(server.place_off()) < 0.5
    server.run_for(2.0)
    assert server.clock.entry == 0.0, "it begins with the song's first bar"
    epoch = server.clock.epoch
    for frame in (1_234_567, 99, 7_654_321):
        server.rolls = False  # it waits until everybody is there
        passed = frame - server.frame
        server.locate(frame)
        server.ahead = [-passed]  # it has not heard of it yet
        server.run(1)
        server.ahead = [n * frames for n in WAITS]
        server.run(len(WAITS))
        server.rolls, server.ahead = True, [n * frames for n in STARTS]
        for _ in range(12):
            server.run(1)
            assert abs(server.place_off()) < 0.5
        server.run_for(1.0)
    assert server.clock.epoch <= epoch + 3 * 3, "a stop, a jump and a start each"


NOTICED = 0.6
"""Seconds after which another tempo is known by its ticks alone."""


def as_ardour(tempo: float, frames: int) -> Server:
    return Server(tempo=tempo, frames=frames, rounds=True, frozen=True, honest=False, rolls=True)


@pytest.mark.parametrize(
    ("other", "frames", "most"),
    [
        (60.0, 256, 2),
        (60.0, 1024, 6),
        (119.0, 256, 2),
        (119.0, 1024, 6),
        (150.0, 64, 2),
        (150.0, 1024, 6),
        (240.0, 256, 2),
        (240.0, 1024, 6),
    ],
)
def test_another_tempo_that_only_the_ticks_say_is_followed(
    other: float, frames: int, most: int
) -> None:
    server = as_ardour(120.0, frames)
    server.run_for(1.0)
    since = server.timebase.change_in_a_bar(other, server.frame)
    begins = server.timebase.frame_of(since)
    server.run_for(9.0)
    off = server.lines_off(begins + NOTICED * RATE)
    print(off)
    assert len(off) > 1
    assert max(map(abs, off)) < most
    assert server.clock.ref.tempo == pytest.approx(other, rel=5e-4)


def test_a_tempo_that_only_the_ticks_say_is_known_where_it_was_played_before() -> None:
    server = as_ardour(120.0, 256)
    server.run_for(1.0)
    server.timebase.change_in_a_bar(150.0, server.frame)
    server.run_for(12.0)
    for beat, tempo in ((1.0, 120.0), (12.3, 150.0), (2.0, 120.0)):
        server.locate(server.timebase.frame_of(beat))
        server.run(1)
        assert server.clock.ref.tempo == pytest.approx(tempo, rel=5e-4)
        assert abs(server.place_off()) < TICK_FRAMES
        server.run_for(1.0)


@pytest.mark.parametrize(("other", "seconds"), [(160.0, 4.0), (60.0, 6.0)])
def test_a_glide_that_only_the_ticks_say_is_followed(other: float, seconds: float) -> None:
    server = as_ardour(100.0, 256)
    server.run_for(1.0)
    begins, _ = server.timebase.glide_in_a_bar(other, seconds, server.frame)
    server.run_for(seconds + 5.0)
    off = server.lines_off(server.timebase.frame_of(begins) + NOTICED * RATE)
    print(off)
    assert len(off) > 1
    assert max(map(abs, off)) < 6.0
    assert sum(item.jumped for item in server.told) == 1, "nothing broke off"


@pytest.mark.parametrize("metre", [(7, 8), (3, 4), (6, 8), (5, 4), (2, 2)])
def test_another_metre_that_only_the_counts_say_is_known_after_its_first_bar(
    metre: tuple[int, int],
) -> None:
    server = as_ardour(150.0, 256)
    server.run_for(1.0)
    beat = server.timebase.meter_in_a_bar(*metre, server.frame)
    server.run_for(10.0)
    assert server.clock.meter.parts == metre
    second = server.timebase.frame_of(beat + 2 * metre[0] * 4.0 / metre[1])
    off = server.lines_off(second + 100)
    print(off)
    assert len(off) > 1
    assert max(map(abs, off)) < 1.0
    server.locate(server.timebase.frame_of(beat))  # it is known now, from the first bar on
    server.lines.clear()
    epoch = server.clock.epoch
    server.run_for(5.0)
    assert server.clock.meter.parts == metre
    assert max(map(abs, server.lines_off(server.timebase.frame_of(beat) + 100))) < 1.0
    assert server.clock.epoch == epoch + 1, "nothing breaks off"


def test_who_says_the_frames_since_a_tick_is_believed_at_once() -> None:
    server = Server(tempo=97.3, rolls=True, says_frames=True)
    server.timebase.change_in_a_bar(133.3, 9 * RATE)
    for frame in (0, 5 * RATE + 3, 30 * RATE + 7, 40 * RATE + 1):
        server.locate(frame)
        server.run(1)
        assert abs(server.place_off()) < 1.0


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


@given(st.integers(1, 300), st.integers(0, 3), st.integers(0, 1919))
def test_a_tick_that_pipewire_made_another_is_known_again(bar: int, beat: int, tick: int) -> None:
    place = (bar - 1) * 4.0 + beat + tick / 1920.0  # as it lies between the two
    bars = int(place / 4.0)
    beats = int(place - bars * 4.0)
    read = int((place - (bars * 4 + beats)) * 1920.0)
    if (bars, beats) == (bar - 1, beat):
        said = Said(bar, 4.0 * bars, beat, read, 1920.0, 4.0, 4.0, 120.0).through_pipewire()
        assert said.tick <= tick < said.tick + said.spread


def test_without_a_master_the_given_tempo_holds_from_the_first_frame_on() -> None:
    server = Server(master=False, rolls=True, frame=24_000 * 5)
    server.run(50)
    assert server.told[0].beat == pytest.approx(5.0)
    assert server.told[0].place == pytest.approx(1.0)
    assert server.clock.ref.tempo == pytest.approx(120.0)
