"""Inputs that are read, not called back: stamps are the driver's, and nothing waits for Python."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

import pytest

from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.slot import MidiReader, Slot
from tests.support.fakes import ManualTime
from tests.support.waiting import wait_until

CC = [0xB0, 20, 1]


class Port:
    """RtMidi's input: what came, each with the seconds since the one before."""

    def __init__(self) -> None:
        self.waiting: list[tuple[list[int], float]] = []

    def get_message(self) -> tuple[list[int], float] | None:
        return self.waiting.pop(0) if self.waiting else None


def opened() -> tuple[Slot, Port, ManualTime, SimpleQueue[Any]]:
    slot, port, time = Slot("jack", "MidiIn", "c", "in"), Port(), ManualTime()
    inbox: SimpleQueue[Any] = SimpleQueue()
    slot.listen(inbox, time)
    slot.port = port
    return slot, port, time, inbox


def stamps(inbox: SimpleQueue[MidiIn]) -> list[float]:
    found = []
    while not inbox.empty():
        found.append(inbox.get().at)
    return found


def test_messages_are_stamped_with_when_they_came_not_with_when_they_are_read() -> None:
    slot, port, time, inbox = opened()
    time.value = 5.0
    port.waiting = [(CC, 0.0)]
    slot.read()
    time.value = 5.013
    port.waiting = [(CC, 0.003), (CC, 0.004)]
    slot.read()
    assert stamps(inbox) == pytest.approx([5.0, 5.003, 5.007])


def test_a_message_that_was_first_read_late_is_found_out_by_one_that_is_read_in_time() -> None:
    slot, port, time, inbox = opened()
    time.value = 5.002  # it came at 5.0
    port.waiting = [(CC, 0.0)]
    slot.read()
    time.value = 5.010
    port.waiting = [(CC, 0.010)]
    slot.read()
    time.value = 5.0225
    port.waiting = [(CC, 0.010)]
    slot.read()
    assert stamps(inbox) == pytest.approx([5.002, 5.010, 5.020])


def test_a_count_that_lost_its_place_is_put_right() -> None:
    slot, port, time, inbox = opened()
    time.value = 5.0
    port.waiting = [(CC, 0.0)]
    slot.read()
    time.value = 9.0  # opened anew meanwhile: RtMidi counts from 0
    port.waiting = [(CC, 0.0)]
    slot.read()
    assert stamps(inbox) == [5.0, 9.0]


def test_sysex_and_sensing_are_not_handed_over_but_count_as_heard() -> None:
    slot, port, time, inbox = opened()
    time.value = 5.0
    port.waiting = [([0xF0, 1, 0xF7], 0.0), ([0xFE], 0.0), ([0xF8], 0.0)]
    slot.read()
    assert inbox.get().data == (0xF8,)
    assert inbox.empty()
    assert slot.received_at == 5.0


def test_a_slot_that_is_closed_is_read_in_vain() -> None:
    slot, _, _, inbox = opened()
    slot.port = None
    slot.read()
    assert inbox.empty()


def test_only_jack_is_read_and_only_inputs() -> None:
    assert Slot("jack", "MidiIn", "c", "in").polled
    assert not Slot("jack", "MidiOut", "c", "out").polled
    assert not Slot("alsa", "MidiIn", "c", "in").polled


def test_the_thread_reads_until_it_is_stopped() -> None:
    slot, port, _, inbox = opened()
    reading = MidiReader([slot])
    reading.start()
    port.waiting.append((CC, 0.0))
    assert wait_until(lambda: not inbox.empty())
    reading.stop()
    port.waiting.append((CC, 0.0))
    reading.stop()
    assert len(port.waiting) == 1
    MidiReader([]).stop()
