"""The jam log: one JSON object a line, the first of them what was opened.

    {"kind": "opened", "format": "nesvae_live jam", "version": 2, "at": 0.0, ...}
    {"kind": "sent", "at": 1.5, "beat": 3.0, "event": "on", "voice": "P1", "note": 60, ...}
    {"kind": "heard", "at": 1.6, "input": "midi_in", "port": "keys", "data": [176, 20, 64]}

An entry's fields are those of its class in `journal`; an event's stand beside them, an input's too
(see `inputs`). Times are seconds from beat 0 on, to a microsecond; what was looked up or stamped
is on that grid (or is written in full), and with every other number comes back exactly.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from math import inf
from typing import Any, get_type_hints

import msgspec

from nesvae_live import NesvaeError
from nesvae_live.control import gestureinputs, inputs
from nesvae_live.control.inputs import Input
from nesvae_live.log import entries as journal
from nesvae_live.log.entries import Closed, Entry, Opened
from nesvae_live.log.jam import Jam
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.log.quick import quick_entry
from nesvae_live.music.events import LOUDEST, Event, NoteOff, NoteOn, Shape
from nesvae_live.music.voices import Voice

FORMAT = "nesvae_live jam"
VOICES = (Voice, Voice | None)
"""Types of fields that hold a voice's name."""

METER = re.compile(r"[1-9][0-9]?/(1|2|4|8|16|32)")
KINDS: dict[str, type[Entry]] = {
    "opened": journal.Opened,
    "stepped": journal.Stepped,
    "heard": journal.Heard,
    "answered": journal.Answered,
    "turned": journal.Turned,
    "posed": journal.Posed,
    "arranged": journal.Arranged,
    "decoded": journal.Decoded,
    "placed": journal.Placed,
    "spliced": journal.Spliced,
    "clocked": journal.Clocked,
    "sent": journal.Sent,
    "sounded": journal.Sounded,
    "silenced": journal.Silenced,
    "rendered": journal.Rendered,
    "barred": journal.Barred,
    "noted": journal.Noted,
    "closed": journal.Closed,
}
EVENTS: dict[str, type[Event]] = {"on": NoteOn, "off": NoteOff, "shape": Shape}
INPUTS: dict[str, type[Any]] = {
    "midi_in": inputs.MidiIn,
    "turn_page": inputs.TurnPage,
    "refresh": inputs.Refresh,
    "learn": inputs.Learn,
    "unlearn": inputs.Unlearn,
    "get_learning": inputs.GetLearning,
    "release_knobs": gestureinputs.ReleaseKnobs,
    "set_transpose": gestureinputs.SetTranspose,
    "set_key": gestureinputs.SetKey,
    "set_temperature": gestureinputs.SetTemperature,
    "set_seed": gestureinputs.SetSeed,
    "set_hold": gestureinputs.SetHold,
    "look_back": gestureinputs.LookBack,
    "store_snapshot": gestureinputs.StoreSnapshot,
    "clear_snapshot": gestureinputs.ClearSnapshot,
    "recall_snapshot": gestureinputs.RecallSnapshot,
    "start_morph": gestureinputs.StartMorph,
    "set_morph_bars": gestureinputs.SetMorphBars,
    "set_pair": gestureinputs.SetPair,
    "move_fader": gestureinputs.MoveFader,
    "set_bounds": gestureinputs.SetBounds,
    "roll": gestureinputs.Roll,
    "capture": gestureinputs.Capture,
    "capture_phrase": gestureinputs.CapturePhrase,
    "set_auto": gestureinputs.SetAuto,
    "go_round": gestureinputs.GoRound,
    "mark": gestureinputs.Mark,
    "set_knob": inputs.SetKnob,
    "set_mute": inputs.SetMute,
    "set_level": inputs.SetLevel,
    "set_solo": inputs.SetSolo,
    "set_swap": inputs.SetSwap,
    "set_tempo": inputs.SetTempo,
    "tap": inputs.Tap,
    "keep_bars": inputs.KeepBars,
    "panic": inputs.Panic,
    "stop": inputs.Stop,
    "get_status": inputs.GetStatus,
}
"""Every input by its name in the log. The names are the format's: they stay when a class is renamed."""

RANGES = {
    "note": (1, 127),
    "velocity": (1, 127),
    "volume": (0, LOUDEST),
    "duty": (0, 3),
    "cents": (-12_000, 12_000),
}
"""What an event's numbers may be."""

_KIND_OF: dict[type[Any], str] = {entry: kind for kind, entry in KINDS.items()}
_EVENT_OF: dict[type[Any], str] = {event: name for name, event in EVENTS.items()}
_INPUT_OF = {cls: name for name, cls in INPUTS.items()}
_TYPES: dict[type[Any], dict[str, Any]] = {
    cls: {f.name: get_type_hints(cls)[f.name] for f in fields(cls) if f.name != "reply"}
    for cls in (*KINDS.values(), *EVENTS.values(), *INPUTS.values())
}
GRID = 1e-9
"""Seconds that a time may be off the grid of microseconds by floating point."""


class JamError(NesvaeError):
    """A log that is none of ours, or that this program is too old for, in one line."""


def entry_to_line(entry: Entry, start: float = 0.0) -> bytes:
    """Write an entry as a line, its `at` counted from `start` seconds.

    Raises:
        ValueError: a number that is not finite.
        TypeError: content that JSON has no form for.
    """
    record: dict[str, Any] = {"kind": _KIND_OF[type(entry)]}
    if isinstance(entry, Opened):
        record |= {"format": FORMAT, "version": journal.VERSION}
    for name in _TYPES[type(entry)]:
        value = getattr(entry, name)
        if name == "at":
            exact = isinstance(entry, journal.Stepped)
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
    """`at` from `start` on, to a microsecond; what is off that grid in full, if it is to be exact."""
    seconds = float(at - start)
    rounded = round(seconds, 6)
    return rounded if not exact or abs(seconds - rounded) < GRID else seconds


