"""The language of the control socket: a line of JSON is a command, and a line is its answer.

    {"do": "set", "knob": "density", "value": 0.5}          null releases the knob
    {"do": "mute", "voice": "P1", "on": true}
    {"do": "solo", "voice": "P1", "on": true}
    {"do": "level", "voice": "P1", "level": -6}             in dB; the voice may be "all"
    {"do": "swap", "mode": "now"}                           or "beat" or "bar"
    {"do": "tempo", "tempo": 120}
    {"do": "tap"}
    {"do": "one"}                                           a bar of the followed clock begins here
    {"do": "page", "page": 2}                               of the controls, from 1
    {"do": "refresh"}                                       what the controller shows
    {"do": "learn", "target": "density"}                    null stops listening
    {"do": "learning"}                                      what came of it
    {"do": "unlearn"}
    {"do": "panic"}
    {"do": "stop"}
    {"do": "status"}
    {"do": "watch", "after": 0}                             how all stands, and what was played since

`watch` is answered beside the music, as often as one likes; every other command goes through the
sequencer. The commands of `gesturecommands`, `snapshotcommands`, `bandcommands` and `asides` come on top.
An answer is `{"ok": true, ...}`, or `{"ok": false, "error": "one line"}`.
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
    SetOne,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
    TurnPage,
    Unlearn,
)
from nesvae_live.control.reply import Reply
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.io.remote.asides import AsideCommand
from nesvae_live.io.remote.bandcommands import BandCommand
from nesvae_live.io.remote.command import Command, Share, named_voice, voice_or_all
from nesvae_live.io.remote.gesturecommands import GestureCommand
from nesvae_live.io.remote.snapshotcommands import SnapshotCommand
from nesvae_live.latent.knobs import KNOB_BY_NAME
from nesvae_live.music.ranges import LEVEL
from nesvae_live.music.swap import Swap


class _Set(Command, tag="set"):
    knob: str
    value: Share | None

    def to_input(self, at: float, reply: Reply) -> Input:
        if self.knob not in KNOB_BY_NAME and self.knob in TARGET_BY_NAME:
            raise ValueError(
                f"{self.knob!r} isn't a knob of the network: `ctl move {self.knob} 0..1` moves it, as a "
                "control does"
            )
        return SetKnob(self.knob, self.value, at=at, reply=reply)


class _Mute(Command, tag="mute"):
    voice: str
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetMute(named_voice(self.voice), self.on, at=at, reply=reply)


class _Solo(Command, tag="solo"):
    voice: str
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetSolo(named_voice(self.voice), self.on, at=at, reply=reply)


class _Level(Command, tag="level"):
    voice: str
    level: Annotated[float, msgspec.Meta(ge=LEVEL.low, le=LEVEL.high)]

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetLevel(voice_or_all(self.voice), self.level, at=at, reply=reply)


class _Swap(Command, tag="swap"):
    asks = SetSwap
    mode: Swap


class _Tempo(Command, tag="tempo"):
    asks = SetTempo
    tempo: float


class _Tap(Command, tag="tap"):
    asks = Tap


class _One(Command, tag="one"):
    asks = SetOne


class _Page(Command, tag="page"):
    page: Annotated[int, msgspec.Meta(ge=1)]

    def to_input(self, at: float, reply: Reply) -> Input:
        return TurnPage(self.page - 1, 0, at=at, reply=reply)


class _Refresh(Command, tag="refresh"):
    asks = Refresh


class _Learn(Command, tag="learn"):
    asks = Learn
    target: str | None


class _Learning(Command, tag="learning"):
    asks = GetLearning


class _Unlearn(Command, tag="unlearn"):
    asks = Unlearn


class _Panic(Command, tag="panic"):
    asks = Panic


class _Stop(Command, tag="stop"):
    asks = Stop


class _Status(Command, tag="status"):
    asks = GetStatus


class Watch(Command, tag="watch"):
    """Asks how everything stands, and what was played from event `after` on; no input.

    With `snapshots` also how those stand.
    """

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    snapshots: bool = False

    def to_input(self, at: float, reply: Reply) -> Input:
        """There is none: it is answered beside the music."""
        del at, reply
        raise ValueError("watch asks for nothing to be done")


_AnyCommand = (
    _Set
    | _Mute
    | _Level
    | _Solo
    | _Swap
    | _Tempo
    | _Tap
    | _One
    | _Page
    | _Refresh
    | _Learn
    | _Unlearn
    | _Learning
    | _Panic
    | _Stop
    | _Status
    | Watch
    | GestureCommand
    | SnapshotCommand
    | BandCommand
    | AsideCommand
)
COMMANDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(_AnyCommand))
"""The name of every command."""

_DECODER = msgspec.json.Decoder(_AnyCommand)


def decode_command(line: bytes) -> Command:
    """The command that a line is.

    Raises:
        ValueError: it is no command; the message is one line.
    """
    try:
        command: Command = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        hint = f" (one of {', '.join(COMMANDS)})" if "do`" in str(error) else ""
        raise ValueError(f"not a command: {error}{hint}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a line of JSON: {error}") from None
    return command


def parse_command(line: bytes, at: float, reply: Reply) -> Input:
    """The input that a line asks for, stamped `at` and answered through `reply`.

    The name of a knob is not checked here: the engine knows the knobs, and answers.

    Raises:
        ValueError: it is no command, or one that asks for no input; the message is one line.
    """
    return decode_command(line).to_input(at, reply)
