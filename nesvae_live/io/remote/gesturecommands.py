"""The control socket's commands for gestures, and the one that moves any target.

    {"do": "move", "target": "hold", "value": 1}       any target, by a value in 0..1
    {"do": "release"}                                  every knob
    {"do": "temperature", "temperature": 0.9}
    {"do": "quote", "quote": 0.8}
    {"do": "steady", "names": ["density"]}             stay where they are while other knobs turn
    {"do": "voice", "voice": "P1", "source": "held"}   or "keys"; "model": the network's again
    {"do": "line", "voice": "P1", "line": [[60, 12]]}  a file's: notes, and the ticks (12 a beat) of each
    {"do": "keys-return", "beats": 4}                  null: a voice stays who played it
    {"do": "keys-split", "note": 60}
    {"do": "answer", "answer": "played"}               as long as was played; "2": by bars; "off"
    {"do": "chords", "channel": 4}                     its keys are the harmony; null: no channel's are
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
    {"do": "store", "slot": 1, "name": "chorus"}       the name may be left out
    {"do": "clear", "slot": 1}                         here and below, a name will do for a number
    {"do": "recall", "slot": 1}
    {"do": "morph", "slot": 2, "bars": 4}
    {"do": "between", "low": 1, "high": 2}             the snapshots at the fader's ends
    {"do": "fade", "value": 0.5}
    {"do": "chance", "amount": 0.2}
    {"do": "note", "note": 60, "velocity": 100}        as a keyboard sends it; 0 lets the key go
    {"do": "capture"}
    {"do": "capture-phrase", "tuples": [[60, 0, 36, 12]]}
    {"do": "point", "z": [0.5, -1.25, 0.0]}            all coordinates: of the attributes, of the style
    {"do": "mark", "text": "here"}
    {"do": "keep", "bars": 8}                          exports the last bars to files

A tuple has the notes of P1, P2 and TR, 0 for none, and how many 24ths of a second they last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ClearSnapshot,
    ForgetAll,
    GiveLine,
    GiveVoice,
    GoRound,
    KeepTheme,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAnswer,
    SetAuto,
    SetChords,
    SetHold,
    SetKey,
    SetKeysReturn,
    SetKeysSplit,
    SetPair,
    SetPoint,
    SetQuote,
    SetSeed,
    SetSteady,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import Input, KeepBars, MidiIn, answered
from nesvae_live.control.reply import Reply
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.io.remote.command import (
    Command,
    NamedSlot,
    Share,
    named_slot,
    named_voice,
    voice_or_all,
)
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.setting import Setting, checked_name, slot_of
from nesvae_live.latent.steady import checked_steady
from nesvae_live.music.key import Key
from nesvae_live.music.ranges import SNAPSHOTS, nearest
from nesvae_live.music.voices import VOICES

KEYS_PORT = "keys"
"""The name under which the log has what is played by `note`."""

NOTE_ON = 0x90
Byte = Annotated[int, msgspec.Meta(ge=0, le=127)]

PITCHED = tuple(spec.voice for spec in VOICES)
"""The voices that have notes to transpose."""


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
    def to_input(self, at: float, reply: Reply) -> Input:
        return ReleaseKnobs(at=at, reply=reply)


class _Temperature(Command, tag="temperature"):
    temperature: float

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetTemperature(self.temperature, at=at, reply=reply)


class _Quote(Command, tag="quote"):
    quote: float

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetQuote(self.quote, at=at, reply=reply)


class _Steady(Command, tag="steady"):
    names: list[str]

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetSteady(checked_steady(self.names), at=at, reply=reply)


class _Voice(Command, tag="voice"):
    voice: str
    source: Source

    def to_input(self, at: float, reply: Reply) -> Input:
        return GiveVoice(named_voice(self.voice, PITCHED), self.source, at=at, reply=reply)


class _Line(Command, tag="line"):
    voice: str
    line: list[tuple[int, int]]

    def to_input(self, at: float, reply: Reply) -> Input:
        voice = named_voice(self.voice, PITCHED)
        return GiveLine(voice, tuple(self.line), at=at, reply=reply)


class _KeysReturn(Command, tag="keys-return"):
    beats: float | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetKeysReturn(self.beats, at=at, reply=reply)


class _KeysSplit(Command, tag="keys-split"):
    note: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetKeysSplit(self.note, at=at, reply=reply)


class _Answer(Command, tag="answer"):
    answer: Answer

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetAnswer(self.answer, at=at, reply=reply)


class _Chords(Command, tag="chords"):
    channel: Annotated[int, msgspec.Meta(ge=1, le=16)] | None

    def to_input(self, at: float, reply: Reply) -> Input:
        channel = None if self.channel is None else self.channel - 1
        return SetChords(channel, at=at, reply=reply)


class _Theme(Command, tag="theme"):
    theme: str

    def to_input(self, at: float, reply: Reply) -> Input:
        return KeepTheme(self.theme, at=at, reply=reply)


class _Return(Command, tag="return"):
    theme: str

    def to_input(self, at: float, reply: Reply) -> Input:
        return ReturnTheme(self.theme, at=at, reply=reply)


class _Forget(Command, tag="forget"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return ForgetAll(at=at, reply=reply)


class _Seed(Command, tag="seed"):
    seed: int | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetSeed(self.seed, at=at, reply=reply)


class _Hold(Command, tag="hold"):
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetHold(self.on, at=at, reply=reply)


class _Auto(Command, tag="auto"):
    on: bool

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetAuto(self.on, at=at, reply=reply)


class _Round(Command, tag="round"):
    on: bool
    bars: float | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return GoRound(self.on, self.bars, at=at, reply=reply)


class _Back(Command, tag="back"):
    phrases: int = 1

    def to_input(self, at: float, reply: Reply) -> Input:
        return LookBack(self.phrases, at=at, reply=reply)


class _Transpose(Command, tag="transpose"):
    voice: str
    semitones: int

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetTranspose(voice_or_all(self.voice, PITCHED), self.semitones, at=at, reply=reply)


class _KeepKey(Command, tag="key"):
    key: str | None

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetKey(None if self.key is None else Key.parse(self.key), at=at, reply=reply)


class _Store(Command, tag="store"):
    """By a name that no snapshot has: the first number that is free gets it."""

    changes_snapshots: ClassVar[bool] = True
    slot: NamedSlot
    name: str = ""

    def named(self, there: Mapping[int, Setting]) -> Command:
        name = checked_name(self.name) if self.name else ""
        if isinstance(self.slot, int):
            kept = there.get(self.slot)
            return _Store(self.slot, name or ("" if kept is None else kept.name))
        slot = slot_of(self.slot, there)
        if slot is None:
            free = [n for n in SNAPSHOTS.whole if n not in there]
            if not free:
                raise ValueError(f"all {len(SNAPSHOTS.whole)} snapshots are in use: `ctl clear N`")
            return _Store(free[0], name or checked_name(self.slot))
        return _Store(slot, name or there[slot].name)

    def says(self) -> Mapping[str, Any]:
        return {"slot": self.slot, "name": self.name}

    def to_input(self, at: float, reply: Reply) -> Input:
        return StoreSnapshot(_number(self.slot), self.name, at=at, reply=reply)


class _OfSlot(Command):
    """A command for one snapshot."""

    slot: NamedSlot

    def named(self, there: Mapping[int, Setting]) -> Command:
        return msgspec.structs.replace(self, slot=named_slot(self.slot, there))


class _Clear(_OfSlot, tag="clear"):
    changes_snapshots: ClassVar[bool] = True

    def to_input(self, at: float, reply: Reply) -> Input:
        return ClearSnapshot(_number(self.slot), at=at, reply=reply)


class _Recall(_OfSlot, tag="recall"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return RecallSnapshot(_number(self.slot), at=at, reply=reply)


class _Morph(_OfSlot, tag="morph"):
    bars: float | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return StartMorph(_number(self.slot), self.bars, at=at, reply=reply)


class _Between(Command, tag="between"):
    low: NamedSlot
    high: NamedSlot

    def named(self, there: Mapping[int, Setting]) -> Command:
        return _Between(named_slot(self.low, there), named_slot(self.high, there))

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetPair(_number(self.low), _number(self.high), at=at, reply=reply)


def _number(slot: NamedSlot) -> int:
    """The number that a name was replaced by.

    Raises:
        ValueError: it is a name still: nobody here knows the snapshots.
    """
    if isinstance(slot, int):
        return slot
    raise ValueError(f"no snapshot {slot!r}")


class _Fade(Command, tag="fade"):
    value: Share

    def to_input(self, at: float, reply: Reply) -> Input:
        return MoveFader(self.value, at=at, reply=reply)


class _Chance(Command, tag="chance"):
    amount: Share | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return Roll(self.amount, at=at, reply=reply)


class _Note(Command, tag="note"):
    note: Byte
    velocity: Byte

    def to_input(self, at: float, reply: Reply) -> Input:
        reply({"ok": True})  # MIDI has no answer
        return MidiIn(KEYS_PORT, (NOTE_ON, self.note, self.velocity), at)


class _CapturePlayed(Command, tag="capture"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return Capture(at=at, reply=reply)


class _CaptureThis(Command, tag="capture-phrase"):
    tuples: list[tuple[int, int, int, int]]

    def to_input(self, at: float, reply: Reply) -> Input:
        return CapturePhrase(tuple(self.tuples), at=at, reply=reply)


class _Point(Command, tag="point"):
    z: list[float]

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetPoint(tuple(self.z), at=at, reply=reply)


class _MarkHere(Command, tag="mark"):
    text: str = ""

    def to_input(self, at: float, reply: Reply) -> Input:
        return Mark(self.text, at=at, reply=reply)


KEPT_BARS = 8
"""How many bars are exported unless the command says it."""


class _KeepBars(Command, tag="keep"):
    bars: Annotated[int, msgspec.Meta(ge=1)] = KEPT_BARS

    def to_input(self, at: float, reply: Reply) -> Input:
        return KeepBars(self.bars, at=at, reply=reply)


GestureCommand = (
    _Move
    | _Release
    | _Temperature
    | _Quote
    | _Steady
    | _Voice
    | _Line
    | _KeysReturn
    | _KeysSplit
    | _Answer
    | _Chords
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
    | _Store
    | _Clear
    | _Recall
    | _Morph
    | _Between
    | _Fade
    | _Chance
    | _Note
    | _CapturePlayed
    | _CaptureThis
    | _Point
    | _MarkHere
    | _KeepBars
)
