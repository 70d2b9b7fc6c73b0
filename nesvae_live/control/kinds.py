"""The kinds of controls: one table, which presets, MIDI learn, feedback and the docs read.

A control is of one of the `CONTROL_KINDS`, with a number and a channel. The row's `name` is its
key in a preset, as in `density = { cc14 = 20 }`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType

NOTE_OFF, NOTE_ON, CONTROL_CHANGE = 0x80, 0x90, 0xB0
PROGRAM_CHANGE, CHANNEL_PRESSURE, PITCH_BEND = 0xC0, 0xD0, 0xE0
NRPN = 0x00
"""In place of a status in an `Address`: the number is the NRPN that data entry sets."""

FINE_OFFSET = 32
"""From the controller of a 14-bit pair to the controller of its lower seven bits."""

MOST_7, MOST_14 = 127, 16383

Address = tuple[int, int, int]
"""Status without its channel, channel (0-based), number (0 if the message has none)."""


class Form(StrEnum):
    """What a control's reading means: where it stands, how far it was turned, or a press."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    PRESS = "press"


class Role(IntEnum):
    """Which part of a reading a message carries."""

    WHOLE = 0
    COARSE = 1
    FINE = 2


@dataclass(frozen=True, slots=True)
class ReservedSpec:
    """Controllers `first` to `last` that can't be controls, and why.

    Where it `can_be_given_up`, a control may say that it gives this meaning up, and use the number.
    """

    first: int
    last: int
    why: str
    can_be_given_up: bool = False


RESERVED = (
    ReservedSpec(0, 0, "bank select", can_be_given_up=True),
    ReservedSpec(6, 6, "data entry of (N)RPN", can_be_given_up=True),
    ReservedSpec(32, 32, "bank select, fine", can_be_given_up=True),
    ReservedSpec(38, 38, "data entry of (N)RPN, fine", can_be_given_up=True),
    ReservedSpec(64, 64, "the sustain pedal", can_be_given_up=True),
    ReservedSpec(96, 97, "data increment and decrement"),
    ReservedSpec(98, 99, "NRPN number"),
    ReservedSpec(100, 101, "RPN number"),
    ReservedSpec(
        120, 127, "channel mode: some programs send them on every channel when they start"
    ),
)
"""What gear and programs send by themselves; a knob on one of these would jump."""


def reserved_because(cc: int) -> str | None:
    """Why controller `cc` can't be a control, or None if it can."""
    return next((r.why for r in RESERVED if r.first <= cc <= r.last), None)


def can_be_given_up(cc: int) -> bool:
    """Whether a control may use a reserved controller, if it says what is given up."""
    return any(r.can_be_given_up for r in RESERVED if r.first <= cc <= r.last)


def twos_to_steps(value: int) -> int:
    """Two's complement: 1 is a step up, 127 a step down."""
    return value if value < 64 else value - 128


def offset_to_steps(value: int) -> int:
    """Binary offset: 65 is a step up, 63 a step down."""
    return value - 64


def sign_to_steps(value: int) -> int:
    """Sign bit: 1 is a step up, 65 a step down."""
    return value if value < 64 else 64 - value


def no_steps(value: int) -> int:
    """Data entry says nothing: all steps come by increment and decrement."""
    del value
    return 0


@dataclass(frozen=True, slots=True)
class ControlKind:
    """A kind of control: `name` in presets, `label` for a person, `what` it is.

    `status` is the status of its messages, `top` its highest number (None: it has no number),
    `most` its highest reading, `steps` the steps that the value of a relative control stands for.
    """

    name: str
    form: Form
    status: int
    top: int | None
    most: int
    label: str
    what: str
    steps: Callable[[int], int] | None = None


