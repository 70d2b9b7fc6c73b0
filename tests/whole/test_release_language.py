"""What other programs say to release 0.1.0 and read from it: sockets, OSC, the log's names.

`golden/release` holds a line for each command, address, entry and input, as the release had them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.inputs import Input
from nesvae_live.control.targets import TARGETS
from nesvae_live.engine.live.config import Setup
from nesvae_live.io.remote.commands import COMMANDS, parse_command
from nesvae_live.io.remote.oscmap import message_to_input, state_to_values, status_to_values
from nesvae_live.latent.given import Answer
from nesvae_live.latent.knobs import KnobState
from nesvae_live.log.codec import entry_to_line, line_to_entry
from nesvae_live.log.entries import Entry, Heard
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.events import Event
from nesvae_live.music.key import Key
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.ctl import sent_by_ctl
from tests.support.grown import lost
from tests.support.places import RELEASE

REFUSED = "refused"
NOT_LOGGED = "reply"
"""Where an input's answer goes: no business of the log."""

STANDING: Any = SimpleNamespace(
    knobs=KnobState({"density": 0.25, "style3": 0.75}),
    balance=Balance(level=-6.0, solo=frozenset({Voice.TR})),
    swap=Swap.BEAT,
    page=1,
    arrangement=Arrangement(frozenset({Voice.P2}), (0, 12, -5), Key(2, "dorian")),
    muted=frozenset({Voice.P2}),
    temperature=0.85,
    hold=True,
    auto=False,
    round=False,
    fader=0.5,
    morph_bars=4.0,
    bounds=0.2,
    quote=0.25,
    themes=SimpleNamespace(kept={}),
    band=SimpleNamespace(
        sources={}, keys_return=None, keys_split=60, answer=Answer.OFF, chords=None
    ),
    snapshots={},
    clock=SimpleNamespace(ref=ClockRef(beat_seconds=0.5)),
)
"""How things stand, as a target looks at them."""


def stored_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RELEASE / name).read_text(encoding="utf-8").splitlines()]


def said(item: Input | None) -> Any:
    """An input as the log says it, without its stamp."""
    if item is None:
        return None
    record = json.loads(entry_to_line(Heard(item)))
    assert record.pop("kind") == "heard"
    assert record.pop("at") == 1.5
    return record


def test_what_is_gone_or_changed_is_found_and_what_is_new_is_not() -> None:
    then = {"a": 1, "b": {"c": [1, {"d": 2}]}}
    assert lost({"a": 1, "b": {"c": [1, {"d": 2, "e": 3}]}, "f": 4}, then) == []
    assert lost({"b": {"c": [1, {"d": 5}]}}, then) == [".a", ".b.c[1].d: 2 is now 5"]
    assert lost({"a": 1, "b": {"c": [1]}}, then) == [".b.c: [1, {'d': 2}] is now [1]"]


COMMAND_LINES = stored_lines("commands.jsonl")
CTL_LINES = stored_lines("ctl.jsonl")
OSC_LINES = stored_lines("osc.jsonl")
LOG_LINES = (RELEASE / "lines.jsonl").read_bytes().splitlines(keepends=True)
NAMES: dict[str, Any] = json.loads((RELEASE / "names.json").read_text(encoding="utf-8"))


def asked_by_socket(command: Mapping[str, Any]) -> Any:
    try:
        return said(parse_command(json.dumps(command).encode(), 1.5, print))
    except ValueError:
        return REFUSED


@pytest.mark.parametrize("line", COMMAND_LINES, ids=lambda line: json.dumps(line["command"]))
def test_a_command_on_the_socket_is_the_input_that_it_was(line: dict[str, Any]) -> None:
    assert asked_by_socket(line["command"]) == line["input"]


def test_no_command_is_gone() -> None:
    assert set(COMMANDS) >= {line["command"]["do"] for line in COMMAND_LINES}


