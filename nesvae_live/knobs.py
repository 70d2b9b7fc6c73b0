"""The knobs, and which MIDI controls turn them.

A knob has an id, the same in presets, JSON, OSC and the log, and a value in 0..1; a knob that
nobody has touched, or that was let go, has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from nesvae_live.attributes import ATTRIBUTES

N_STYLE = 32
"""Style knobs there are; a checkpoint has at most as many style axes."""

NO_AXIS = -1
"""The axis of a knob that steers no z."""


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """A knob: its id, its axis of z (see `nesvae_live.latent`), and what turning it up does.

    A knob of the sound has `NO_AXIS`: it turns what patches and drums do (see `shaper`).
    """

    name: str
    axis: int
    more: str


KNOBS = (
    *(KnobSpec(a.name, i, a.more) for i, a in enumerate(ATTRIBUTES)),
    *(
        KnobSpec(f"style{i + 1}", len(ATTRIBUTES) + i, f"farther along style axis {i + 1}")
        for i in range(N_STYLE)
    ),
)
"""Every knob of z, in the order of the axes."""

SOUND_KNOBS = (
    KnobSpec("duty1", NO_AXIS, "wider pulses in P1, in four steps"),
    KnobSpec("duty2", NO_AXIS, "wider pulses in P2, in four steps"),
    KnobSpec("decay", NO_AXIS, "the pulses' volume falls more slowly"),
    KnobSpec("vibrato", NO_AXIS, "the pulses' pitch wavers more"),
    KnobSpec("noise", NO_AXIS, "more drums"),
)
"""Knobs of how it sounds; one that nobody has touched leaves a patch as it is, drums off."""

KNOB_BY_NAME: Mapping[str, KnobSpec] = MappingProxyType(
    {knob.name: knob for knob in (*KNOBS, *SOUND_KNOBS)}
)
KNOB_NAMES = ", ".join(
    (
        *(attribute.name for attribute in ATTRIBUTES),
        f"style1 to style{N_STYLE}",
        *(knob.name for knob in SOUND_KNOBS),
    )
)
"""The ids as a person wants to read them in an error."""

CONTROL_CHANGE = 0xB0
CENTRE = 64


@dataclass(frozen=True, slots=True)
class ReservedSpec:
    """Controllers `first` to `last` that can't be knobs, and why."""

    first: int
    last: int
    why: str


RESERVED = (
    ReservedSpec(0, 0, "bank select"),
    ReservedSpec(6, 6, "data entry of (N)RPN"),
    ReservedSpec(32, 32, "bank select, fine"),
    ReservedSpec(38, 38, "data entry of (N)RPN, fine"),
    ReservedSpec(64, 64, "the sustain pedal"),
    ReservedSpec(96, 97, "data increment and decrement"),
    ReservedSpec(98, 99, "NRPN number"),
    ReservedSpec(100, 101, "RPN number"),
    ReservedSpec(120, 127, "channel mode: some programs send them on every channel at play"),
)
"""What gear and programs send unasked; a knob there would jump by itself."""


def reserved_because(cc: int) -> str | None:
    """Why controller `cc` can't be a knob, or None if it can."""
    return next((r.why for r in RESERVED if r.first <= cc <= r.last), None)


def cc_to_value(cc_value: int) -> float:
    """A controller's 0..127 to a knob's 0..1.

    0 is 0, 64 exactly 0.5 and 127 exactly 1, so that both ends and the centre detent of a real
    controller can be hit; the upper half's steps are therefore 1/63 of it, the lower half's 1/64.
    """
    if cc_value <= CENTRE:
        return cc_value / (2 * CENTRE)
    return 0.5 + (cc_value - CENTRE) / (2 * (127 - CENTRE))


def value_to_cc(value: float) -> int:
    """A knob's 0..1 to the nearest 0..127, the inverse of `cc_to_value`."""
    if value <= 0.5:
        return round(max(value, 0.0) * 2 * CENTRE)
    return CENTRE + round((min(value, 1.0) - 0.5) * 2 * (127 - CENTRE))


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """A control: controller `cc` (0..127) on `channel` (0-based, None is any) turns `knob`.

    Raises:
        ValueError: an unknown knob, a controller or channel that doesn't exist or is reserved.
    """

    knob: str
    cc: int
    channel: int | None = None

    def __post_init__(self) -> None:
        if self.knob not in KNOB_BY_NAME:
            raise ValueError(f"unknown knob {self.knob!r}: there are {KNOB_NAMES}")
        if not 0 <= self.cc <= 127:
            raise ValueError(f"CC {self.cc} doesn't exist: 0 to 127")
        if (why := reserved_because(self.cc)) is not None:
            raise ValueError(f"CC {self.cc} is reserved ({why}): take another")
        if self.channel is not None and not 0 <= self.channel <= 15:
            raise ValueError(f"channel {self.channel + 1} doesn't exist: 1 to 16")

    @property
    def channels(self) -> Sequence[int]:
        """The channels it listens to, 0-based."""
        return range(16) if self.channel is None else (self.channel,)


class ControlMap:
    """Reads control changes: which knob, and to what value.

    Raises:
        ValueError: two knobs on one control; both are named.
    """

    def __init__(self, controls: Iterable[ControlSpec]) -> None:
        self.controls = tuple(controls)
        self._knob_of: dict[tuple[int, int], str] = {}
        for control in self.controls:
            for channel in control.channels:
                other = self._knob_of.setdefault((channel, control.cc), control.knob)
                if other != control.knob:
                    raise ValueError(
                        f"{control.knob} and {other} are both on CC {control.cc}, "
                        f"channel {channel + 1}: give one of them another"
                    )

    def read(self, data: Sequence[int]) -> tuple[str, float] | None:
        """What a MIDI message means; runs in the sequencer's thread and never raises.

        Args:
            data: the message's bytes, whatever they are.

        Returns:
            A knob and its new value in 0..1, or None if the message turns no knob.
        """
        if len(data) != 3 or data[0] & 0xF0 != CONTROL_CHANGE or not 0 <= data[2] <= 127:
            return None
        knob = self._knob_of.get((data[0] & 0x0F, data[1]))
        return None if knob is None else (knob, cc_to_value(data[2]))


class KnobState:
    """Where the knobs stand.

    One thread writes (the sequencer); any may read `values`, which is replaced and never changed.
    """

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self.values: Mapping[str, float] = MappingProxyType({})
        """Knob -> value in 0..1; a knob that is let go isn't there."""
        for knob, value in (values or {}).items():
            self.set(knob, value)

    def set(self, knob: str, value: float | None) -> bool:
        """Turn a knob, or let it go with None.

        Returns:
            Whether that changed anything.

        Raises:
            ValueError: no such knob, or a value outside 0..1.
        """
        if knob not in KNOB_BY_NAME:
            raise ValueError(f"unknown knob {knob!r}: there are {KNOB_NAMES}")
        if value is not None and not 0.0 <= value <= 1.0:
            raise ValueError(f"{knob} to {value}: a knob's value is 0 to 1")
        if value == self.values.get(knob):
            return False
        values = dict(self.values)
        if value is None:
            del values[knob]
        else:
            values[knob] = float(value)
        self.values = MappingProxyType(values)
        return True

    def release_all(self) -> None:
        """Let every knob go."""
        self.values = MappingProxyType({})
