"""The knobs: their ids, and where they stand.

A knob has an id, the same in presets, JSON, OSC and the log, and a value in 0..1. A knob that is
untouched, or that was released, has no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.music.ranges import nearest

N_STYLE = 32
"""How many style knobs there are; a checkpoint has at most as many style axes."""

NO_AXIS = -1
"""The axis of a knob that does not steer z."""


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """A knob: its id, its axis of z (see `nesvae_live.latent.space`), and what turning it up does.

    A knob of the sound has `NO_AXIS`: it changes patches and drums (`nesvae_live.music.shaper`).
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
    KnobSpec("vibrato", NO_AXIS, "more vibrato on the pulses"),
    KnobSpec("noise", NO_AXIS, "more drums"),
    KnobSpec("fill", NO_AXIS, "more sections end with a fill of the drums"),
    KnobSpec("brightness", NO_AXIS, "the performer plays thinner pulses"),
    KnobSpec("ring", NO_AXIS, "the performer's notes ring longer"),
    KnobSpec("accent", NO_AXIS, "the performer plays notes on the beat louder than others"),
    KnobSpec("instrument", NO_AXIS, "another of the performer's instruments, in eight steps"),
)
"""The knobs of the sound. Untouched, they leave patches as they are and drums off."""

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
"""The ids as an error message lists them."""


class KnobState:
    """Where the knobs stand.

    One thread writes (the sequencer's). Any thread may read `values`, which is replaced as a whole
    and never changed in place.
    """

    def __init__(self, values: Mapping[str, float] | None = None) -> None:
        self.values: Mapping[str, float] = MappingProxyType({})
        """Each knob's value in 0..1; a knob that is released is missing."""
        self.steadied: frozenset[str] = frozenset()
        """The knobs that no hand has set: the instrument did, for its attribute to stay."""
        for knob, value in (values or {}).items():
            self.set(knob, value)

    def set(self, knob: str, value: float | None) -> bool:
        """Set a knob, or release it with None.

        Returns:
            Whether that changed anything.

        Raises:
            ValueError: no such knob, or a value outside 0..1.
        """
        if knob not in KNOB_BY_NAME:
            meant = nearest(knob, KNOB_BY_NAME)
            raise ValueError(f"unknown knob {knob!r}{meant or f': there are {KNOB_NAMES}'}")
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


def steers(knob: str) -> bool:
    """Whether a knob steers z."""
    return KNOB_BY_NAME[knob].axis != NO_AXIS
