"""The OSC addresses of the targets: messages to inputs, and the live state to messages.

| address | arguments | |
| --- | --- | --- |
| `/nesvae/TARGET` | a number in 0..1 | moves the target, whatever its kind |
| | none, or 1 | a trigger happens (0, a button released, does nothing); a switch changes |
| | a string | a choice by its name; `off` releases a knob |
| `/nesvae/hello` | none, or a port | only says where values are to be sent |

Values come back under the same addresses, choices by name. `/nesvae/TARGET/set` is 0 while a knob
is untouched, and `/nesvae/info/NAME` has what the status line shows. What was wrong with a message
comes back as `/nesvae/error` with one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nesvae_live.control.inputs import Input
from nesvae_live.control.target import Kind, StateView, choice_to_value, value_to_choice
from nesvae_live.control.targets import TARGET_BY_NAME, TARGETS

ROOT = "/nesvae/"
HELLO, ERROR = f"{ROOT}hello", f"{ROOT}error"
OFF = "off"
INFO = (
    *("bar", "count", "beat", "tempo", "clock", "motion", "seed", "hold", "auto", "round", "key"),
    *("events_late", "decodes_missed", "splices_late", "underruns", "take"),
)
"""The figures of the status that are sent, each as `/nesvae/info/NAME`."""

_RELEASES = {
    spec.name.removeprefix("release-"): spec for spec in TARGETS if spec.name.startswith("release-")
}


def message_to_input(
    address: str, arguments: Sequence[Any], at: float, view: StateView
) -> Input | None:
    """The input that a message asks for; None if a button was released.

    Raises:
        ValueError: there is no such address, or it takes no such arguments; one line says which.
    """
    name = address.removeprefix(ROOT)
    if not address.startswith(ROOT) or name not in TARGET_BY_NAME:
        shown = repr(address)[1:-1]
        raise ValueError(f"nothing is at {shown}: targets are {ROOT}NAME, as in {ROOT}density")
    spec = TARGET_BY_NAME[name]
    if len(arguments) > 1:
        raise ValueError(f"{address} takes one argument, not {len(arguments)}")
    given = arguments[0] if arguments else None
    if isinstance(given, str):
        if spec.kind is Kind.CHOICE and given in spec.choices:
            return spec.ask(choice_to_value(spec.choices.index(given), len(spec.choices)), at)
        if given == OFF and name in _RELEASES:
            return _RELEASES[name].ask(1.0, at)
        known = ", ".join(spec.choices) or "a number in 0..1"
        raise ValueError(f"{address} {given!r}: {known}")
    if given is None:
        if spec.kind is Kind.SWITCH:
            return spec.ask(1.0 - (spec.now(view) or 0.0), at)
        if spec.kind is not Kind.TRIGGER:
            raise ValueError(f"{address} needs a number in 0..1")
        given = 1.0
    if not isinstance(given, bool | int | float) or not 0.0 <= given <= 1.0:
        raise ValueError(f"{address} {given!r}: a number in 0..1")
    if spec.kind is Kind.TRIGGER and given < 0.5:
        return None
    return spec.ask(float(given), at)


def state_to_values(view: StateView) -> Iterator[tuple[str, float | int | str]]:
    """The address and the value of every target that has a value."""
    for spec in TARGETS:
        value = spec.now(view)
        if value is not None:
            choices = spec.choices
            yield (
                ROOT + spec.name,
                choices[value_to_choice(value, len(choices))] if choices else value,
            )
        if spec.name in _RELEASES:
            yield f"{ROOT}{spec.name}/set", int(value is not None)


def status_to_values(status: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The address and the value of each figure of the status that is sent."""
    for name in INFO:
        value = status.get(name)
        if value is not None:
            yield f"{ROOT}info/{name}", int(value) if isinstance(value, bool) else value
