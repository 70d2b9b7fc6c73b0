"""Following a MIDI clock: exact positions, and the phase to milliseconds, in simulated time."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest

from nesvae_live.clock.follower import COAST_AFTER, LOST_AFTER, Follower, Motion, Status
from nesvae_live.clock.tempoloop import TempoLoop

Tempo = Callable[[float], float]
"""Clocks since the source began -> beats a minute."""


@dataclass(frozen=True)
class Clocks:
    """`n` clocks on positions `first`, `first + 1`, ...; None: they count for nothing."""

    n: int
    first: int | None = None


@dataclass(frozen=True)
class Pause:
    """The source's clocks stop for so long, and begin anew."""

    seconds: float


Step = Clocks | Pause | bytes
START, CONTINUE, STOP = (bytes([s]) for s in (Status.START, Status.CONTINUE, Status.STOP))
CLOCK = (Status.CLOCK,)


def position(units: int) -> bytes:
    return bytes([Status.SONG_POSITION, units % 128, units // 128])


@dataclass(frozen=True)
class Sent:
    """A message as the source means it: `at` in seconds, its position if it is a clock."""

    data: bytes
    at: float
    clocks: int | None = None
    counts: bool = False


def play(steps: list[Step], tempo: Tempo, at: float = 100.0) -> Iterator[Sent]:
    """Run a source; whatever is no clock comes 1 ms before the next clock at the latest."""
    heard, before = 0.0, at
    for step in steps:
        if isinstance(step, Clocks):
            for i in range(step.n):
                where = None if step.first is None else step.first + i
                yield Sent(bytes(CLOCK), at, where, counts=step.first is not None)
                before, at = at, at + 60.0 / tempo(heard) / 24
                heard += 1
        elif isinstance(step, Pause):
            at += step.seconds
            before = at - 0.002
        else:
            before = min(before + 0.0001, at - 0.001)
            yield Sent(step, before)


@dataclass
class Wire:
    """Delivers late: by up to `jitter` seconds, and in periods of `period` seconds, in order."""

    jitter: float = 0.0
    period: float = 0.0
    seed: int = 1
    _last: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._offset = self._random.random() * self.period

    @property
    def delay(self) -> float:
        """What it delays by in the mean, which an offset takes out."""
        return (self.jitter + self.period) / 2

    def stamp(self, at: float) -> float:
        if self.period:
            at = math.ceil((at - self._offset) / self.period) * self.period + self._offset
        at += self._random.random() * self.jitter
        self._last = max(at, self._last + 0.0001)
        return self._last


def follow(
    sent: Iterator[Sent], wire: Wire, follower: Follower, settled: int = 0
) -> tuple[list[float], list[float]]:
    """Let it follow, check every position; phase errors in ms and tempo errors in % at clocks.

    The first `settled` clocks are not in the errors.
    """
    phase: list[float] = []
    tempo: list[float] = []
    now = 0.0
    clocks = 0
    before: Sent | None = None
    for message in sent:
        stamp = wire.stamp(message.at)
        while now < stamp - 0.02 and now:  # as the sequencer's loop does between messages
            now += 0.02
            follower.tick(now)
        now = stamp
        assert follower.receive(message.data, stamp)
        follower.tick(now)
        if not message.counts or message.clocks is None:
            continue
        transport = follower.transport
        assert transport.motion is Motion.RUNNING
        assert transport.clocks == message.clocks + 1
        clocks += 1
        if clocks > settled:
            beat = follower.ref.beat_at(message.at + wire.delay)
            phase.append((beat - message.clocks / 24) * follower.ref.beat_seconds * 1000)
            if before is not None and before.clocks == message.clocks - 1:
                beat_seconds = 24 * (message.at - before.at)
                tempo.append(100 * (follower.ref.beat_seconds / beat_seconds - 1))
        before = message
    return phase, tempo


def steady(tempo: float) -> Tempo:
    return lambda _: tempo


def centile(errors: list[float], share: float) -> float:
    return sorted(abs(e) for e in errors)[min(int(share * len(errors)), len(errors) - 1)]


# The orders that DAWs send. A jump lands on its sixteenth; clocks between STOP and CONTINUE or
# START count for nothing.
ORDERS: dict[str, list[Step]] = {
    "start": [START, Clocks(96, 0)],
    "clock before start": [Clocks(60), START, Clocks(96, 0)],
    "clock before start, out of step": [Clocks(60), Pause(0.007), START, Clocks(96, 0)],
    "stop holds the position": [START, Clocks(50, 0), STOP, Pause(3.0), CONTINUE, Clocks(50, 50)],
    "clocks after stop": [START, Clocks(50, 0), STOP, Clocks(40), CONTINUE, Clocks(50, 50)],
    "stop, position, continue": [
        START, Clocks(30, 0), STOP, Clocks(5), position(64), Clocks(5), CONTINUE, Clocks(60, 384),
    ],
    "the three in a burst": [
        START, Clocks(96, 0), STOP, position(4), CONTINUE, Clocks(60, 24),
    ],
    "position, then continue": [position(100), CONTINUE, Clocks(60, 600)],
    "position while running": [START, Clocks(37, 0), position(1000), Clocks(60, 6000)],
    "position after continue": [CONTINUE, position(8), Clocks(60, 48)],
    "position twice": [START, Clocks(9, 0), STOP, position(9), position(2), CONTINUE, Clocks(60, 12)],
    "the last position": [position(0x3FFF), CONTINUE, Clocks(60, 0x3FFF * 6)],
    "start twice": [START, Clocks(40, 0), START, Clocks(60, 0)],
    "start, start": [START, START, Clocks(60, 0)],
    "start after position rewinds": [position(77), START, Clocks(60, 0)],
    "continue without position": [CONTINUE, Clocks(60, 0)],
    "continue while running": [START, Clocks(40, 0), CONTINUE, Clocks(40, 40)],
    "stop twice": [START, Clocks(40, 0), STOP, Clocks(7), STOP, CONTINUE, Clocks(40, 40)],
    "stop before start": [STOP, START, Clocks(60, 0)],
    "stop between start and the clock": [START, STOP, Clocks(10), CONTINUE, Clocks(60, 0)],
    "start, then a long silence": [START, Pause(2.0), Clocks(60, 0)],
    "loss and return": [START, Clocks(60, 0), Pause(0.4), Clocks(60, 60)],
    "loss, position, return": [START, Clocks(60, 0), Pause(0.4), position(3), Clocks(60, 18)],
    "loss, start": [START, Clocks(60, 0), Pause(0.4), START, Clocks(60, 0)],
}  # fmt: skip


@pytest.mark.parametrize("tempo", [40, 120, 240])
@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_keeps_position_and_phase(order: str, jitter: int, tempo: int) -> None:
    wire = Wire(jitter / 1000)
    phase, _ = follow(play(ORDERS[order], steady(tempo)), wire, Follower())
    # The line and the first guesses of the tempo start from one stamp, which is off by at most
    # half the jitter; from then on they only get better.
    assert centile(phase, 1.0) <= 1.05 + jitter / 2 * 1.3
    assert centile(phase, 0.5) <= 0.05 + jitter * 0.25


@pytest.mark.parametrize("frames", [256, 1024, 2048])
@pytest.mark.parametrize("jitter", [0, 5])
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_keeps_position_in_bursts(order: str, jitter: int, frames: int) -> None:
    wire = Wire(jitter / 1000, frames / 48000)
    phase, _ = follow(play(ORDERS[order], steady(123.4)), wire, Follower())
    assert centile(phase, 1.0) <= 1000 * (wire.period + wire.jitter) * 1.3
    assert centile(phase, 0.5) <= 1000 * (wire.period + wire.jitter) / 3


@pytest.mark.parametrize("tempo", [40, 90, 123.4, 174, 240])
@pytest.mark.parametrize(("jitter", "worst"), [(0, 0.05), (1, 0.25), (2, 0.5), (5, 1.3)])
def test_after_two_beats_the_line_is_steady(tempo: float, jitter: int, worst: float) -> None:
    steps: list[Step] = [START, Clocks(40 * 24, 0)]
    phase, tempi = follow(play(steps, steady(tempo)), Wire(jitter / 1000), Follower(), 48)
    assert centile(phase, 0.99) <= worst
    assert centile(tempi, 0.99) <= 0.02 + 0.15 * jitter * tempo / 240


def test_after_four_beats_the_line_is_steady_in_bursts_of_21_ms() -> None:
    steps: list[Step] = [START, Clocks(40 * 24, 0)]
    errors: list[float] = []
    for tempo, seed in product((40, 90, 123.4, 174, 240), range(4)):
        wire = Wire(0.0, 1024 / 48000, seed)
        errors += follow(play(steps, steady(tempo)), wire, Follower(), 96)[0]
    assert centile(errors, 0.5) <= 1.0
    assert centile(errors, 0.99) <= 5.0


@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
def test_a_second_start_finds_its_phase_from_the_first_clock(jitter: int) -> None:
    follower = Follower()
    wire = Wire(jitter / 1000)
    steps: list[Step] = [START, Clocks(96, 0), STOP, Pause(2.0), START, Clocks(24, 0)]
    phase, tempi = follow(play(steps, steady(90)), wire, follower, settled=96)
    assert centile(phase, 1.0) <= 0.1 + jitter * 0.65
    assert centile(tempi, 1.0) <= 0.1 + 0.6 * jitter  # the tempo is not guessed from two stamps


@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
@pytest.mark.parametrize("tempo", [60, 110, 130, 180])
def test_a_tempo_changed_while_clocks_paused_is_found_in_a_beat(jitter: int, tempo: int) -> None:
    follower, wire = Follower(), Wire(jitter / 1000)
    follow(play([START, Clocks(96, 0), STOP], steady(120)), wire, follower)
    again = play([START, Clocks(96, 0)], steady(tempo), at=200.0)
    phase, tempi = follow(again, wire, follower, settled=24)
    assert centile(phase, 1.0) <= 0.2 + jitter * 0.4
    assert centile(tempi, 1.0) <= 0.2 + jitter * 1.0


@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
def test_a_ramp_from_60_to_180_in_8_bars_is_followed(jitter: int) -> None:
    def tempo(heard: float) -> float:
        return 60 + 120 * min(max(heard / 24 - 4, 0.0) / 32, 1.0)

    steps: list[Step] = [START, Clocks(44 * 24, 0)]
    phase, _ = follow(play(steps, tempo), Wire(jitter / 1000), Follower(), settled=24)
    assert centile(phase, 0.5) <= 0.1 + jitter * 0.15
    assert centile(phase, 0.99) <= 0.8 + jitter * 0.6


@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
def test_a_tempo_that_drifts_is_followed_closely(jitter: int) -> None:
    def tempo(heard: float) -> float:
        return 120 + 2 * math.sin(heard / 24 / 60)  # once in 6 minutes, by 2 beats a minute

    steps: list[Step] = [START, Clocks(400 * 24, 0)]
    phase, _ = follow(play(steps, tempo), Wire(jitter / 1000), Follower(), settled=48)
    assert centile(phase, 0.99) <= 0.15 + jitter * 0.2


@pytest.mark.parametrize("jitter", [0, 1, 2, 5])
@pytest.mark.parametrize(("before", "after"), [(120, 90), (90, 120), (90, 180), (200, 60)])
def test_a_jump_of_tempo_is_followed_within_a_beat(jitter: int, before: int, after: int) -> None:
    def tempo(heard: float) -> float:
        return before if heard < 480 else after

    steps: list[Step] = [START, Clocks(480 + 96, 0)]
    phase, tempi = follow(play(steps, tempo), Wire(jitter / 1000), Follower(), settled=480)
    assert centile(phase[24:], 1.0) <= 0.2 + jitter * 0.4
    assert centile(tempi[24:], 1.0) <= 0.2 + jitter * 1.0
    # Until it has adapted, it is off by what the tempi differ by in a clock or two.
    assert centile(phase, 1.0) <= 2000 * abs(2.5 / before - 2.5 / after) + jitter


@pytest.mark.slow
@pytest.mark.parametrize(
    ("jitter", "period"),
    [
        pytest.param(0.0, 0.0, marks=pytest.mark.soak),
        pytest.param(0.005, 0.0, marks=pytest.mark.soak),
        (0.002, 1024 / 48000),
    ],
)
def test_a_daw_loops_every_4_bars_for_an_hour(jitter: float, period: float) -> None:
    turn: list[Step] = [Clocks(4 * 96, 0), STOP, position(0), CONTINUE]
    steps: list[Step] = [START, *(turn * 450), Clocks(10, 0)]  # 450 times 4 bars of 2 s
    follower = Follower()
    phase, _ = follow(play(steps, steady(120)), Wire(jitter, period), follower)
    assert len(phase) == 172_810
    # A source that goes on clocking through the jump keeps its phase.
    assert centile(phase[384::384], 0.99) <= 0.05 + 1000 * (jitter * 0.25 + period / 2)
    last, first = phase[-2880:], phase[2880:5760]
    assert abs(sorted(last)[1440] - sorted(first)[1440]) <= 0.2 + 1000 * period / 8
    assert not follower.transport.doubled


@pytest.mark.parametrize("fault", ["dropped", "doubled"])
@pytest.mark.parametrize("mend", [[position(64)], [STOP, position(64), CONTINUE], [START]])
@pytest.mark.parametrize("jitter", [0.0, 0.002, 0.005])
def test_after_a_wrong_clock_it_is_right_again_from_the_next_position_or_start(
    fault: str, mend: list[bytes], jitter: float
) -> None:
    sent = list(play([START, Clocks(100, 0)], steady(120)))
    if fault == "dropped":
        del sent[50]
    else:
        sent.insert(50, Sent(sent[50].data, sent[50].at + 0.0005))
    wire, follower = Wire(jitter), Follower()
    for message in sent:
        follower.receive(message.data, wire.stamp(message.at))
    assert follower.transport.clocks == (99 if fault == "dropped" else 101)
    first = 0 if mend == [START] else 384
    rest = play([*mend, Clocks(96, first)], steady(120), sent[-1].at + 60 / 120 / 24)
    phase, _ = follow(rest, wire, follower)
    assert centile(phase, 1.0) <= 1.0 + 800 * jitter


def feed(follower: Follower, n: int, at: float, interval: float = 1 / 48) -> float:
    for _ in range(n):
        follower.receive(CLOCK, at)
        at += interval
    return at


def test_start_only_arms() -> None:
    follower = Follower()
    follower.receive(START, 1.0)
    assert (follower.transport.motion, follower.transport.clocks) == (Motion.ARMED, 0)
    follower.receive(CLOCK, 1.5)
    assert follower.transport.motion is Motion.RUNNING
    assert follower.ref.time_of(0.0) == 1.5


def test_clocks_while_stopped_keep_the_tempo_but_do_not_count() -> None:
    follower = Follower()
    feed(follower, 100, 1.0, 60 / 150 / 24)
    assert (follower.transport.motion, follower.transport.clocks) == (Motion.STOPPED, 0)
    assert follower.ref.tempo == pytest.approx(150, rel=1e-3)
    assert follower.transport.epoch == 0


def test_without_clocks_for_a_quarter_of_a_second_it_is_lost_and_holds() -> None:
    follower = Follower()
    follower.receive(START, 0.9)
    last = feed(follower, 60, 1.0) - 1 / 48
    epoch = follower.transport.epoch
    follower.tick(last + LOST_AFTER - 0.001)
    running = follower.transport
    follower.tick(last + LOST_AFTER + 0.001)
    assert (running.motion, follower.transport.motion) == (Motion.RUNNING, Motion.LOST)
    assert not follower.transport.clocked
    assert follower.transport.clocks == 60
    assert follower.transport.epoch == epoch + 1
    follower.tick(last + 10.0)
    assert follower.transport.epoch == epoch + 1


def test_after_a_loss_it_goes_on_counting_and_invents_no_clock() -> None:
    follower = Follower()
    follower.receive(START, 0.9)
    feed(follower, 60, 1.0)
    epoch = follower.transport.epoch
    follower.receive(CLOCK, 20.0)  # without a tick in between the gap is still noticed
    assert (follower.transport.motion, follower.transport.clocks) == (Motion.RUNNING, 61)
    assert follower.transport.epoch == epoch + 2
    assert follower.ref.beat_at(20.0) == 60 / 24
    assert follower.ref.tempo == pytest.approx(120)


def test_lost_while_stopped_is_stopped() -> None:
    follower = Follower()
    last = feed(follower, 60, 1.0)
    follower.tick(last + 1.0)
    assert follower.transport.motion is Motion.STOPPED
    assert not follower.transport.clocked


def coast(seconds: float) -> tuple[Follower, float]:
    """A follower whose source went silent so long ago, and when its last clock came."""
    follower = Follower(coasts=True)
    follower.receive(START, 0.9)
    last = feed(follower, 60, 1.0) - 1 / 48
    for ms in range(0, round(seconds * 1000) + 1, 5):
        follower.tick(last + ms / 1000)
    return follower, last


def test_a_lost_source_is_taken_to_go_on_after_a_second_if_that_is_wanted() -> None:
    held, last = coast(COAST_AFTER - 0.01)
    assert (held.transport.motion, held.transport.clocks) == (Motion.LOST, 60)
    line, epoch = held.ref, held.transport.epoch
    held.tick(last + COAST_AFTER + 0.001)
    assert (held.transport.motion, held.transport.epoch) == (Motion.COASTING, epoch + 1)
    assert held.transport.clocks == 60 + 48
    held.tick(last + 10.0 + 0.001)
    assert (held.transport.motion, held.transport.epoch) == (Motion.COASTING, epoch + 1)
    assert held.transport.clocks == 60 + 480
    assert held.ref.beat_at(last + 10.0) == pytest.approx(line.beat_at(last + 10.0))


@pytest.mark.parametrize("late", [-0.009, 0.0, 0.009])
def test_the_clock_that_returns_is_the_one_that_is_due_and_nothing_breaks_off(late: float) -> None:
    follower, last = coast(10.0)
    epoch = follower.transport.epoch
    at = last + 10.0 + late
    follower.receive(CLOCK, at)
    assert (follower.transport.motion, follower.transport.epoch) == (Motion.RUNNING, epoch)
    assert follower.transport.clocks == 59 + 480 + 1
    assert follower.ref.beat_at(at) == pytest.approx((59 + 480) / 24)
    feed(follower, 10, at + 1 / 48)
    assert follower.transport.clocks == 59 + 480 + 11


@pytest.mark.parametrize(
    ("said", "motion", "clocks"),
    [
        ([START], Motion.ARMED, 0),
        ([STOP], Motion.STOPPED, 60 + 480),
        ([CONTINUE], Motion.ARMED, 60 + 480),
        ([position(64)], Motion.ARMED, 384),
        ([STOP, position(64), CONTINUE], Motion.ARMED, 384),
    ],
)
def test_what_a_silent_source_says_counts_at_once(
    said: list[bytes], motion: Motion, clocks: int
) -> None:
    follower, last = coast(10.0)
    epoch = follower.transport.epoch
    follower.tick(last + 10.001)
    for message in said:
        follower.receive(message, last + 10.001)
    assert (follower.transport.motion, follower.transport.clocks) == (motion, clocks)
    assert follower.transport.epoch > epoch
    follower.tick(last + 30.0)  # it has sent something, and that is valid
    assert (follower.transport.motion, follower.transport.clocks) == (motion, clocks)
    follower.receive(CLOCK, last + 31.0)
    if motion is Motion.ARMED:
        assert (follower.transport.motion, follower.transport.clocks) == (
            Motion.RUNNING,
            clocks + 1,
        )
        assert follower.ref.beat_at(last + 31.0) == clocks / 24


def test_a_source_that_is_back_before_it_coasts_is_counted_on() -> None:
    follower, last = coast(0.9)
    follower.receive(CLOCK, last + 0.9)
    assert (follower.transport.motion, follower.transport.clocks) == (Motion.RUNNING, 61)


@pytest.mark.parametrize(
    ("data", "grows"),
    [
        (START, True),
        (STOP, True),
        (CONTINUE, False),
        (position(9), True),
        (position(10), False),  # where it is
        (bytes(CLOCK), False),
    ],
)
def test_the_epoch_grows_whenever_what_comes_does_not_follow(data: bytes, grows: bool) -> None:
    follower = Follower()
    follower.receive(START, 0.9)
    at = feed(follower, 60, 1.0)
    epoch = follower.transport.epoch
    follower.receive(data, at)
    assert (follower.transport.epoch > epoch) is grows


def test_a_jump_moves_the_line_at_once() -> None:
    follower = Follower()
    follower.receive(START, 0.9)
    at = feed(follower, 60, 1.0)
    follower.receive(position(400), at - 0.001)
    assert follower.ref.beat_at(at) == pytest.approx(100.0, abs=1e-3)


@pytest.mark.parametrize(
    "data",
    [(), (0xF2,), (0xF2, 1), (0xF2, 200, 1), (0xF2, 1, 2, 3), (0xF8, 0), (0xFE,), (0xFF,),
     (0x90, 60, 100), (0xB0, 1, 2), (0xF0, 1, 0xF7)],
)  # fmt: skip
def test_what_is_not_the_clocks_is_ignored(data: tuple[int, ...]) -> None:
    follower = Follower()
    before = follower.transport
    assert not follower.receive(data, 1.0)
    assert follower.transport is before


@pytest.mark.parametrize("tempo", [60, 120, 180])
@pytest.mark.parametrize("apart", [0.0003, 0.0025, 0.004])
@pytest.mark.parametrize("jitter", [0.0, 0.001])
def test_a_second_clock_on_the_port_is_noticed_and_its_end_too(
    tempo: int, apart: float, jitter: float
) -> None:
    follower, wire = Follower(), Wire(jitter)
    follower.receive(START, 0.9)
    at, doubled = 1.0, []
    for i in range(480):
        merged = 120 <= i < 300
        follower.receive(CLOCK, wire.stamp(at))
        if merged:
            follower.receive(CLOCK, wire.stamp(at + apart))
        doubled.append(follower.transport.doubled)
        at += 60 / tempo / 24
    assert not any(doubled[:120])
    assert all(doubled[170:300])
    assert not any(doubled[350:])


def test_two_fast_clocks_from_the_first_on_are_noticed() -> None:
    follower = Follower()
    for i in range(48):
        follower.receive(CLOCK, i / 48)
        follower.receive(CLOCK, i / 48 + 0.004)
    assert follower.transport.doubled


def test_bursts_are_not_taken_for_a_second_clock() -> None:
    periods = [frames / 48000 for frames in (128, 256, 512, 1024, 2048)]
    tempi = [60 / (periods[3] * beat) / 24 for beat in (1.5, 2.5, 1.0, 0.5)]  # long, short, long
    for tempo, period in product([*range(40, 245, 10), *tempi], periods):
        follower = Follower()
        follow(play([START, Clocks(120, 0)], steady(tempo)), Wire(0.0005, period), follower)
        assert not follower.transport.doubled, (tempo, period)


def test_one_stamp_that_is_late_moves_the_line_little() -> None:
    loop = TempoLoop()
    for i in range(480):
        loop.track(i / 48 + (0.015 if i == 470 else 0.0))
        if i > 24:
            assert abs(loop.at - i / 48) < 0.0155 if 470 <= i < 475 else 0.001


def test_bursts_in_the_first_clocks_do_not_run_away_with_the_tempo() -> None:
    for seed in range(20):
        follower = Follower()
        wire = Wire(0.0, 1024 / 48000, seed)
        for message in play([START, Clocks(24, 0)], steady(120)):
            follower.receive(message.data, wire.stamp(message.at))
            assert 40 < follower.ref.tempo < 360