CONTROL_KINDS = (
    ControlKind(
        "cc",
        Form.ABSOLUTE,
        CONTROL_CHANGE,
        127,
        MOST_7,
        "CC {}",
        "a knob, fader or wheel, or a button that latches",
    ),
    ControlKind(
        "cc14",
        Form.ABSOLUTE,
        CONTROL_CHANGE,
        31,
        MOST_14,
        "14-bit CC {}",
        "a 14-bit knob or fader: this CC, and the CC 32 higher for the lower seven bits",
    ),
    ControlKind(
        "twos",
        Form.RELATIVE,
        CONTROL_CHANGE,
        127,
        MOST_7,
        "relative CC {} (two's complement)",
        "an endless encoder: 1 is a step up, 127 a step down",
        twos_to_steps,
    ),
    ControlKind(
        "offset",
        Form.RELATIVE,
        CONTROL_CHANGE,
        127,
        MOST_7,
        "relative CC {} (binary offset)",
        "an endless encoder: 65 is a step up, 63 a step down",
        offset_to_steps,
    ),
    ControlKind(
        "sign",
        Form.RELATIVE,
        CONTROL_CHANGE,
        127,
        MOST_7,
        "relative CC {} (sign bit)",
        "an endless encoder: 1 is a step up, 65 a step down",
        sign_to_steps,
    ),
    ControlKind(
        "nrpn",
        Form.ABSOLUTE,
        NRPN,
        MOST_14,
        MOST_14,
        "NRPN {}",
        "a 14-bit knob or fader of a synthesiser: CC 99 and 98 select it, 6 and 38 are its value",
    ),
    ControlKind(
        "nrpn_steps",
        Form.RELATIVE,
        NRPN,
        MOST_14,
        MOST_7,
        "relative NRPN {} (increments)",
        "an endless encoder on an NRPN: CC 96 is a step up, 97 a step down",
        no_steps,
    ),
    ControlKind(
        "nrpn_twos",
        Form.RELATIVE,
        NRPN,
        MOST_14,
        MOST_7,
        "relative NRPN {} (two's complement)",
        "an endless encoder on an NRPN: in its value (CC 6), 1 is a step up, 127 a step down",
        twos_to_steps,
    ),
    ControlKind(
        "nrpn_offset",
        Form.RELATIVE,
        NRPN,
        MOST_14,
        MOST_7,
        "relative NRPN {} (binary offset)",
        "an endless encoder on an NRPN: in its value (CC 6), 65 is a step up, 63 a step down",
        offset_to_steps,
    ),
    ControlKind(
        "nrpn_sign",
        Form.RELATIVE,
        NRPN,
        MOST_14,
        MOST_7,
        "relative NRPN {} (sign bit)",
        "an endless encoder on an NRPN: in its value (CC 6), 1 is a step up, 65 a step down",
        sign_to_steps,
    ),
    ControlKind(
        "button",
        Form.PRESS,
        CONTROL_CHANGE,
        127,
        MOST_7,
        "button CC {}",
        "a button: pressed when its value reaches 64",
    ),
    ControlKind(
        "note",
        Form.PRESS,
        NOTE_ON,
        127,
        MOST_7,
        "note {}",
        "a pad or key: pressed at its note-on",
    ),
    ControlKind(
        "program",
        Form.PRESS,
        PROGRAM_CHANGE,
        127,
        MOST_7,
        "program change {}",
        "a program button or foot switch; numbered from 0, as sent",
    ),
    ControlKind(
        "bend",
        Form.ABSOLUTE,
        PITCH_BEND,
        None,
        MOST_14,
        "pitch bend",
        "a pitch wheel, or a fader of a mixer in DAW mode",
    ),
    ControlKind(
        "pressure",
        Form.ABSOLUTE,
        CHANNEL_PRESSURE,
        None,
        MOST_7,
        "channel pressure",
        "how hard keys or pads are pressed",
    ),
)
"""Every kind of control."""

KIND_BY_NAME: Mapping[str, ControlKind] = MappingProxyType({k.name: k for k in CONTROL_KINDS})


def raw_to_place(raw: int, most: int) -> float:
    """A reading, 0..`most`, to a place in 0..1.

    0 is 0, the middle (64 of 127) exactly 0.5 and `most` exactly 1, so that both ends and the
    centre detent of a real controller can be hit; the upper half's steps are a little longer.
    """
    centre = (most + 1) // 2
    if raw <= centre:
        return raw / (2 * centre)
    return 0.5 + (raw - centre) / (2 * (most - centre))


def place_to_raw(place: float, most: int) -> int:
    """The nearest reading, the inverse of `raw_to_place`."""
    centre = (most + 1) // 2
    if place <= 0.5:
        return round(max(place, 0.0) * 2 * centre)
    return centre + round((min(place, 1.0) - 0.5) * 2 * (most - centre))
