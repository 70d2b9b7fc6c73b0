"""The line from time to samples, against devices made up for the purpose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nesvae_live.io.audio.playhead import MAX_SKEW, Playhead

RATE = 48000
POLL_SECONDS = (0.004, 0.006)


def observations(
    seconds: float,
    *,
    block: int = 256,
    ppm: float = 0.0,
    jitter: float = 0.005,
    seed: int = 1,
    burst: int = 1,
    lost: tuple[tuple[float, float], ...] = (),
) -> Iterator[tuple[float, int, float]]:
    """(now, frames counted, frames truly due) at every poll at which the count has changed.

    Blocks come in bursts of `burst`, each up to `jitter` seconds late, polled every 4 to
    6 ms; the device takes no frames in the spans `lost` and doesn't make up for them.
    """
    rng = np.random.default_rng(seed)
    rate = RATE * (1 + ppm * 1e-6)
    chunk = block * burst
    arrivals = []
    time, done = 0.0, 0
    while time < seconds:
        time += chunk / rate
        if any(begin <= time < end for begin, end in lost):
            continue
        done += chunk
        arrivals.append((time + jitter * rng.random(), done))
    last = 0
    index = 0
    for now in np.cumsum(rng.uniform(*POLL_SECONDS, size=int(seconds / POLL_SECONDS[1]))):
        while index < len(arrivals) and arrivals[index][0] <= now:
            index += 1
        frames = arrivals[index - 1][1] if index else 0
        if frames != last:
            last = frames
            yield float(now), frames, now * rate


def test_without_observations_the_line_is_the_nominal_rate() -> None:
    line = Playhead(44100, at=100.0)
    assert line.sample_at(100.0) == 0.0
    assert line.sample_at(101.0) == pytest.approx(44100.0)
    assert line.sample_at(99.5) == pytest.approx(-22050.0)
    assert line.sample_at(3700.0) == pytest.approx(3600 * 44100.0)


@pytest.mark.parametrize("ppm", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize(("block", "burst"), [(64, 1), (256, 1), (256, 4), (1024, 1)])
def test_the_line_follows_a_jittery_device(ppm: float, block: int, burst: int) -> None:
    line = Playhead(RATE, at=0.0)
    late = []
    for now, frames, due in observations(120.0, ppm=ppm, block=block, burst=burst):
        line.observe(now, frames)
        if now > 40.0:
            late.append(line.sample_at(now) + line.shift - due)
    spread = (max(late) - min(late)) / RATE
    assert spread < 0.0015, f"the line wanders by {1e3 * spread:.2f} ms"
    # Late by the jitter's and the poll's mean, and never early by more than it wanders.
    assert -0.0065 < np.mean(late) / RATE < 0.0012
    assert line.slips == 0
    assert line.skew * 1e6 == pytest.approx(ppm, abs=60.0)


@pytest.mark.parametrize("lost", [(), ((3.0, 3.02), (5.0, 6.5), (9.0, 9.1))])
def test_the_line_rises_always_and_within_the_limit(lost: tuple[tuple[float, float], ...]) -> None:
    line = Playhead(RATE, at=0.5)
    before_time, before = 0.0, line.sample_at(0.0)
    for now, frames, _ in observations(15.0, ppm=100.0, lost=lost):
        for time in np.linspace(before_time, now, 4)[1:]:
            sample = line.sample_at(float(time))
            rate = (sample - before) / (time - before_time)
            assert abs(rate / RATE - 1) <= MAX_SKEW * 1.001
            before_time, before = float(time), sample
        line.observe(now, frames)
        assert line.sample_at(now) == pytest.approx(before, abs=1e-6)


def test_lost_blocks_shift_the_device_and_not_the_take() -> None:
    line = Playhead(RATE, at=0.0)
    for now, frames, _ in observations(30.0, lost=((10.0, 10.5),)):
        line.observe(now, frames)
    assert line.slips == 1
    # The take is where wall time puts it, the device half a second behind.
    assert abs(line.sample_at(30.0) / RATE - 30.0) < 0.006
    behind = -(line.shift / RATE)
    assert 0.49 < behind < 0.51


def test_many_small_losses_are_never_more_than_the_limit_off() -> None:
    lost = tuple((float(t), t + 0.0054) for t in np.arange(5.0, 30.0, 0.5))
    line = Playhead(RATE, at=0.0)
    worst = 0.0
    for now, frames, _ in observations(30.0, jitter=0.002, lost=lost):
        line.observe(now, frames)
        worst = max(worst, line.sample_at(now) + line.shift - frames)
    assert line.slips > 10
    assert worst / RATE < 0.03
    assert abs(line.sample_at(30.0) / RATE - 30.0) < 30.0 * MAX_SKEW


def test_a_single_late_observation_moves_nothing() -> None:
    line = Playhead(RATE, at=0.0)
    news = list(observations(10.0, jitter=0.0))
    for now, frames, _ in news[:-1]:
        line.observe(now, frames)
    slope = line.sample_at(11.0) - line.sample_at(10.9)
    now, frames, _ = news[-1]
    line.observe(now + 0.08, frames)
    assert line.sample_at(11.0) - line.sample_at(10.9) == pytest.approx(slope, rel=1e-5)
    assert line.slips == 0


def test_when_the_device_is_gone_the_line_goes_on_with_what_it_learnt() -> None:
    line = Playhead(RATE, at=0.0)
    for now, frames, _ in observations(60.0, ppm=80.0):
        line.observe(now, frames)
    an_hour = line.sample_at(3660.0) - line.sample_at(60.2)
    assert an_hour / (3599.8 * RATE) == pytest.approx(1 + 80e-6, abs=60e-6)
