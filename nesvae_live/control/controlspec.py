"""A control of a preset: which of a controller's controls moves which target, and how."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from nesvae_live.control.kinds import (
    CONTROL_CHANGE,
    FINE_OFFSET,
    KIND_BY_NAME,
    Address,
    ControlKind,
    Form,
    Role,
    can_be_given_up,
    reserved_because,
)
from nesvae_live.control.target import Kind, TargetSpec
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.music.ranges import SHARE, Range

MIDI_VALUE = Range(0, 127)


class Takeover(StrEnum):
    """How a control takes over a target that stands elsewhere: at once, on crossing, or scaled."""

    NONE = "none"
    PICKUP = "pickup"
    SCALE = "scale"


@dataclass(frozen=True, slots=True)
class Curve:
    """A bend of a control's travel, 0..1 to 0..1, and its inverse."""

    bend: Callable[[float], float]
    unbend: Callable[[float], float]
    what: str


CURVES: Mapping[str, Curve] = MappingProxyType(
    {
        "linear": Curve(lambda x: x, lambda y: y, "even"),
        "slow": Curve(lambda x: x * x, math.sqrt, "fine at the bottom"),
        "fast": Curve(
            lambda x: 1.0 - (1.0 - x) ** 2, lambda y: 1.0 - math.sqrt(1.0 - y), "fine at the top"
        ),
        "s": Curve(
            lambda x: x * x * (3.0 - 2.0 * x),
            lambda y: 0.5 - math.sin(math.asin(1.0 - 2.0 * y) / 3.0),
            "fine at both ends",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """A control: `kind` number `number` on `channel` (0-based, None is any) moves `target`.

    `deadband` is in the control's own steps. A `curve` bends its travel, which then goes from `low`
    to `high` (with `high` below `low` it is inverted). `speed` multiplies the steps of a relative
    control, of which 127 are the whole travel. `lsb_first` is for a 14-bit pair that is sent lower
    half first. A press picks the choice `pick`; a `momentary` control is on while it is held.
    `feedback` says where the target's place is sent back: not at all, to the control itself, or to
    another CC. A button shows it as `lit` or `unlit`; a ring of LEDs on another CC goes from
    `unlit` to `lit`. A control on a reserved controller `gives_up` what that means otherwise, and says it.

    Raises:
        ValueError: the target is unknown, the number or channel doesn't exist or is reserved, or
            this control or target has no use for an option.
    """

    target: str
    number: int = 0
    channel: int | None = None
    kind: str = "cc"
    takeover: Takeover = Takeover.NONE
    deadband: int = 1
    curve: str = "linear"
    low: float = 0.0
    high: float = 1.0
    speed: float = 1.0
    lsb_first: bool = False
    pick: str | None = None
    momentary: bool = False
    feedback: bool | int = False
    lit: int = 127
    unlit: int = 0
    gives_up: str = ""

    def __post_init__(self) -> None:
        if self.target not in TARGET_BY_NAME:
            raise ValueError(f"unknown target {self.target!r}")
        if self.kind not in KIND_BY_NAME:
            raise ValueError(f"unknown kind {self.kind!r}: one of {', '.join(KIND_BY_NAME)}")
        self._check_number()
        if self.channel is not None and not 0 <= self.channel <= 15:
            raise ValueError(f"channel {self.channel + 1} doesn't exist: 1 to 16")
        self._check_options()

    def _check_number(self) -> None:
        kind = self.kind_spec
        if kind.top is None:
            return
        if not 0 <= self.number <= kind.top:
            raise ValueError(f"{self.label} doesn't exist: 0 to {kind.top}")
        why = reserved_because(self.number) if kind.status == CONTROL_CHANGE else None
        if self.gives_up == (why or ""):
            return
        if why is None:
            raise ValueError(f"gives_up {self.gives_up!r}: {self.label} isn't reserved")
        way = f', or give that up with gives_up = "{why}"' if can_be_given_up(self.number) else ""
        raise ValueError(f"CC {self.number} is reserved ({why}): use another{way}")

    def _check_options(self) -> None:
        for what, value, within in (
            ("deadband", self.deadband, Range(0, self.kind_spec.most)),
            ("range", self.low, SHARE),
            ("range", self.high, SHARE),
            ("speed", self.speed, Range(0.01, 100.0)),
            ("lit", self.lit, MIDI_VALUE),
            ("unlit", self.unlit, MIDI_VALUE),
            ("feedback", int(self.feedback), MIDI_VALUE),
        ):
            if value not in within:
                raise ValueError(f"{what} {value:g} is out of range, {within}")
        if self.low == self.high:
            raise ValueError(f"range from {self.low:g} to {self.high:g}: the ends must differ")
        if self.curve not in CURVES:
            raise ValueError(f"unknown curve {self.curve!r}: one of {', '.join(CURVES)}")
        target, form = self.target_spec, self.kind_spec.form
        if target.kind is Kind.TRIGGER and form is Form.RELATIVE:
            raise ValueError(f"{self.target} needs a press, and an encoder has none")
        if self.pick is not None and self.pick not in target.choices:
            known = ", ".join(target.choices) or "no choices"
            raise ValueError(f"pick {self.pick!r}: {self.target} has {known}")

    @property
    def kind_spec(self) -> ControlKind:
        """Its row of the table."""
        return KIND_BY_NAME[self.kind]

    @property
    def target_spec(self) -> TargetSpec:
        """Its target's row."""
        return TARGET_BY_NAME[self.target]

    @property
    def label(self) -> str:
        """The control's name for a person, without its channel."""
        return self.kind_spec.label.format(self.number)

    @property
    def channels(self) -> Sequence[int]:
        """The channels it listens to, 0-based."""
        return range(16) if self.channel is None else (self.channel,)

    def addresses(self) -> Sequence[tuple[Address, Role]]:
        """The addresses that it listens to, and which part of its reading comes from each."""
        kind = self.kind_spec
        number = self.number if kind.top is not None else 0
        if kind.name == "cc14":
            parts = ((number, Role.COARSE), (number + FINE_OFFSET, Role.FINE))
            return [((kind.status, c, n), role) for c in self.channels for n, role in parts]
        return [((kind.status, c, number), Role.WHOLE) for c in self.channels]

    def place_to_value(self, place: float) -> float:
        """The target's value where the control stands at `place` in 0..1."""
        bent = CURVES[self.curve].bend(place)
        least, most = sorted((self.low, self.high))
        return min(max(self.low + (self.high - self.low) * bent, least), most)  # rounding

    def value_to_place(self, value: float) -> float:
        """The place of the control for a value; for a value out of its range, the nearer end."""
        bent = (value - self.low) / (self.high - self.low)
        return CURVES[self.curve].unbend(min(max(bent, 0.0), 1.0))
