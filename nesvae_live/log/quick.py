"""A fast path for the log's most frequent lines, of which two hours of music are made.

It knows only lines as `codec` writes them; `codec` reads every other line, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Entry, Heard, Sent, Sounded, Stepped
from nesvae_live.log.names import EVENT_RANGES
from nesvae_live.music.events import NoteOff, NoteOn, Shape
from nesvae_live.music.voices import Voice


def _within(name: str) -> msgspec.Meta:
    allowed = EVENT_RANGES[name]
    return msgspec.Meta(ge=allowed.low, le=allowed.high)


class _Event(msgspec.Struct):
    at: float
    beat: float
    voice: str
    n: int


class _On(_Event):
    note: Annotated[int, _within("note")]
    velocity: Annotated[int, _within("velocity")]


class _Off(_Event):
    note: Annotated[int, _within("note")]


class _Shape(_Event):
    volume: Annotated[int, _within("volume")]
    duty: Annotated[int, _within("duty")]
    cents: Annotated[int, _within("cents")]


class _Midi(msgspec.Struct):
    at: float
    port: str
    data: tuple[int, ...]


_VOICES = Voice.__members__
_ON, _OFF = msgspec.json.Decoder(_On), msgspec.json.Decoder(_Off)
_SHAPE = msgspec.json.Decoder(_Shape)
_MIDI, _STEPPED = msgspec.json.Decoder(_Midi), msgspec.json.Decoder(Stepped)
_SOUNDED = msgspec.json.Decoder(Sounded)


def _sent(line: bytes) -> Entry:
    if b'"event":"shape"' in line:
        shape = _SHAPE.decode(line)
        event = Shape(_VOICES[shape.voice], shape.volume, shape.duty, shape.cents)
        return Sent(shape.at, shape.beat, event, shape.n)
    if b'"event":"on"' in line:
        on = _ON.decode(line)
        return Sent(on.at, on.beat, NoteOn(_VOICES[on.voice], on.note, on.velocity), on.n)
    off = _OFF.decode(line)
    return Sent(off.at, off.beat, NoteOff(_VOICES[off.voice], off.note), off.n)


def _heard(line: bytes) -> Entry | None:
    if b'"input":"midi_in"' not in line:
        return None
    midi = _MIDI.decode(line)
    return Heard(MidiIn(midi.port, midi.data, midi.at))


_READERS: dict[bytes, Callable[[bytes], Entry | None]] = {
    b'{"kind":"sent","at":': _sent,
    b'{"kind":"heard","at":': _heard,
    b'{"kind":"sounded","sample":': _SOUNDED.decode,
    b'{"kind":"stepped","at":': _STEPPED.decode,
}
_SHORTEST = min(len(start) for start in _READERS)
_BY_START = {start[:_SHORTEST]: (start, read) for start, read in _READERS.items()}


def quick_entry(line: bytes) -> Entry | None:
    """The entry of a line that is of a frequent kind and sound; None for any other line."""
    start, read = _BY_START.get(line[:_SHORTEST], (b"", None))
    if read is None or not line.startswith(start):
        return None
    try:
        return read(line)
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        return None
