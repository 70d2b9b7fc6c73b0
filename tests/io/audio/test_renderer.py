"""The renderer with a manual time: every sample where it belongs, device or not."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.apu import FULL_SCALE, Apu, DcBlocker
from nesvae_live.chip.registers import RegisterWriter
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.log.entries import Entry, Silenced, Sounded
from nesvae_live.music.events import Event, NoteOff, NoteOn, Shape, velocity_to_volume
from nesvae_live.music.voices import Voice

RATE = 48000
POLL = 0.005
START = 100.0


class ManualTime:
    def __init__(self) -> None:
        self.value = START - 0.5

    def now(self) -> float:
        return self.value


class Log:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.sent: list[Event] = []

    def put(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def sounded(self) -> list[tuple[int, Event]]:
        """What the chip took: (sample, event), by the numbers in the log."""
        return [
            (e.sample, self.sent[n])
            for e in self.entries
            if isinstance(e, Sounded)
            for n in range(e.first, e.first + e.count)
        ]


class RingDevice:
    """A device that reads its ring by blocks when told the time, and keeps what it read."""

    def __init__(self, block: int = 256, size: int = 16384) -> None:
        self.ring = np.zeros(size, dtype=np.float32)
        self.rings = (self.ring, np.zeros(size, dtype=np.float32))
        self.heard: list[npt.NDArray[np.float32]] = []
        self.block = block
        self.stopped = False
        self.lost_blocks = 0
        self._blocks = 0

    def read_until(self, seconds: float) -> None:
        while (self._blocks + self.lost_blocks + 1) * self.block <= seconds * RATE:
            if self.stopped:
                self.lost_blocks += 1
                continue
            first = self._blocks * self.block
            self.heard.append(np.take(self.ring, range(first, first + self.block), mode="wrap"))
            self._blocks += 1

    block_ahead = 0

    def frames_played(self) -> int:
        return self._blocks * self.block


class Stage:
    """A renderer on a manual time, with what it gave."""

    def __init__(self, device: RingDevice | None = None, lead: float = 0.035) -> None:
        self.time = ManualTime()
        self.log = Log()
        self.chunks: list[npt.NDArray[np.int16]] = []
        self.device = device
        self.renderer = Renderer(
            Apu(RATE), self.time, self.log, self.chunks.append, device, lead_seconds=lead
        )
        self.renderer.prepare(START)
        send = self.renderer.send

        def count_and_send(event: Event, at: float) -> None:
            self.log.sent.append(event)
            send(event, at)

        self.renderer.send = count_and_send  # type: ignore[method-assign]

    def run(self, until: float, poll: float = POLL) -> None:
        while self.time.value < START + until:
            self.time.value += poll
            if self.device is not None:
                self.device.read_until(self.time.value - START + 0.5)
            self.renderer.step()

    def take(self) -> npt.NDArray[np.int16]:
        self.renderer.stop(self.time.value)
        return np.concatenate(self.chunks)


def chip_alone(states: list[tuple[int, Voice, int]], frames: int) -> npt.NDArray[np.int16]:
    """What the chip makes of (sample, voice, note) without any renderer."""
    chip, registers = Apu(RATE), RegisterWriter()
    for address, value in registers.start():
        chip.write(address, value, 0)
    for sample, voice, note in states:
        volume = 0 if voice is Voice.TR else 15
        writes = registers.set(voice, note, volume) if note else registers.release(voice)
        for address, value in writes:
            chip.write(address, value, sample)
    return chip.render(frames)


def test_an_event_sounds_at_its_sample_and_the_take_is_the_chips_own() -> None:
    stage = Stage()
    stage.renderer.send(NoteOn(Voice.P1, 60), START + 0.1)
    stage.renderer.send(NoteOn(Voice.TR, 48), START + 0.25)
    stage.renderer.send(NoteOff(Voice.P1, 60), START + 0.4)
    stage.run(1.0)
    take = stage.take()
    wanted = [(4800, Voice.P1, 60), (12000, Voice.TR, 48), (19200, Voice.P1, 0)]
    assert len(take) >= RATE
    np.testing.assert_array_equal(take, chip_alone(wanted, len(take)))
    assert [sample for sample, _ in stage.log.sounded] == [4800, 12000, 19200]
    assert stage.renderer.counters.late == 0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_how_the_time_is_cut_into_looks_changes_no_sample(polls: list[int]) -> None:
    notes = [(i * 0.031, 40 + i) for i in range(12)]

    def perform(steps: itertools.cycle[int]) -> npt.NDArray[np.int16]:
        stage = Stage()
        for at, note in notes:
            stage.renderer.send(NoteOn(Voice.P2, note), START + at)
        while stage.time.value < START + 0.5:
            stage.run(stage.time.value - START + 1e-6, poll=next(steps) / 1000)
        return stage.take()[: RATE // 2]

    np.testing.assert_array_equal(perform(itertools.cycle(polls)), perform(itertools.cycle([5])))


def test_a_note_that_follows_another_changes_pitch_without_being_struck() -> None:
    stage = Stage()
    stage.renderer.send(NoteOn(Voice.P1, 60), START)
    stage.renderer.send(NoteOff(Voice.P1, 60), START + 0.1)
    stage.renderer.send(NoteOn(Voice.P1, 62), START + 0.1)
    stage.run(0.5)
    take = stage.take()
    # 60 and 62 share their high period bits: no write to $4003, so the phase goes on.
    np.testing.assert_array_equal(
        take, chip_alone([(0, Voice.P1, 60), (4800, Voice.P1, 62)], len(take))
    )
    assert stage.log.sounded[1:] == [
        (4800, NoteOff(Voice.P1, 60)),
        (4800, NoteOn(Voice.P1, 62)),
    ]


def test_the_end_of_a_note_that_no_longer_sounds_ends_nothing() -> None:
    stage = Stage()
    stage.renderer.send(NoteOn(Voice.P1, 60), START)
    stage.renderer.send(NoteOn(Voice.P1, 67), START + 0.1)
    stage.renderer.send(NoteOff(Voice.P1, 60), START + 0.2)
    stage.run(0.5)
    take = stage.take()
    np.testing.assert_array_equal(
        take, chip_alone([(0, Voice.P1, 60), (4800, Voice.P1, 67)], len(take))
    )


def test_a_late_event_sounds_at_the_next_sample_and_is_counted() -> None:
    stage = Stage()
    stage.run(1.0)
    rendered = stage.renderer.samples
    stage.renderer.send(NoteOn(Voice.P1, 60), START + 0.5)
    stage.run(1.2)
    assert stage.renderer.counters.late == 1
    assert stage.log.sounded == [(rendered, NoteOn(Voice.P1, 60))]


@pytest.mark.parametrize("panic", [False, True])
def test_silence_ends_what_sounds_and_forgets_what_waits(panic: bool) -> None:
    stage = Stage()
    stage.renderer.send(NoteOn(Voice.P1, 60), START)
    stage.renderer.send(NoteOn(Voice.TR, 40), START)
    stage.run(0.5)
    stage.renderer.send(NoteOn(Voice.P2, 64), START + 0.52)
    stage.renderer.silence(panic=panic)
    rendered = stage.renderer.samples
    stage.run(1.0)
    assert len(stage.log.sounded) == 2
    assert Silenced(rendered, panic) in stage.log.entries
    after = stage.take()[rendered + 1 :]
    assert np.ptp(after) == 0


def test_what_is_sent_after_a_silence_sounds() -> None:
    stage = Stage()
    stage.run(0.2)
    stage.renderer.silence()
    stage.renderer.send(NoteOn(Voice.P1, 60), START + 0.3)
    stage.run(0.5)
    assert stage.log.sounded == [(14400, NoteOn(Voice.P1, 60))]


@pytest.mark.parametrize("block", [64, 256, 1024])
def test_a_device_hears_the_take_but_for_level_and_dc(block: int) -> None:
    device = RingDevice(block)
    stage = Stage(device)
    for i in range(20):
        stage.renderer.send(NoteOn(Voice.P1, 50 + i), START + i * 0.1)
    stage.run(2.0)
    take = stage.take()
    heard = np.concatenate(device.heard)
    wanted = DcBlocker(RATE).process(take.astype(np.float32) / np.float32(FULL_SCALE))
    begin = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(wanted)[0])
    # Half a second before beat 0, and no further off than the device's block.
    assert abs(begin - RATE // 2) <= block
    frames = len(heard) - begin
    np.testing.assert_allclose(heard[begin:], wanted[:frames], atol=1e-6)
    assert stage.renderer.counters.underruns == 0


def test_the_ring_is_silent_where_nothing_new_was_rendered() -> None:
    device = RingDevice()
    stage = Stage(device)
    stage.renderer.send(NoteOn(Voice.P1, 60), START)
    stage.run(1.0)
    device.read_until(2.5)  # the renderer sleeps for a second, the ring is a third of it
    heard = np.concatenate(device.heard)
    assert np.any(heard[int(1.4 * RATE) : int(1.45 * RATE)])
    lead = int(0.04 * RATE)
    last = int(1.5 * RATE) + lead
    starved = heard[last : last + len(device.ring) - 2 * lead]
    assert not np.any(starved)


def test_an_underrun_is_counted_and_the_take_misses_nothing() -> None:
    device = RingDevice()
    stage = Stage(device)
    for i in range(30):
        stage.renderer.send(NoteOn(Voice.P1, 50 + i), START + i * 0.1)
    stage.run(1.0)
    stage.run(2.0, poll=0.5)
    stage.run(3.0)
    take = stage.take()
    assert stage.renderer.counters.underruns >= 1
    wanted = [
        (sample, event.voice, event.note)
        for sample, event in stage.log.sounded
        if isinstance(event, NoteOn)
    ]
    assert len(wanted) == 30
    np.testing.assert_array_equal(take, chip_alone(wanted, len(take)))


def test_a_device_that_stops_does_not_stop_the_take() -> None:
    device = RingDevice()
    stage = Stage(device)
    stage.run(1.0)
    device.stopped = True
    stage.run(3.0)
    device.stopped = False
    stage.renderer.send(NoteOn(Voice.P1, 60), START + 4.5)
    stage.run(5.0)
    assert abs(stage.renderer.samples - 5.035 * RATE) < 0.02 * RATE
    assert stage.renderer.counters.slips == 1
    assert stage.renderer.counters.underruns == 0
    # What sounds is heard when it is due, though the device is two seconds behind in its frames.
    heard = np.concatenate(device.heard)
    onset = int(np.flatnonzero(np.abs(heard) > 0.01)[-1])
    first = int(np.flatnonzero(np.abs(heard[-RATE:]) > 0.01)[0]) + len(heard) - RATE
    assert onset > first
    assert abs((first + device.lost_blocks * device.block) / RATE - 5.0) < 0.012


def test_the_take_goes_on_through_the_time_given_to_stop() -> None:
    stage = Stage()
    stage.run(0.2)
    stage.renderer.send(NoteOn(Voice.P1, 60), START + 0.3)
    stage.renderer.send(NoteOff(Voice.P1, 60), START + 0.4)
    stage.renderer.stop(START + 0.5)
    stage.renderer.stop(START + 0.9)
    assert sum(map(len, stage.chunks)) == RATE // 2
    assert [sample for sample, _ in stage.log.sounded] == [14400, 19200]


def test_what_the_thread_raises_is_raised_by_check_and_by_stop() -> None:
    stage = Stage()
    failed = threading.Event()

    def tap(samples: npt.NDArray[np.int16]) -> None:
        failed.set()
        raise RuntimeError("the tap is broken")

    stage.time.value = START + 1.0
    renderer = Renderer(Apu(RATE), stage.time, stage.log, tap, poll_seconds=0.001)
    renderer.start(START)
    assert failed.wait(5.0)
    with pytest.raises(RuntimeError, match="the tap is broken"):
        renderer.stop()
    with pytest.raises(RuntimeError, match="the tap is broken"):
        renderer.check()


def test_velocity_100_is_the_chips_loudest() -> None:
    assert velocity_to_volume(100) == 15
    assert velocity_to_volume(127) == 15
    assert velocity_to_volume(50) == 8
    assert velocity_to_volume(1) == 1


def test_shapes_are_what_the_register_writer_makes_of_them() -> None:
    stage = Stage()
    events: list[tuple[float, Event]] = [
        (0.1, Shape(Voice.P1, 12, 1, -50)),
        (0.1, NoteOn(Voice.P1, 60, 80)),
        (0.12, Shape(Voice.P1, 7, 1, 20)),
        (0.14, Shape(Voice.P1, 7, 3, 0)),
        (0.16, Shape(Voice.P1, 0, 3, 0)),
        (0.18, Shape(Voice.P1, 4, 3, 0)),
        (0.2, Shape(Voice.TR, 15, 0, 300)),
        (0.2, NoteOn(Voice.TR, 40)),
        (0.22, Shape(Voice.TR, 15, 0, 0)),
        (0.24, Shape(Voice.NO, 9, 1, 0)),
        (0.24, NoteOn(Voice.NO, 12, 60)),
        (0.3, NoteOff(Voice.P1, 60)),
        (0.3, NoteOff(Voice.TR, 40)),
    ]
    for at, event in events:
        stage.renderer.send(event, START + at)
    stage.run(0.5)
    take = stage.take()

    chip, registers = Apu(RATE), RegisterWriter()
    states = [
        (0.1, Voice.P1, 60, 12, 1, -50),
        (0.12, Voice.P1, 60, 7, 1, 20),
        (0.14, Voice.P1, 60, 7, 3, 0),
        (0.16, Voice.P1, 0, 0, 3, 0),
        (0.18, Voice.P1, 60, 4, 3, 0),
        (0.2, Voice.TR, 40, 0, 0, 300),
        (0.22, Voice.TR, 40, 0, 0, 0),
        (0.24, Voice.NO, 12, 9, 1, 0),
        (0.3, Voice.P1, 0, 0, 3, 0),
        (0.3, Voice.TR, 0, 0, 0, 0),
    ]
    for address, value in registers.start():
        chip.write(address, value, 0)
    for at, *state in states:
        for address, value in registers.set(*state):  # type: ignore[arg-type]
            chip.write(address, value, round(at * RATE))
    np.testing.assert_array_equal(take, chip.render(len(take)))
    assert [event for _, event in stage.log.sounded] == [event for _, event in events]
