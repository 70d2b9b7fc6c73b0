"""MIDI bytes to readings of controls, and back; which NRPN is selected.

It runs in the sequencer's thread: a few comparisons and a dictionary look-up per message. Whatever
the bytes are, it never raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.control.kinds import (
    CHANNEL_PRESSURE,
    CONTROL_CHANGE,
    MOST_7,
    NOTE_OFF,
    NOTE_ON,
    NRPN,
    PITCH_BEND,
    PROGRAM_CHANGE,
    Address,
    Role,
)
from nesvae_live.music.events import MidiBytes

DATA_COARSE, DATA_FINE, DATA_UP, DATA_DOWN = 6, 38, 96, 97
NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE = 98, 99, 100, 101
SELECTING = range(NRPN_FINE, RPN_COARSE + 1)
SHORT = {PROGRAM_CHANGE, CHANNEL_PRESSURE}


def message_to_reading(data: Sequence[int]) -> tuple[Address, int] | None:
    """The address and the value of a channel message; None if it can be of no control."""
    if not data or not 0x80 <= data[0] < 0xF0:
        return None
    status, channel = data[0] & 0xF0, data[0] & 0x0F
    if len(data) != (2 if status in SHORT else 3) or not all(0 <= b <= MOST_7 for b in data[1:]):
        return None
    if status == PROGRAM_CHANGE:
        return (status, channel, data[1]), MOST_7
    if status == CHANNEL_PRESSURE:
        return (status, channel, 0), data[1]
    if status == PITCH_BEND:
        return (status, channel, 0), data[1] | data[2] << 7
    if status == NOTE_OFF:
        return (NOTE_ON, channel, data[1]), 0
    return (status, channel, data[1]), data[2]


@dataclass(slots=True)
class Selected:
    """The NRPN that a channel's data entry sets; either half of its number may come alone."""

    coarse: int | None = None
    fine: int | None = None

    def select(self, cc: int, value: int) -> None:
        """Take a controller that selects; an RPN, or the number 127 127, deselects."""
        if cc == NRPN_COARSE:
            self.coarse = value
        elif cc == NRPN_FINE:
            self.fine = value
        else:
            self.coarse = self.fine = None

    @property
    def number(self) -> int | None:
        """The selected number, 0..16382; None if none is."""
        if self.coarse is None or self.fine is None or self.coarse & self.fine == MOST_7:
            return None
        return self.coarse << 7 | self.fine


DATA = {
    DATA_COARSE: (Role.COARSE, 0),
    DATA_FINE: (Role.FINE, 0),
    DATA_UP: (Role.WHOLE, 1),
    DATA_DOWN: (Role.WHOLE, -1),
}
"""Data entry: which part of the value it carries, or a step up or down."""


def place_to_messages(kind: str, channel: int, number: int, raw: int) -> list[MidiBytes]:
    """What a control of a kind would send at `raw`; sent back, it moves its fader or ring."""
    coarse, fine = raw >> 7, raw & MOST_7
    cc = CONTROL_CHANGE | channel
    if kind == "cc14":
        return [(cc, number, coarse), (cc, number + 32, fine)]
    if kind.startswith("nrpn"):
        return [
            (cc, NRPN_COARSE, number >> 7),
            (cc, NRPN_FINE, number & MOST_7),
            (cc, DATA_COARSE, coarse),
            (cc, DATA_FINE, fine),
        ]
    if kind == "bend":
        return [(PITCH_BEND | channel, fine, coarse)]
    if kind == "pressure":
        return [(CHANNEL_PRESSURE | channel, raw)]
    if kind == "program":
        return []
    return [((NOTE_ON if kind == "note" else CONTROL_CHANGE) | channel, number, raw)]


def data_steps(channel: int, number: int, steps: Sequence[int]) -> list[MidiBytes]:
    """What an encoder on an NRPN sends that is turned by so many clicks, each of one step."""
    cc = CONTROL_CHANGE | channel
    start: list[MidiBytes] = [(cc, NRPN_COARSE, number >> 7), (cc, NRPN_FINE, number & MOST_7)]
    return [*start, *((cc, DATA_UP if step > 0 else DATA_DOWN, 0) for step in steps)]


def nrpn_address(channel: int, number: int) -> Address:
    """The address of an NRPN."""
    return NRPN, channel, number