@pytest.mark.parametrize("line", CTL_LINES, ids=lambda line: str(line["ctl"]))
def test_ctl_sends_the_command_that_it_sent(
    line: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sent_by_ctl(line["ctl"], monkeypatch) == line["command"]


def asked_by_osc(address: str, arguments: list[Any]) -> Any:
    try:
        return said(message_to_input(address, arguments, 1.5, STANDING))
    except ValueError:
        return REFUSED


@pytest.mark.parametrize("line", OSC_LINES, ids=lambda line: str(line["address"]))
def test_an_osc_message_is_the_input_that_it_was(line: dict[str, Any]) -> None:
    for arguments, asked in line["asks"]:
        assert asked_by_osc(line["address"], arguments) == asked, arguments


def test_every_target_has_the_osc_address_that_it_had() -> None:
    addresses = {line["address"] for line in OSC_LINES}
    there = [f"/nesvae/{spec.name}" for spec in TARGETS]
    assert [address for address in there if address in addresses] == [
        line["address"] for line in OSC_LINES
    ]


def told_by_osc() -> dict[str, Any]:
    """Every value that is sent back; of the status, each figure is called as it is told."""
    status = {name: i for i, name in enumerate(NAMES["status"])}
    values = [*state_to_values(STANDING), *status_to_values(status)]
    assert len(values) == len({address for address, _ in values})
    return dict(values)


def test_osc_tells_the_same_values_at_the_same_addresses() -> None:
    assert lost(told_by_osc(), NAMES["told"]) == []


@pytest.mark.parametrize("line", LOG_LINES, ids=lambda line: str(line[:50], "ascii"))
def test_a_line_of_the_log_is_read_and_written_to_the_byte(line: bytes) -> None:
    assert entry_to_line(line_to_entry(line)) == line


def shape(hint: Any) -> Any:
    """What a type holds, whatever its classes are called: the names of fields, down to plain types.

    A list is a union or a container with what is in it.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return shape(inner[0])
    if origin in {Union, UnionType}:
        return ["one of", *(shape(part) for part in inner)]
    if origin is not None and issubclass(origin, np.ndarray):
        return "array"
    if origin is not None and issubclass(origin, Mapping):
        return ["map", *map(shape, inner)]
    if origin is not None and issubclass(origin, Collection):
        return ["list", *(shape(part) for part in inner if part is not Ellipsis)]
    if hint in {Any, NoneType} or not isinstance(hint, type):
        return str(getattr(hint, "__name__", hint))
    if issubclass(hint, Enum):
        return {member.name: member.value for member in hint}
    if is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return {f.name: shape(hints[f.name]) for f in fields(hint) if f.name != NOT_LOGGED}
    return hint.__name__


def names_of_log() -> dict[str, Any]:
    """Kind -> fields of every entry, event and input, and of `setup` in the first line."""
    entries, events, inputs = {}, {}, {}
    for line in LOG_LINES:
        record, entry = json.loads(line), line_to_entry(line)
        if "input" in record:
            assert isinstance(entry, Heard)
            inputs[record["input"]] = shape(type(entry.input))
        elif "event" in record:
            events[record["event"]] = shape(type(getattr(entry, "event")))  # noqa: B009 - untyped
        else:
            entries[record["kind"]] = shape(type(entry))
    return {"entries": entries, "events": events, "inputs": inputs, "setup": shape(Setup)}


@pytest.mark.parametrize("what", ["entries", "events", "inputs", "setup"])
def test_the_log_calls_everything_by_the_names_that_it_had(what: str) -> None:
    assert lost(names_of_log()[what], NAMES[what]) == []


def test_no_kind_of_entry_event_or_input_is_gone() -> None:
    read = [line_to_entry(line) for line in LOG_LINES]
    assert {type(entry) for entry in read} <= set(get_args(Entry))
    inputs = {type(entry.input) for entry in read if isinstance(entry, Heard)}
    assert inputs <= set(get_args(Input))
    events = {type(entry.event) for entry in read if hasattr(entry, "event")}
    assert events <= set(get_args(Event))


def test_the_setup_in_a_first_line_is_read_and_written_exactly() -> None:
    setups = [json.loads(line)["setup"] for line in LOG_LINES if b'"setup"' in line]
    assert len(setups) == 2
    for setup in setups:
        read = to_value(setup, Setup)
        written = json.loads(json.dumps(to_data(read)))
        assert lost(written, setup) == []
        assert json.dumps(to_data(to_value(written, Setup))) == json.dumps(to_data(read))
