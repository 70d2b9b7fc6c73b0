"""The controls of a preset as TOML: their options, the defaults and the pages, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.kinds import KIND_BY_NAME
from nesvae_live.control.layout import Defaults, Layout, Page, routes
from nesvae_live.control.target import Kind
from nesvae_live.control.targets import TARGETS
from nesvae_live.latent.knobs import KNOB_BY_NAME, KNOB_NAMES
from nesvae_live.presets.tomltable import check_keys, subtable, typed

KNOB_TARGETS = tuple(spec.name for spec in TARGETS if spec.kind is Kind.KNOB)
ACTIONS = tuple(spec.name for spec in TARGETS if spec.kind is not Kind.KNOB)
KNOBS_SHOWN = ", ".join((KNOB_NAMES, *(n for n in KNOB_TARGETS if n not in KNOB_BY_NAME)))
SECTIONS = (("knobs", KNOB_TARGETS), ("actions", ACTIONS))
"""The sections of a preset, and the targets that stand in each."""

OPTIONS: Mapping[str, Any] = {
    "channel": int,
    "takeover": str,
    "deadband": int,
    "curve": str,
    "range": list[float],
    "speed": float,
    "lsb_first": bool,
    "pick": str,
    "momentary": bool,
    "feedback": bool | int,
    "lit": int,
    "unlit": int,
    "gives_up": str,
}
"""The options that may stand beside a control's kind and number, and their types."""

DEFAULTS = ("channel", "takeover", "deadband", "feedback")
"""The options that a preset may set for all its controls."""


def parse_layout(table: Mapping[str, Any]) -> Layout:
    """The controls of a preset.

    Raises:
        ValueError: something is wrong; the message begins with the key.
    """
    defaults = subtable(table, "defaults")
    check_keys(defaults, DEFAULTS, "defaults.")
    options = _options(defaults, "defaults.")
    try:
        common = Defaults(**options)
        ControlSpec(KNOB_TARGETS[0], 1, **options)
    except ValueError as error:
        raise ValueError(f"defaults: {error}") from error
    controls = _sections(table, "", options, ())
    pages = []
    for i, page in enumerate(typed(table.get("pages", []), list[dict[str, Any]], "pages")):
        where = f"pages[{i + 1}]."
        check_keys(page, ("name", *(section for section, _ in SECTIONS)), where)
        name = typed(page.get("name", str(i + 1)), str, f"{where}name")
        pages.append(Page(name, _sections(page, where, options, controls)))
    return Layout(controls, tuple(pages), common)


def _sections(
    table: Mapping[str, Any],
    where: str,
    defaults: Mapping[str, Any],
    beside: Sequence[ControlSpec],
) -> tuple[ControlSpec, ...]:
    """The controls of a table's sections; none may share an address with one of `beside`."""
    controls: list[ControlSpec] = []
    for section, allowed in SECTIONS:
        given = subtable(table, section, where)
        shown = KNOBS_SHOWN if section == "knobs" else ""
        check_keys(given, allowed, f"{where}{section}.", shown)
        for target in given:
            at = f"{where}{section}.{target}"
            several = isinstance(given[target], list)
            for i, control in enumerate(given[target] if several else [given[target]]):
                here = f"{at}[{i + 1}]" if several else at
                try:
                    controls.append(_control(target, control, here, defaults))
                    routes((*beside, *controls))
                except _KeyedError:
                    raise
                except ValueError as error:
                    raise ValueError(f"{here}: {error}") from error
    return tuple(controls)


class _KeyedError(ValueError):
    """An error whose message already begins with the key."""


def _control(target: str, given: Any, where: str, defaults: Mapping[str, Any]) -> ControlSpec:
    try:
        control = typed(_whole(given, where), dict, where)
        check_keys(control, (*KIND_BY_NAME, *OPTIONS), f"{where}.")
        kind = _kind(target, control, where)
        has_number = KIND_BY_NAME[kind].top is not None
        number = typed(control[kind], int if has_number else bool, f"{where}.{kind}")
        options = {**defaults, **_options(control, f"{where}.")}
    except ValueError as error:
        raise _KeyedError(str(error)) from error
    return ControlSpec(target, int(number) if has_number else 0, kind=kind, **options)


def _whole(given: Any, where: str) -> Any:
    """A control, if it isn't a bare number.

    Raises:
        ValueError: it is one; the line says how it is written.
    """
    if type(given) is int:
        raise ValueError(f"{where}: write it as {{ cc = {given} }}, if that is the CC")
    return given


def _kind(target: str, control: Mapping[str, Any], where: str) -> str:
    """The kind of a control: the only key that names one."""
    named = [kind for kind in KIND_BY_NAME if kind in control]
    if len(named) == 1:
        return named[0]
    found = f"it has {' and '.join(named)}" if named else f"as in {target} = {{ cc = 20 }}"
    raise ValueError(f"{where}: needs one of {', '.join(KIND_BY_NAME)}; {found}")


def _options(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A control's options by the names that they have in `ControlSpec`."""
    found: dict[str, Any] = {}
    for name in (name for name in OPTIONS if name in table):
        value = typed(table[name], OPTIONS[name], f"{where}{name}")
        if name == "channel":
            value -= 1  # a person counts from 1
        elif name == "takeover":
            known = [str(takeover) for takeover in Takeover]
            if value not in known:
                raise ValueError(f"{where}takeover: {value!r} is none of {', '.join(known)}")
            value = Takeover(value)
        elif name == "range":
            if len(value) != 2:
                raise ValueError(f"{where}range: needs two numbers, as in range = [0.2, 0.8]")
            found["low"], found["high"] = value
            continue
        found[name] = value
    return found


def control_to_table(control: ControlSpec, common: Defaults) -> dict[str, Any]:
    """A control as a preset has it: kind, number, channel, and what differs from the defaults."""
    kind = control.kind_spec
    table: dict[str, Any] = {kind.name: control.number if kind.top is not None else True}
    if control.channel is not None:
        table["channel"] = control.channel + 1
    usual = replace(
        ControlSpec(control.target, control.number, kind=control.kind, gives_up=control.gives_up),
        takeover=common.takeover,
        deadband=common.deadband,
        feedback=common.feedback,
    )
    if (control.low, control.high) != (usual.low, usual.high):
        table["range"] = [control.low, control.high]
    for name in OPTIONS:
        if name not in {"channel", "range"} and getattr(control, name) != getattr(usual, name):
            value = getattr(control, name)
            table[name] = str(value) if isinstance(value, Takeover) else value
    if control.gives_up:
        table["gives_up"] = control.gives_up
    return table
