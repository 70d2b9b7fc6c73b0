"""The control socket's commands for gestures, and the one that moves any target.

    {"do": "move", "target": "hold", "value": 1}       any target, by a value in 0..1
    {"do": "release"}                                  every knob
    {"do": "temperature", "temperature": 0.9}
    {"do": "quote", "quote": 0.8}
    {"do": "steady", "names": ["density"]}             stay where they are while other knobs turn
    {"do": "theme", "theme": "A"}                      keeps what plays; A to H
    {"do": "return", "theme": "A"}
    {"do": "forget"}                                   all that was played, and the themes
    {"do": "seed", "seed": 7}                          null takes the next one
    {"do": "hold", "on": true}
    {"do": "auto", "on": true}
    {"do": "round", "on": true, "bars": 4}
    {"do": "back", "phrases": 1}                       below 0 it goes forward
    {"do": "transpose", "voice": "P1", "semitones": 7} the voice may be "all"
    {"do": "key", "key": "D minor"}                    null allows every note
    {"do": "chance", "amount": 0.2}
    {"do": "capture"}
    {"do": "capture-phrase", "tuples": [[60, 0, 36, 12]]}
    {"do": "point", "z": [0.5, -1.25, 0.0]}            all coordinates: of the attributes, of the style
    {"do": "mark", "text": "here"}
    {"do": "keep", "bars": 8}                          exports the last bars to files

A tuple has the notes of P1, P2 and TR, 0 for none, and how many 24ths of a second they last.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ForgetAll,
    GoRound,
    KeepTheme,
    LookBack,
    Mark,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAuto,
    SetHold,
    SetKey,
    SetPoint,
    SetQuote,
    SetSeed,
    SetSteady,
    SetTemperature,
    SetTranspose,
)
from nesvae_live.control.inputs import Input, KeepBars, answered
from nesvae_live.control.reply import Reply
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.io.remote.command import PITCHED, Command, Share, voice_or_all
from nesvae_live.latent.steady import checked_steady
from nesvae_live.music.key import Key
from nesvae_live.music.ranges import nearest


class _Move(Command, tag="move"):
    """Move a target, whatever its kind, by a value in 0..1."""

    target: str
    value: Share = 1.0

    def to_input(self, at: float, reply: Reply) -> Input:
        if self.target not in TARGET_BY_NAME:
            meant = nearest(self.target, TARGET_BY_NAME)
            raise ValueError(
                f"no target {self.target!r}{meant or ': `list` in `nesvae-live learn` shows them'}"
            )
        return answered(TARGET_BY_NAME[self.target].ask(self.value, at), reply)


class _Release(Command, tag="release"):
    asks = ReleaseKnobs


class _Temperature(Command, tag="temperature"):
    asks = SetTemperature
    temperature: float


class _Quote(Command, tag="quote"):
    asks = SetQuote
    quote: float


class _Steady(Command, tag="steady"):
    names: list[str]

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetSteady(checked_steady(self.names), at=at, reply=reply)


class _Theme(Command, tag="theme"):
    asks = KeepTheme
    theme: str


class _Return(Command, tag="return"):
    asks = ReturnTheme
    theme: str


class _Forget(Command, tag="forget"):
    asks = ForgetAll


class _Seed(Command, tag="seed"):
    asks = SetSeed
    seed: int | None


class _Hold(Command, tag="hold"):
    asks = SetHold
    on: bool


class _Auto(Command, tag="auto"):
    asks = SetAuto
    on: bool


class _Round(Command, tag="round"):
    asks = GoRound
    on: bool
    bars: float | None = None


class _Back(Command, tag="back"):
    asks = LookBack
    phrases: int = 1


class _Transpose(Command, tag="transpose"):
    voice: str
    semitones: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetTranspose(voice_or_all(self.voice, PITCHED), self.semitones, at=at, reply=reply)


class _KeepKey(Command, tag="key"):
    key: str | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetKey(None if self.key is None else Key.parse(self.key), at=at, reply=reply)


class _Chance(Command, tag="chance"):
    asks = Roll
    amount: Share | None = None


class _CapturePlayed(Command, tag="capture"):
    asks = Capture


class _CaptureThis(Command, tag="capture-phrase"):
    asks = CapturePhrase
    tuples: tuple[tuple[int, int, int, int], ...]


class _Point(Command, tag="point"):
    asks = SetPoint
    z: tuple[float, ...]


class _MarkHere(Command, tag="mark"):
    asks = Mark
    text: str = ""


KEPT_BARS = 8
"""How many bars are exported unless the command says it."""


class _KeepBars(Command, tag="keep"):
    asks = KeepBars
    bars: Annotated[int, msgspec.Meta(ge=1)] = KEPT_BARS


GestureCommand = (
    _Move
    | _Release
    | _Temperature
    | _Quote
    | _Steady
    | _Theme
    | _Return
    | _Forget
    | _Seed
    | _Hold
    | _Auto
    | _Round
    | _Back
    | _Transpose
    | _KeepKey
    | _Chance
    | _CapturePlayed
    | _CaptureThis
    | _Point
    | _MarkHere
    | _KeepBars
)
