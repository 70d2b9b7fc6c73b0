"""Leading: the clock that others follow, on simulated time and through a real port."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nesvae_live.clock.sources import InternalClock
from nesvae_live.io.midi.clocksender import ClockSender
from tests.support.daemon import Daemon
from tests.support.fakes import ManualTime
from tests.support.jack import JackServer
from tests.support.probe import JackProbe


def test_a_change_of_tempo_begins_where_it_was_made_and_loses_no_clock() -> None:
    time, sent = ManualTime(), []
    clock = InternalClock(120.0)
    clock.start(0.1)
    sender = ClockSender(clock, lambda data, _at: sent.append((time.value, tuple(data))), time)
    sender._held = sender._leader.start(clock.ref)  # without the thread
    for tick in range(1, 4000):
        time.value = tick / 1000
        if tick == 2000:
            clock.set_tempo(180.0, clock.ref.beat_at(2.05))
        sender.step()
    assert sent[0][1] == (0xFA,)
    clocks = np.array([at for at, data in sent if data == (0xF8,)])
    assert abs(np.diff(clocks[clocks < 2.05]) - 0.5 / 24).max() < 0.0021
    assert abs(np.diff(clocks[clocks > 2.05]) - 1 / 3 / 24).max() < 0.0021
    assert len(clocks) == pytest.approx((1.95 * 2 + 1.95 * 3) * 24, abs=2)


def test_a_tempo_that_is_turned_all_the_time_loses_no_clock_and_keeps_them_on_the_beat() -> None:
    time, sent = ManualTime(), []
    clock = InternalClock(120.0)
    clock.start(0.1)
    sender = ClockSender(clock, lambda data, _at: sent.append((time.value, tuple(data))), time)
    sender._held = sender._leader.start(clock.ref)
    beats: list[float] = []
    for tick in range(1, 4000):
        time.value = tick / 1000
        if tick % 20 == 0:  # several changes lie ahead at a time
            clock.set_tempo(90.0 + tick % 600 / 6, clock.ref.beat_at(time.value + 0.05))
        before = len(sent)
        sender.step()
        beats += [clock.line(at).beat_at(at) for at, data in sent[before:] if data == (0xF8,)]
    assert len(beats) > 100
    assert np.abs(np.array(beats) * 24 - np.arange(len(beats))).max() < 0.2


def test_a_port_that_sees_to_the_time_itself_gets_each_message_early_with_its_time() -> None:
    time, sent = ManualTime(), []
    clock = InternalClock(120.0)
    clock.start(0.1)
    sender = ClockSender(
        clock, lambda data, at: sent.append((time.value, tuple(data), at)), time, early=0.03
    )
    sender._held = sender._leader.start(clock.ref)
    for tick in range(1, 1000):
        time.value = tick / 1000
        sender.step()
    clocks = [at for _, data, at in sent if data == (0xF8,)]
    assert np.diff(clocks) == pytest.approx(0.5 / 24)
    assert {round(at - when, 3) for when, _, at in sent} <= {0.029, 0.03}


@pytest.mark.jack
def test_clocks_lie_under_the_notes_and_stop_comes_last(
    jack_server: JackServer, tmp_path: Path
) -> None:
    options = ("--midi-api", "jack", "--audio", "none", "--clock-out", "--tempo", "90")
    daemon = Daemon(tmp_path, *options, "--bars", "3", "--seed", "3", "--patch", "off")
    with JackProbe() as probe:
        probe.connect_midi_from("nesvae_live_clock")
        probe.connect_midi_from("nesvae_live_out")
        assert daemon.wait() == 0
        midi = probe.midi
    kinds = [data[0] for _, data in midi if data[0] >= 0xF8]
    assert kinds[0] == 0xFA
    assert kinds[-1] == 0xFC
    clocks = np.array([frame for frame, data in midi if data[0] == 0xF8])
    assert len(clocks) == pytest.approx(3 * 96, abs=4)
    most = jack_server.period + 0.002 * jack_server.sample_rate
    # The server's frames fall behind the wall's time when the machine is busy: so, a line of its own.
    counted = np.arange(len(clocks))
    clock_frames, first = np.polyfit(counted, clocks, 1)
    assert clock_frames == pytest.approx(jack_server.sample_rate * 60 / 90 / 24, rel=0.02)
    assert np.median(abs(clocks - first - counted * clock_frames)) < most
    first_note = next(frame for frame, data in midi if data[0] & 0xF0 == 0x90)
    assert abs(first_note - clocks[0]) <= most


@pytest.mark.parametrize("seconds", [0.8, 5.0, 60.0])
def test_after_a_stop_of_the_process_clocks_go_on_one_by_one(seconds: float) -> None:
    """The sender looks at the line before the sequencer has laid it anew."""
    time, sent = ManualTime(), []
    clock = InternalClock(120.0)
    clock.start(0.1)
    sender = ClockSender(clock, lambda data, _at: sent.append((time.value, tuple(data))), time)
    sender._held = sender._leader.start(clock.ref)
    shift, reached = 0.0, 0.0
    for tick in range(1, 6000):
        if tick == 3000:
            shift = seconds
        time.value = tick / 1000 + shift
        if tick == 3003:
            clock.resume(reached, time.value + 0.05)
        if tick < 3000:
            reached = clock.ref.beat_at(time.value + 0.05)
        sender.step()
    clocks = np.array([at for at, data in sent if data == (0xF8,)])
    gaps = np.diff(clocks)
    assert gaps.min() > 0.5 / 24 - 0.003
    assert sorted(gaps)[-2] < 0.5 / 24 + 0.003
    assert seconds <= gaps.max() < seconds + 0.05
    assert clock.ref.time_of((len(clocks) - 1) / 24) == pytest.approx(clocks[-1], abs=0.003)
