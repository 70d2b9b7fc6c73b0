"""A port of ours: what comes in is handed over whole, and stamped with when it came."""

from __future__ import annotations

from queue import SimpleQueue

from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.slot import Slot
from tests.support.fakes import ManualTime


def test_sysex_and_sensing_are_not_handed_over() -> None:
    slot, time = Slot("alsa", "MidiIn", "c", "in"), ManualTime(5.0)
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    slot.listen(inbox, time)
    for message in ([0xF0, 1, 0xF7], [0xFE], [0xF8]):
        slot.receive((message, 0.0))
    assert inbox.get_nowait() == MidiIn("in", (0xF8,), 5.0)
    assert inbox.empty()


def test_what_follows_a_sysex_without_its_end_is_heard() -> None:
    slot = Slot("alsa", "MidiIn", "c", "in")
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    slot.listen(inbox, ManualTime())
    for message in ([0xF0, 0x7E, 1, 2], [0xB0, 20, 1]):
        slot.receive((message, 0.0))
    assert inbox.get_nowait().data == (0xB0, 20, 1)


def test_who_is_gone_lets_every_key_go() -> None:
    slot = Slot("alsa", "MidiIn", "c", "in")
    slot.let_go()  # nobody listens
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    slot.listen(inbox, ManualTime(5.0))
    slot.let_go()
    heard = [inbox.get_nowait() for _ in range(16)]
    assert heard[2] == MidiIn("in", (0xB2, 123, 0), 5.0)
    assert {item.data[0] & 0x0F for item in heard} == set(range(16))
