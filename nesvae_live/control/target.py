"""What a target is: its kind, what it asks for, where it stands; and values in 0..1 of all sorts."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import ignore
from nesvae_live.latent.knobs import KnobState
from nesvae_live.latent.setting import Setting
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.ranges import LEVEL
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

SLOWEST, FASTEST = 20.0, 400.0
"""Beats a minute at the ends of the tempo knob."""

DB_SPAN = 60.0
"""Decibels that a level's knob spans; its very bottom is silence."""


class Kind(StrEnum):
    """What a target is moved by."""

    KNOB = "knob"
    TRIGGER = "trigger"
    SWITCH = "switch"
    CHOICE = "choice"


class Timed(Protocol):
    """What of a clock tells the tempo."""

    @property
    def ref(self) -> ClockRef:
        """The line to read now."""
        ...


class StateView(Protocol):
    """How things stand: what of the performer a target's `now` may read."""

    knobs: KnobState
    balance: Balance
    swap: Swap
    page: int
    arrangement: Arrangement
    temperature: float
    hold: bool
    auto: bool
    round: bool
    fader: float | None
    morph_bars: float
    bounds: float
    snapshots: Mapping[int, Setting]

    @property
    def muted(self) -> Collection[Voice]:
        """The voices that are silent."""
        ...

    @property
    def clock(self) -> Timed:
        """The clock in use."""
        ...


@dataclass(slots=True)
class AtRest:
    """A `StateView` in which nothing was touched, to ask a control what it would do."""

    knobs: KnobState = field(default_factory=KnobState)
    balance: Balance = field(default_factory=Balance)
    swap: Swap = Swap.BAR
    page: int = 0
    arrangement: Arrangement = field(default_factory=Arrangement)
    temperature: float = 1.0
    hold: bool = False
    auto: bool = False
    round: bool = False
    fader: float | None = None
    morph_bars: float = 4.0
    bounds: float = 0.25
    snapshots: Mapping[int, Setting] = field(default_factory=dict)
    ref: ClockRef = field(default_factory=ClockRef)

    @property
    def muted(self) -> Collection[Voice]:
        """The voices that are silent."""
        return self.arrangement.muted

    @property
    def clock(self) -> Timed:
        """A clock that stands at its line's tempo."""
        return self


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target: its id, its kind, and what turning it up, or pressing it, does.

    `ask(value, at)` is the input for a value in 0..1; `now(standing)` where it stands.
    """

    name: str
    kind: Kind
    more: str
    ask: Callable[[float, float], Input]
    now: Callable[[StateView], float | None] = ignore
    choices: tuple[str, ...] = ()


def choice_to_value(index: int, n: int) -> float:
    """A value that means choice `index` of `n`, evenly from 0 to 1."""
    return index / (n - 1) if n > 1 else 0.0


def value_to_choice(value: float, n: int) -> int:
    """The choice that a value in 0..1 means: `n` equal shares."""
    return min(int(value * n), n - 1)


def tempo_to_value(tempo: float) -> float:
    """Beats a minute to 0..1: equal turns are equal ratios."""
    return ratio_to_value(tempo, SLOWEST, FASTEST)


def value_to_tempo(value: float) -> float:
    """The inverse of `tempo_to_value`."""
    return value_to_ratio(value, SLOWEST, FASTEST)


def level_to_value(level: float) -> float:
    """Decibels to 0..1: 0 dB is at 0.8, silence at 0."""
    return min(max(1.0 - (LEVEL.high - level) / DB_SPAN, 0.0), 1.0)


def value_to_level(value: float) -> float:
    """The inverse of `level_to_value`."""
    return LEVEL.high - (1.0 - value) * DB_SPAN if value > 0.0 else LEVEL.low


def linear_to_value(number: float, low: float, high: float) -> float:
    """`low`..`high` to 0..1; what lies beyond is the end."""
    return min(max((number - low) / (high - low), 0.0), 1.0)


def value_to_linear(value: float, low: float, high: float) -> float:
    """The inverse of `linear_to_value`."""
    return low + value * (high - low)


def ratio_to_value(number: float, low: float, high: float) -> float:
    """`low`..`high`, both above 0, to 0..1: equal turns are equal ratios."""
    return linear_to_value(math.log(max(number, low)), math.log(low), math.log(high))


def value_to_ratio(value: float, low: float, high: float) -> float:
    """The inverse of `ratio_to_value`."""
    return float(low * (high / low) ** value)
