"""A target of each kind: the input it asks for, where it stands; and what values in 0..1 mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import ignore
from nesvae_live.latent.decoding import QUOTE
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.knobs import KnobState
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.themes import Themes
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.ranges import LEVEL, TEMPO, Range
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

DB_SPAN = 60.0
"""Decibels that a level's knob spans below its top; its very bottom is silence."""


class Kind(StrEnum):
    """How a target is moved; the table in `targets` says what each means."""

    KNOB = "knob"
    TRIGGER = "trigger"
    SWITCH = "switch"
    CHOICE = "choice"


class Timed(Protocol):
    """The part of a clock that tells the tempo."""

    @property
    def ref(self) -> ClockRef:
        """The line from seconds to beats that holds now."""
        ...


class BandView(Protocol):
    """The read side of what others play than the network."""

    sources: Mapping[Voice, Source]
    keys_return: float | None
    keys_split: int
    answer: Answer
    chords: int | None


@dataclass(slots=True)
class BandAtRest:
    """A `BandView` in which the network plays every voice."""

    sources: Mapping[Voice, Source] = field(default_factory=dict)
    keys_return: float | None = None
    keys_split: int = 60
    answer: Answer = Answer.OFF
    chords: int | None = None


class StateView(Protocol):
    """The read side of the live state: what a target's `now` may look at."""

    knobs: KnobState
    balance: Balance
    swap: Swap
    page: int
    arrangement: Arrangement
    temperature: float
    quote: float | None
    hold: bool
    auto: bool
    round: bool
    fader: float | None
    morph_bars: float
    bounds: float
    snapshots: Mapping[int, Setting]
    themes: Themes

    @property
    def band(self) -> BandView:
        """Who plays beside the network."""
        ...

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
    """A `StateView` in which every knob is untouched, to ask a control what it would do."""

    knobs: KnobState = field(default_factory=KnobState)
    balance: Balance = field(default_factory=Balance)
    swap: Swap = Swap.BAR
    page: int = 0
    arrangement: Arrangement = field(default_factory=Arrangement)
    temperature: float = 1.0
    quote: float | None = QUOTE
    hold: bool = False
    auto: bool = False
    round: bool = False
    fader: float | None = None
    morph_bars: float = 4.0
    bounds: float = 0.25
    snapshots: Mapping[int, Setting] = field(default_factory=dict)
    themes: Themes = field(default_factory=Themes.none)
    band: BandAtRest = field(default_factory=BandAtRest)
    ref: ClockRef = field(default_factory=ClockRef)

    @property
    def muted(self) -> Collection[Voice]:
        """The voices that are silent."""
        return self.arrangement.muted

    @property
    def clock(self) -> Timed:
        """A clock at the tempo of `ref`."""
        return self


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target: its id, its kind, and in `more` what turning it up, or pressing it, does.

    `ask(value, at)` gives the input for a value in 0..1; `now(view)` gives where the target stands.
    """

    name: str
    kind: Kind
    more: str
    ask: Callable[[float, float], Input]
    now: Callable[[StateView], float | None] = ignore
    choices: tuple[str, ...] = ()


class Asked(Protocol):
    """Makes the input for something that happens, such as the input's class."""

    def __call__(self, *, at: float) -> Input:
        """The input, stamped `at`."""
        ...


class AskedFor(Protocol[T_contra]):
    """Makes the input for one thing of a kind, such as the input's class."""

    def __call__(self, thing: T_contra, /, *, at: float) -> Input:
        """The input, stamped `at`."""
        ...


def knob(
    name: str, more: str, ask: AskedFor[float], now: Callable[[StateView], float | None]
) -> TargetSpec:
    """A target that takes the value itself."""
    return TargetSpec(name, Kind.KNOB, more, lambda value, at: ask(value, at=at), now)


def trigger(
    name: str, more: str, ask: Asked, now: Callable[[StateView], float | None] = ignore
) -> TargetSpec:
    """A target that happens, whatever the value; `now` may light it."""
    return TargetSpec(name, Kind.TRIGGER, more, lambda _, at: ask(at=at), now)


def switch(
    name: str, more: str, ask: AskedFor[bool], now: Callable[[StateView], bool]
) -> TargetSpec:
    """A target that is on from 0.5."""
    return TargetSpec(
        name,
        Kind.SWITCH,
        more,
        lambda value, at: ask(value >= 0.5, at=at),
        lambda view: float(now(view)),
    )


def choice(
    name: str,
    more: str,
    choices: Sequence[T],
    ask: AskedFor[T],
    now: Callable[[StateView], T],
    shown: Callable[[T], str] = str,
) -> TargetSpec:
    """A target that is one of `choices`: `now` gives which, and `shown` how each is written."""
    n = len(choices)
    return TargetSpec(
        name,
        Kind.CHOICE,
        more,
        lambda value, at: ask(choices[value_to_choice(value, n)], at=at),
        lambda view: choice_to_value(choices.index(now(view)), n),
        tuple(shown(one) for one in choices),
    )


def choice_to_value(index: int, n: int) -> float:
    """The value that means choice `index` of `n`: evenly spaced from 0 to 1."""
    return index / (n - 1) if n > 1 else 0.0


def value_to_choice(value: float, n: int) -> int:
    """The choice that a value in 0..1 means; the `n` choices have equal shares."""
    return min(int(value * n), n - 1)


def tempo_to_value(tempo: float) -> float:
    """Beats a minute to 0..1: equal turns are equal ratios."""
    return ratio_to_value(tempo, TEMPO)


def value_to_tempo(value: float) -> float:
    """The inverse of `tempo_to_value`."""
    return value_to_ratio(value, TEMPO)


def level_to_value(level: float) -> float:
    """Decibels to 0..1: 0 dB is at 0.8, silence at 0."""
    return min(max(1.0 - (LEVEL.high - level) / DB_SPAN, 0.0), 1.0)


def value_to_level(value: float) -> float:
    """The inverse of `level_to_value`."""
    return LEVEL.high - (1.0 - value) * DB_SPAN if value > 0.0 else LEVEL.low


def linear_to_value(number: float, ends: Range) -> float:
    """A number between `ends` to 0..1; a number outside is at the nearer end."""
    return min(max((number - ends.low) / (ends.high - ends.low), 0.0), 1.0)


def value_to_linear(value: float, ends: Range) -> float:
    """The inverse of `linear_to_value`."""
    return ends.low + value * (ends.high - ends.low)


def ratio_to_value(number: float, ends: Range) -> float:
    """A number between `ends`, both above 0, to 0..1: equal turns are equal ratios."""
    logs = Range(math.log(ends.low), math.log(ends.high))
    return linear_to_value(math.log(max(number, ends.low)), logs)


def value_to_ratio(value: float, ends: Range) -> float:
    """The inverse of `ratio_to_value`."""
    return float(ends.low * (ends.high / ends.low) ** value)
