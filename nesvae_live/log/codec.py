"""An entry of the log as a line of JSON, and back.

    {"kind": "opened", "format": "nesvae_live jam", "version": 2, "at": 0.0, ...}
    {"kind": "sent", "at": 1.5, "beat": 3.0, "event": "on", "voice": "P1", "note": 60, ...}
    {"kind": "heard", "at": 1.6, "input": "midi_in", "port": "keys", "data": [176, 20, 64]}

A line has the fields of the entry's class in `entries`; the fields of an event or an input stand
beside them. Times are seconds from beat 0 on, rounded to a microsecond, except that a time which a
replay needs exactly is written in full. Every other number comes back exactly.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import msgspec

from nesvae_live.clock.jackclock import TransportIn
from nesvae_live.control.gestureinputs import StoreSnapshot
from nesvae_live.control.inputs import Input
from nesvae_live.log.entries import VERSION, Entry, Opened, Stepped
from nesvae_live.log.names import ENTRY_KINDS, EVENT_RANGES, EVENTS, FORMAT, INPUTS
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.log.quick import quick_entry
from nesvae_live.music.events import Event
from nesvae_live.music.voices import Voice

VOICE_TYPES = (Voice, Voice | None)
"""The types of fields whose value is a voice's name."""

_KIND_OF: dict[type[Any], str] = {entry: kind for kind, entry in ENTRY_KINDS.items()}
_EVENT_OF: dict[type[Any], str] = {event: name for name, event in EVENTS.items()}
_INPUT_OF = {cls: name for name, cls in INPUTS.items()}
_TYPES: dict[type[Any], dict[str, Any]] = {
    cls: {f.name: get_type_hints(cls)[f.name] for f in fields(cls) if f.name != "reply"}
    for cls in (*ENTRY_KINDS.values(), *EVENTS.values(), *INPUTS.values())
}
_ADDED: dict[type[Any], tuple[str, ...]] = {
    TransportIn: ("bend", "numerator", "denominator"),
    StoreSnapshot: ("name",),
}
"""Fields that a later version added."""

ABSENT = object()
"""Equals no value."""

_UNSAID: dict[tuple[type[Any], str], Any] = {(StoreSnapshot, "name"): ""}
"""Those of them that aren't written while they have this value: older logs come again to the byte."""

GRID = 1e-9
"""Seconds by which a time may be off the grid of microseconds because of floating point."""


def entry_to_line(entry: Entry, start: float = 0.0) -> bytes:
    """Write an entry as a line, with its newline; `at` is counted from `start` seconds.

    Raises:
        ValueError: a number is not finite.
        TypeError: JSON has no form for some of the content.
    """
    record: dict[str, Any] = {"kind": _KIND_OF[type(entry)]}
    if isinstance(entry, Opened):
        record |= {"format": FORMAT, "version": VERSION}
    for name in _TYPES[type(entry)]:
        value = getattr(entry, name)
        if name == "at":
            exact = isinstance(entry, Stepped)
            record["at"] = _from_start(value, start, exact=exact)
        elif name == "event":
            record["event"] = _EVENT_OF[type(value)]
            record |= {field: getattr(value, field) for field in _TYPES[type(value)]}
            record["voice"] = value.voice.name
        elif name == "input":
            record |= _input_to_record(value, start)
        else:
            record[name] = value
    text = json.dumps(record, separators=(",", ":"), allow_nan=False, default=_number)
    return text.encode() + b"\n"


def _from_start(at: float, start: float, *, exact: bool) -> float:
    """`at` from `start` on, to a microsecond; in full if it is `exact` and off that grid."""
    seconds = float(at - start)
    rounded = round(seconds, 6)
    return rounded if not exact or abs(seconds - rounded) < GRID else seconds


def to_stamp(at: float, origin: float) -> float:
    """The stamp of an exact time `at` in a log whose beat 0 was at `origin` seconds."""
    stamp = at + origin
    rounded = round(stamp, 6)
    return rounded if abs(stamp - rounded) < GRID else stamp


def _input_to_record(value: Input, start: float) -> dict[str, Any]:
    """The fields of an input, with voices by name and without its reply."""
    record: dict[str, Any] = {"at": _from_start(value.at, start, exact=True)}
    record["input"] = _INPUT_OF[type(value)]
    for name in _TYPES[type(value)]:
        part = getattr(value, name)
        if name != "at" and part != _UNSAID.get((type(value), name), ABSENT):
            record[name] = part.name if isinstance(part, Voice) else to_data(part)
    return record


def _record_to_input(record: dict[str, Any]) -> Input:
    cls = INPUTS.get(_field(record, "input", str))
    if cls is None:
        raise ValueError(f"unknown input {record['input']!r}")
    added = _ADDED.get(cls, ())
    values = {
        name: _voice(record, name) if hint in VOICE_TYPES else _field(record, name, hint)
        for name, hint in _TYPES[cls].items()
        if name in record or name not in added  # what older logs lack has a default
    }
    result: Input = cls(**values)
    return result


def _voice(record: dict[str, Any], name: str) -> Voice | None:
    voice = _field(record, name, str | None)
    if voice is None or voice in Voice.__members__:
        return Voice[voice] if voice else None
    raise ValueError(f"{name}: unknown voice {voice!r}")


def _number(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{value!r} cannot stand in a log")
    return item()


def line_to_entry(line: bytes) -> Entry:
    """Read a line.

    Raises:
        ValueError: it is no entry; the message says what is wrong in one line.
    """
    entry = quick_entry(line)
    if entry is not None:
        return entry
    record = line_to_record(line)
    kind = ENTRY_KINDS.get(str(record.get("kind")))
    if kind is None:
        raise ValueError(f"unknown kind of entry {record.get('kind')!r}")
    values: dict[str, Any] = {
        name: _READERS[name](record) if name in _READERS else _field(record, name, hint)
        for name, hint in _TYPES[kind].items()
    }
    return kind(**values)


def line_to_record(line: bytes) -> dict[str, Any]:
    """The fields of a line, unchecked.

    Raises:
        ValueError: it is no object of JSON; the message says why in one line.
    """
    try:
        record = json.loads(line, parse_constant=_not_finite)
    except (ValueError, RecursionError) as error:  # of JSON, of UTF-8, or nested without end
        raise ValueError(f"not JSON ({error})") from None
    if isinstance(record, dict):
        return record
    raise ValueError("not an object")


def _not_finite(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _field(record: dict[str, Any], name: str, hint: Any) -> Any:
    try:
        return to_value(record[name], hint)
    except KeyError:
        raise ValueError(f"{name} is missing") from None
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from None


def _event(record: dict[str, Any]) -> Event:
    event = EVENTS.get(_field(record, "event", str))
    voice = _field(record, "voice", str)
    if event is None or voice not in Voice.__members__:
        raise ValueError(f"unknown event {record['event']!r} or voice {voice!r}")
    numbers = {name: _field(record, name, int) for name in _TYPES[event] if name != "voice"}
    for name, number in numbers.items():
        EVENT_RANGES[name].check(name, number)
    return event(Voice[voice], **numbers)


_READERS = {"event": _event, "input": _record_to_input}