def to_stamp(at: float, origin: float) -> float:
    """The stamp of an exact time `at` of a log, whose beat 0 was at `origin` seconds."""
    stamp = at + origin
    rounded = round(stamp, 6)
    return rounded if abs(stamp - rounded) < GRID else stamp


def _input_to_record(value: Input, start: float) -> dict[str, Any]:
    """An input's fields, voices by name; its sender's ear stays outside."""
    record: dict[str, Any] = {"at": _from_start(value.at, start, exact=True)}
    record["input"] = _INPUT_OF[type(value)]
    for name in _TYPES[type(value)]:
        part = getattr(value, name)
        if name != "at":
            record[name] = part.name if isinstance(part, Voice) else to_data(part)
    return record


def _record_to_input(record: dict[str, Any]) -> Input:
    cls = INPUTS.get(_field(record, "input", str))
    if cls is None:
        raise ValueError(f"no input is {record['input']!r}")
    values = {
        name: _voice(record, name) if hint in VOICES else _field(record, name, hint)
        for name, hint in _TYPES[cls].items()
    }
    result: Input = cls(**values)
    return result


def _voice(record: dict[str, Any], name: str) -> Voice | None:
    voice = _field(record, name, str | None)
    if voice is None or voice in Voice.__members__:
        return Voice[voice] if voice else None
    raise ValueError(f"{name}: no voice is {voice!r}")


def _number(value: Any) -> Any:
    """NumPy's numbers are numbers too."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{value!r} cannot stand in a log")
    return item()


def line_to_entry(line: bytes) -> Entry:
    """Read a line.

    Raises:
        ValueError: what is wrong with it, in one line.
    """
    entry = quick_entry(line)
    if entry is not None:
        return entry
    record = _record(line)
    kind = KINDS.get(str(record.get("kind")))
    if kind is None:
        raise ValueError(f"no entry is of kind {record.get('kind')!r}")
    values: dict[str, Any] = {
        name: _READERS[name](record) if name in _READERS else _field(record, name, hint)
        for name, hint in _TYPES[kind].items()
    }
    return kind(**values)


def _record(line: bytes) -> dict[str, Any]:
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
        raise ValueError(f"no event is {record['event']!r} of voice {voice!r}")
    numbers = {name: _field(record, name, int) for name in _TYPES[event] if name != "voice"}
    for name, number in numbers.items():
        low, high = RANGES[name]
        if not low <= number <= high:
            raise ValueError(f"{name} {number} is outside {low}..{high}")
    return event(Voice[voice], **numbers)


_READERS = {"event": _event, "input": _record_to_input}


UNHEARD = (b'{"kind":"stepped"', b'{"kind":"answered"')
"""How lines begin that only a replay needs."""

LAST_LINES = 8
"""Of those: enough that some are whole where a crash garbled the end."""


def lines_to_jam(lines: Iterable[bytes], leave_out: tuple[bytes, ...] = UNHEARD) -> Jam:
    """Read a whole log; a line that is no entry is left out and told of in `cut`.

    Args:
        lines: the log's.
        leave_out: lines that begin like this are passed over, whatever else they say; of a jam
            that was not closed the last ones are read, since they say until when it went on.

    Raises:
        JamError: the first line does not open a jam, or a newer program wrote it.
    """
    numbered = enumerate(lines, 1)
    opened = line_to_opened(next(numbered, (1, b""))[1])
    entries: list[Entry] = []
    first_fault, n_faults = "", 0
    passed: deque[bytes] = deque(maxlen=LAST_LINES)
    for number, line in numbered:
        if line.startswith(leave_out):
            passed.append(line)
            continue
        try:
            entries.append(line_to_entry(line))
        except ValueError as error:
            n_faults += 1
            first_fault = first_fault or f"line {number}: {error}"
    cut = []
    if n_faults:
        cut.append(f"{n_faults} line(s) could not be read, the first is {first_fault}")
    if not any(isinstance(entry, Closed) for entry in entries):
        cut.append("the jam was not closed")
        for line in passed:
            with suppress(ValueError):
                entries.append(line_to_entry(line))
    return Jam(opened, tuple(entries), "; ".join(cut) or None)


def line_to_opened(line: bytes) -> Opened:
    """Read a log's first line.

    Raises:
        JamError: it does not open a jam, or another version of the program wrote it.
    """
    try:
        record = _record(line)
    except ValueError:
        record = {}
    version = record.get("version")
    if record.get("format") != FORMAT or not isinstance(version, int):
        raise JamError("not a jam log of nesvae_live: its first line does not open one")
    if version != journal.VERSION:
        what = "update nesvae_live" if version > journal.VERSION else "it is of an early draft"
        raise JamError(
            f"a jam log of version {version}, and this program reads {journal.VERSION}: {what}; "
            "the take's WAV and MIDI file play anywhere"
        )
    try:
        return _checked(line_to_entry(line))
    except ValueError as error:
        raise JamError(f"the jam log's first line is damaged: {error}") from None


def _checked(entry: Entry) -> Opened:
    if not isinstance(entry, Opened):
        raise ValueError("it opens nothing")  # noqa: TRY004 - it is the line that is wrong
    for name in ("tempo", "beats_per_bar", "sample_rate"):
        if not 0 < getattr(entry, name) < inf:
            raise ValueError(f"{name} {getattr(entry, name)} is not above 0")
    if not METER.fullmatch(entry.meter):
        raise ValueError(f"meter {entry.meter!r} is not like 4/4")
    return entry
