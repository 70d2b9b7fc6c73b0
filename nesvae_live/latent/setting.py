"""Settings, which hold all that hands can set, and morphs, which lead from one to another.

A snapshot holds a setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.knobs import KNOB_BY_NAME, KNOBS, NO_AXIS, SOUND_KNOBS
from nesvae_live.latent.space import coordinate_to_value, slerp, value_to_coordinate
from nesvae_live.music.arrangement import Arrangement

STYLE_KNOBS = KNOBS[N_ATTRIBUTES:]
ATTRIBUTE_KNOBS = KNOBS[:N_ATTRIBUTES]

MIDDLE = 0.5
"""The value from or to which an attribute's knob glides when the other side has it released: the
network is then given 0 for it, as at the middle."""

NEUTRAL = {"decay": 0.5, "noise": 0.0}
"""The same for the knobs of the sound that have a value without effect; others change half-way."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Knobs, style, temperature, seed and arrangement.

    `knobs` are the values in 0..1 of the knobs that are set; released ones are missing. `style`
    `[U]` is where those style axes rest whose knobs are released, or None where that is unknown
    (the setting is of another checkpoint). `name` is what a performer calls it, "" if nothing.
    """

    knobs: Mapping[str, float]
    style: NDArray[np.float32] | None
    temperature: float
    seed: int
    arrangement: Arrangement = field(default_factory=Arrangement)
    name: str = ""

    def stands_in(self, other: Setting) -> bool:
        """Whether all stands in another setting as in this one, whatever they are called."""
        if self.style is None or other.style is None:
            is_same = self.style is other.style
        else:
            is_same = np.array_equal(self.style, other.style)
        ours, theirs = ((s.knobs, s.temperature, s.seed, s.arrangement) for s in (self, other))
        return is_same and ours == theirs

    def pose(self, style: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where all style axes stand, `[U]`; `style` is used if the setting knows none."""
        u = np.array(style if self.style is None else self.style, np.float32)
        for axis, knob in zip(range(len(u)), STYLE_KNOBS, strict=False):
            if knob.name in self.knobs:
                u[axis] = value_to_coordinate(self.knobs[knob.name])
        return u


def reordered(setting: Setting, now: Sequence[int] | None, wanted: Sequence[int] | None) -> Setting:
    """The same setting where the style axes have another order: knobs and style go with their axes.

    Args:
        setting: one in which axis i is the checkpoint's axis `now[i]`.
        now: of each axis; None: as in the checkpoint.
        wanted: the same where it is to go.
    """
    if now == wanted:
        return setting
    n = len(now or wanted or ())
    before, after = [*(now or range(n))], [*(wanted or range(n))]
    names = {
        STYLE_KNOBS[before.index(axis)].name: STYLE_KNOBS[i].name for i, axis in enumerate(after)
    }
    knobs = {names.get(name, name): value for name, value in setting.knobs.items()}
    style = setting.style
    if style is not None and len(style) == n:
        style = style[[before.index(axis) for axis in after]]
    return replace(setting, knobs=knobs, style=style)


def between(a: Setting, b: Setting, alpha: float) -> Setting:
    """The setting that lies `alpha` of the way from `a` to `b`.

    Style follows the arc; attributes, knobs of the sound and temperature follow the straight line.
    What can't glide (seed, mutes, transposition, key) changes half-way. `a` must know its style.
    """
    assert a.style is not None  # it was played here, or loaded for this checkpoint
    if alpha <= 0.0 or alpha >= 1.0:
        return a if alpha <= 0.0 else b
    later = alpha >= 0.5
    knobs: dict[str, float] = {}
    for knob in (*ATTRIBUTE_KNOBS, *SOUND_KNOBS):
        value = _glide(knob.name, a.knobs, b.knobs, alpha)
        if value is not None:
            knobs[knob.name] = value
    style = a.style
    if b.style is not None:
        style = slerp(a.pose(a.style), b.pose(a.style), alpha)
        for axis, knob in zip(range(len(style)), STYLE_KNOBS, strict=False):
            if knob.name in a.knobs or knob.name in b.knobs:
                knobs[knob.name] = coordinate_to_value(float(style[axis]))
    else:
        knobs |= {name: v for name, v in a.knobs.items() if is_style(name)}
    return Setting(
        knobs,
        style,
        (1.0 - alpha) * a.temperature + alpha * b.temperature,
        b.seed if later else a.seed,
        b.arrangement if later else a.arrangement,
    )


def is_style(knob: str) -> bool:
    """Whether a knob turns a style axis."""
    axis = KNOB_BY_NAME[knob].axis
    return axis != NO_AXIS and axis >= N_ATTRIBUTES


def _glide(name: str, a: Mapping[str, float], b: Mapping[str, float], alpha: float) -> float | None:
    if name not in a and name not in b:
        return None
    neutral = NEUTRAL.get(name) if KNOB_BY_NAME[name].axis == NO_AXIS else MIDDLE
    start, end = a.get(name, neutral), b.get(name, neutral)
    if start is None or end is None:
        return end if alpha >= 0.5 else start
    return (1.0 - alpha) * start + alpha * end


LONGEST_NAME = 24
"""Letters of a snapshot's name, so that it fits beside others."""


def checked_name(name: str) -> str:
    """The name of a snapshot, without blanks around it.

    Raises:
        ValueError: it is none: it is empty, long, a number, or can't be printed.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a snapshot's name has 1 to {LONGEST_NAME} letters, and not {name!r}")
    if name.lstrip("+-").isdecimal():
        raise ValueError(f"a snapshot's name is no number, as {name!r}: numbers are its place")
    return name


def slot_of(name: str, there: Mapping[int, Setting]) -> int | None:
    """The number of the snapshot that has a name, however that is written; None: none has it."""
    wanted = " ".join(name.split()).casefold()
    return next((n for n, kept in sorted(there.items()) if kept.name.casefold() == wanted), None)


SHORTEST_STEP = 0.25
"""The shortest step of a morph, in beats: each step may cause a tail to be decoded anew."""

MOST_STEPS = 128
"""The most steps of a morph: over its whole range a knob moves in steps like a controller's."""


@dataclass(frozen=True, slots=True)
class Morph:
    """The way from `source` at beat `start` to `target`, snapshot number `slot`, `beats` later."""

    source: Setting
    target: Setting
    slot: int
    start: float
    beats: float

    @property
    def step(self) -> float:
        """The length of a step in beats: a sixteenth, doubled as often as a long morph needs."""
        step = SHORTEST_STEP
        while self.beats / step > MOST_STEPS:
            step *= 2.0
        return step

    def alpha(self, beat: float) -> float:
        """The share of the way that is done at `beat`, 0..1; it grows step by step."""
        steps = (beat - self.start + 1e-9) // self.step
        return min(max(steps * self.step / self.beats, 0.0), 1.0)

    def at(self, alpha: float) -> Setting:
        """The setting when `alpha` of the way is done."""
        return between(self.source, self.target, alpha)
