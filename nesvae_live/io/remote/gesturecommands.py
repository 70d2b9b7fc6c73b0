"""The control socket's commands for gestures, and the one that moves any target.

`{"do": "move", "target": "hold", "value": 1}` (any target, by a value in 0..1),
`{"do": "release"}` (all knobs), `{"do": "temperature", "temperature": 0.9}`,
`{"do": "seed", "seed": 7}` (null: the next), `{"do": "hold", "on": true}`,
`{"do": "auto", "on": true}`, `{"do": "round", "on": true, "bars": 4}`, `{"do": "back", "phrases": 1}` (below 0: forward),
`{"do": "transpose", "voice": "P1", "semitones": 7}` (the voice may be "all"),
`{"do": "key", "key": "D minor"}` (null: none), `{"do": "store", "slot": 1}`,
`{"do": "clear", "slot": 1}`, `{"do": "recall", "slot": 1}`,
`{"do": "morph", "slot": 2, "bars": 4}`, `{"do": "between", "low": 1, "high": 2}` (the fader's
ends), `{"do": "fade", "value": 0.5}`, `{"do": "chance", "amount": 0.2}`, `{"do": "capture"}`,
`{"do": "capture-phrase", "tuples": [[60, 0, 36, 12]]}` (notes of P1, P2 and TR, 0 for none, and for
how many 24ths of a second), `{"do": "mark", "text": "here"}`, `{"do": "keep", "bars": 8}` (files of the last bars).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ClearSnapshot,
    GoRound,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    Roll,
    SetAuto,
    SetHold,
    SetKey,
    SetPair,
    SetSeed,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import Input, KeepBars, answered
from nesvae_live.control.reply import Reply
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.music.key import Key
from nesvae_live.music.voices import VOICES, Voice

EVERYTHING = "all"
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Asked(msgspec.Struct, tag_field="do", forbid_unknown_fields=True):
    """A command; `to_input` is what it asks for."""

    def to_input(self, at: float, reply: Reply) -> Input:
        """The input, stamped `at`, answered through `reply`.

        Raises:
            ValueError: it names what there isn't, in one line.
        """
        raise NotImplementedError


class _Move(Asked, tag="move"):
    """Move a target, whatever its kind, by a value in 0..1."""

    target: str
    value: Share = 1.0

    def to_input(self, at: float, reply: Reply) -> Input:
        if self.target not in TARGET_BY_NAME:
            raise ValueError(f"no target {self.target!r}: docs/controllers.md lists them")
        return answered(TARGET_BY_NAME[self.target].ask(self.value, at), reply)


class _Release(Asked, tag="release"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return ReleaseKnobs(at=at, reply=reply)


class _Temperature(Asked, tag="temperature"):
    temperature: float

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetTemperature(self.temperature, at=at, reply=reply)


class _Seed(Asked, tag="seed"):
    seed: int | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetSeed(self.seed, at=at, reply=reply)


class _Hold(Asked, tag="hold"):
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetHold(self.on, at=at, reply=reply)


class _Auto(Asked, tag="auto"):
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetAuto(self.on, at=at, reply=reply)


class _Round(Asked, tag="round"):
    on: bool
    bars: float | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return GoRound(self.on, self.bars, at=at, reply=reply)


class _Back(Asked, tag="back"):
    phrases: int = 1

    def to_input(self, at: float, reply: Reply) -> Input:
        return LookBack(self.phrases, at=at, reply=reply)


class _Transpose(Asked, tag="transpose"):
    voice: str
    semitones: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetTranspose(_voice(self.voice), self.semitones, at=at, reply=reply)


class _KeepKey(Asked, tag="key"):
    key: str | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetKey(None if self.key is None else Key.parse(self.key), at=at, reply=reply)


class _Store(Asked, tag="store"):
    slot: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return StoreSnapshot(self.slot, at=at, reply=reply)


class _Clear(Asked, tag="clear"):
    slot: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return ClearSnapshot(self.slot, at=at, reply=reply)


class _Recall(Asked, tag="recall"):
    slot: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return RecallSnapshot(self.slot, at=at, reply=reply)


class _Morph(Asked, tag="morph"):
    slot: int
    bars: float | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return StartMorph(self.slot, self.bars, at=at, reply=reply)


class _Between(Asked, tag="between"):
    low: int
    high: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetPair(self.low, self.high, at=at, reply=reply)


class _Fade(Asked, tag="fade"):
    value: Share

    def to_input(self, at: float, reply: Reply) -> Input:
        return MoveFader(self.value, at=at, reply=reply)


class _Chance(Asked, tag="chance"):
    amount: Share | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return Roll(self.amount, at=at, reply=reply)


class _CapturePlayed(Asked, tag="capture"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return Capture(at=at, reply=reply)


class _CaptureThis(Asked, tag="capture-phrase"):
    tuples: list[tuple[int, int, int, int]]

    def to_input(self, at: float, reply: Reply) -> Input:
        return CapturePhrase(tuple(self.tuples), at=at, reply=reply)


class _MarkHere(Asked, tag="mark"):
    text: str = ""

    def to_input(self, at: float, reply: Reply) -> Input:
        return Mark(self.text, at=at, reply=reply)


KEPT_BARS = 8
"""How many bars are kept if it isn't said."""


class _KeepBars(Asked, tag="keep"):
    bars: Annotated[int, msgspec.Meta(ge=1)] = KEPT_BARS

    def to_input(self, at: float, reply: Reply) -> Input:
        return KeepBars(self.bars, at=at, reply=reply)


GestureCommand = (
    _Move
    | _Release
    | _Temperature
    | _Seed
    | _Hold
    | _Auto
    | _Round
    | _Back
    | _Transpose
    | _KeepKey
    | _Store
    | _Clear
    | _Recall
    | _Morph
    | _Between
    | _Fade
    | _Chance
    | _CapturePlayed
    | _CaptureThis
    | _MarkHere
    | _KeepBars
)


def _voice(name: str) -> Voice | None:
    """A voice that has notes to transpose; all of them are None."""
    if name == EVERYTHING:
        return None
    names = [spec.voice.name for spec in VOICES]
    if name not in names:
        raise ValueError(f"no voice {name!r}: one of {', '.join([*names, EVERYTHING])}")
    return Voice[name]
