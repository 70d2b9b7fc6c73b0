"""The language of the control socket: a line of JSON is a command.

Commands: `{"do": "set", "knob": "density", "value": 0.5}` (null lets it go),
`{"do": "mute", "voice": "P1", "on": true}`, `{"do": "level", "voice": "P1", "level": -6}` (dB;
the voice may be "all"), `{"do": "solo", "voice": "P1", "on": true}`,
`{"do": "swap", "mode": "now"}` (or beat, bar), `{"do": "tempo", "tempo": 120}`, `{"do": "tap"}`,
`{"do": "page", "page": 2}` (of the controls), `{"do": "refresh"}` (the controller's lights),
`{"do": "learn", "target": "density"}` (null: no more), `{"do": "learning"}` (what came of it),
`{"do": "unlearn"}`, `{"do": "panic"}`,
`{"do": "stop"}`, `{"do": "status"}`, and those of `gesturecommands`. Answers: `{"ok": true, ...}` or `{"ok": false, "error": "one line"}`.
"""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec

from nesvae_live.control.inputs import (
    GetLearning,
    GetStatus,
    Input,
    Learn,
    Panic,
    Refresh,
    SetKnob,
    SetLevel,
    SetMute,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
    TurnPage,
    Unlearn,
)
from nesvae_live.control.reply import Reply
from nesvae_live.io.remote.gesturecommands import Asked, GestureCommand
from nesvae_live.music.ranges import LEVEL
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


class _Set(msgspec.Struct, tag_field="do", tag="set", forbid_unknown_fields=True):
    knob: str
    value: Annotated[float, msgspec.Meta(ge=0, le=1)] | None


class _Mute(msgspec.Struct, tag_field="do", tag="mute", forbid_unknown_fields=True):
    voice: str
    on: bool


class _Level(msgspec.Struct, tag_field="do", tag="level", forbid_unknown_fields=True):
    voice: str
    level: Annotated[float, msgspec.Meta(ge=LEVEL.low, le=LEVEL.high)]


class _Solo(msgspec.Struct, tag_field="do", tag="solo", forbid_unknown_fields=True):
    voice: str
    on: bool


class _Swap(msgspec.Struct, tag_field="do", tag="swap", forbid_unknown_fields=True):
    mode: Swap


class _Tempo(msgspec.Struct, tag_field="do", tag="tempo", forbid_unknown_fields=True):
    tempo: float


class _Tap(msgspec.Struct, tag_field="do", tag="tap", forbid_unknown_fields=True):
    pass


class _Page(msgspec.Struct, tag_field="do", tag="page", forbid_unknown_fields=True):
    page: Annotated[int, msgspec.Meta(ge=1)]


class _Refresh(msgspec.Struct, tag_field="do", tag="refresh", forbid_unknown_fields=True):
    pass


class _Learn(msgspec.Struct, tag_field="do", tag="learn", forbid_unknown_fields=True):
    target: str | None


class _Unlearn(msgspec.Struct, tag_field="do", tag="unlearn", forbid_unknown_fields=True):
    pass


class _Learning(msgspec.Struct, tag_field="do", tag="learning", forbid_unknown_fields=True):
    pass


class _Panic(msgspec.Struct, tag_field="do", tag="panic", forbid_unknown_fields=True):
    pass


class _Stop(msgspec.Struct, tag_field="do", tag="stop", forbid_unknown_fields=True):
    pass


class _Status(msgspec.Struct, tag_field="do", tag="status", forbid_unknown_fields=True):
    pass


_OfController = _Page | _Refresh | _Learn | _Unlearn | _Learning
_Command = (
    _Set
    | _Mute
    | _Level
    | _Solo
    | _Swap
    | _Tempo
    | _Tap
    | _OfController
    | _Panic
    | _Stop
    | _Status
    | GestureCommand
)
COMMANDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(_Command))
_DECODER = msgspec.json.Decoder(_Command)
EVERYTHING = "all"
"""In a voice's place, where a level is for all of them."""


def parse_command(line: bytes, at: float, reply: Reply) -> Input:
    """The input that a line asks for, stamped `at`, answered through `reply`.

    The knob's name is not checked here: the engine knows the knobs, and answers.

    Raises:
        ValueError: it isn't a command; one line says why.
    """
    try:
        command = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        hint = f" (one of {', '.join(COMMANDS)})" if "do`" in str(error) else ""
        raise ValueError(f"not a command: {error}{hint}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a line of JSON: {error}") from None
    if isinstance(command, Asked):
        return command.to_input(at, reply)
    if isinstance(command, _Set):
        return SetKnob(command.knob, command.value, at=at, reply=reply)
    if isinstance(command, _Mute):
        return SetMute(_voice(command.voice), command.on, at=at, reply=reply)
    if isinstance(command, _Level):
        voice = None if command.voice == EVERYTHING else _voice(command.voice, EVERYTHING)
        return SetLevel(voice, command.level, at=at, reply=reply)
    if isinstance(command, _Solo):
        return SetSolo(_voice(command.voice), command.on, at=at, reply=reply)
    if isinstance(command, _Swap | _Tempo | _Tap):
        return _timing(command, at, reply)
    if isinstance(command, _OfController):
        return _of_controller(command, at, reply)
    if isinstance(command, _Panic):
        return Panic(at=at, reply=reply)
    if isinstance(command, _Stop):
        return Stop(at=at, reply=reply)
    return GetStatus(at=at, reply=reply)


def _timing(command: _Swap | _Tempo | _Tap, at: float, reply: Reply) -> Input:
    if isinstance(command, _Swap):
        return SetSwap(command.mode, at=at, reply=reply)
    if isinstance(command, _Tempo):
        return SetTempo(command.tempo, at=at, reply=reply)
    return Tap(at=at, reply=reply)


def _of_controller(command: _OfController, at: float, reply: Reply) -> Input:
    if isinstance(command, _Page):
        return TurnPage(command.page - 1, 0, at=at, reply=reply)
    if isinstance(command, _Refresh):
        return Refresh(at=at, connected=None, reply=reply)
    if isinstance(command, _Learn):
        return Learn(command.target, at=at, reply=reply)
    if isinstance(command, _Unlearn):
        return Unlearn(at=at, reply=reply)
    return GetLearning(at=at, reply=reply)


def _voice(name: str, *others: str) -> Voice:
    """A voice of the chip by its name; `others` are told of with the voices where it is none."""
    names = [voice.name for voice in Voice]
    if name not in names:
        raise ValueError(f"no voice {name!r}: one of {', '.join([*names, *others])}")
    return Voice[name]
