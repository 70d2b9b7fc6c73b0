"""The controller that a preset is for: its ports, where its controls are, and the source for that.

[controller]
name = "Korg nanoKONTROL2"
ports = ["nanoKONTROL2"]          # parts of its ports' names
source = "where its numbers are documented"
unchecked = "what nobody has tried on the hardware"
rows = [{ shape = "knob", cc = [16, 17, 18] }]   # as they are laid out, from above
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.kinds import CONTROL_CHANGE, KIND_BY_NAME, reserved_because
from nesvae_live.control.layout import Layout
from nesvae_live.presets.tomltable import check_keys, typed


class Shape(StrEnum):
    """What a control looks like."""

    KNOB = "knob"
    FADER = "fader"
    BUTTON = "button"
    PAD = "pad"
    WHEEL = "wheel"


@dataclass(frozen=True, slots=True)
class PhysicalControl:
    """A control of the controller: its kind, its number, and its channel (0-based; None: any)."""

    kind: str
    number: int
    channel: int | None = None

    @property
    def label(self) -> str:
        """What it sends, short enough for a picture."""
        kind = KIND_BY_NAME[self.kind]
        name = {"button": "CC {}", "note": "note {}", "program": "program {}"}.get(kind.name)
        return (name or kind.label).format(self.number).split(" (")[0]

    def is_of(self, control: ControlSpec) -> bool:
        """Whether it is the one that a preset's control listens to."""
        if self.channel not in {None, control.channel} and control.channel is not None:
            return False
        ours, its = KIND_BY_NAME[self.kind], control.kind_spec
        same = ours.status == its.status if ours.top is not None else ours is its
        return same and (ours.top is None or self.number == control.number)


@dataclass(frozen=True, slots=True)
class Row:
    """Controls of one shape, from left to right; `name` is what is printed beside them."""

    shape: Shape
    places: tuple[PhysicalControl, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller on the market; `ports` are parts of its ports' names."""

    name: str
    ports: tuple[str, ...] = ()
    source: str = ""
    unchecked: str = ""
    rows: tuple[Row, ...] = ()

    def port_among(self, names: Iterable[str]) -> str | None:
        """The first of some ports that is a port of this controller; None if none is."""
        return next(
            (name for name in names if any(part.lower() in name.lower() for part in self.ports)),
            None,
        )

    def dead(self, layout: Layout) -> list[PhysicalControl]:
        """Its controls that send reserved controllers, which no control of a layout gives up."""
        used = [control for controls in layout.sets() for control in controls]
        return [
            one
            for row in self.rows
            for one in row.places
            if KIND_BY_NAME[one.kind].status == CONTROL_CHANGE
            and reserved_because(one.number)
            and not any(one.is_of(control) for control in used)
        ]

    def dead_controls(self, layout: Layout) -> str:
        """The line that names them for a person; empty: there are none."""
        dead = self.dead(layout)
        if not dead:
            return ""
        names = ", ".join(f"{one.label} ({reserved_because(one.number)})" for one in dead)
        return (
            f"{self.name}: these controls mean something else in MIDI, and move nothing: {names}; "
            "`gives_up` in the preset takes them all the same (docs/controllers.md)"
        )

    def missing(self, layout: Layout) -> list[ControlSpec]:
        """The controls of a layout that are in none of its rows."""
        physical = [control for row in self.rows for control in row.places]
        return [
            control
            for controls in layout.sets()
            for control in controls
            if not any(one.is_of(control) for one in physical)
        ]


def parse_controller(table: Mapping[str, Any]) -> Controller | None:
    """The controller that a preset is for; None if it names none.

    Raises:
        ValueError: something is wrong; the message begins with the key.
    """
    if not table:
        return None
    where = "controller."
    check_keys(table, ("name", "ports", "source", "unchecked", "rows"), where)
    texts = {
        key: typed(table.get(key, ""), str, f"{where}{key}")
        for key in ("name", "source", "unchecked")
    }
    rows = typed(table.get("rows", []), list[dict[str, Any]], f"{where}rows")
    return Controller(
        ports=tuple(typed(table.get("ports", []), list[str], f"{where}ports")),
        rows=tuple(_row(row, f"{where}rows[{i + 1}]") for i, row in enumerate(rows)),
        **texts,
    )


def _row(row: Mapping[str, Any], where: str) -> Row:
    check_keys(row, ("shape", "name", "channel", *KIND_BY_NAME), f"{where}.")
    shapes = [str(shape) for shape in Shape]
    shape = typed(row.get("shape", ""), str, f"{where}.shape")
    if shape not in shapes:
        raise ValueError(f"{where}.shape: {shape!r} is none of {', '.join(shapes)}")
    channel = typed(row["channel"], int, f"{where}.channel") - 1 if "channel" in row else None
    controls: list[PhysicalControl] = []
    for kind in (kind for kind in KIND_BY_NAME if kind in row):
        numbers: Sequence[int] = (0,)
        if KIND_BY_NAME[kind].top is not None:
            numbers = typed(row[kind], list[int], f"{where}.{kind}")
        controls += [PhysicalControl(kind, number, channel) for number in numbers]
    if not controls:
        raise ValueError(f"{where}: needs controls, as in cc = [16, 17, 18]")
    return Row(Shape(shape), tuple(controls), typed(row.get("name", ""), str, f"{where}.name"))
