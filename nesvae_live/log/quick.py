"""The log's most frequent lines, read quickly: what two hours of music are made of.

Only lines as we write them are known here; `jamlog` reads every other, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Entry, Heard, Sent, Sounded, Stepped
from nesvae_live.music.events import LOUDEST, NoteOff, NoteOn, Shape
from nesvae_live.music.voices import Voice

Midi = Annotated[int, msgspec.Meta(ge=1, le=127)]


class _Event(msgspec.Struct):
    at: float
    beat: float
    voice: str
    n: int


class _On(_Event):
    note: Midi
    velocity: Midi


class _Off(_Event):
    note: Midi


class _Shape(_Event):
    volume: Annotated[int, msgspec.Meta(ge=0, le=LOUDEST)]
    duty: Annotated[int, msgspec.Meta(ge=0, le=3)]
    cents: Annotated[int, msgspec.Meta(ge=-12_000, le=12_000)]


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
    """The entry that a line holds, if it is of a frequent kind and nothing is wrong with it."""
    start, read = _BY_START.get(line[:_SHORTEST], (b"", None))
    if read is None or not line.startswith(start):
        return None
    try:
        return read(line)
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        return None
