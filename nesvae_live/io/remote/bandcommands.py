"""The control socket's commands for a band: who plays a voice, and what keys do.

{"do": "voice", "voice": "P1", "source": "held"}   or "keys"; "model": the network's again
{"do": "line", "voice": "P1", "line": [[60, 12]]}  a file's: notes, and the ticks (12 a beat) of each
{"do": "keys-return", "beats": 4}                  null: a voice stays who played it
{"do": "keys-split", "note": 60}
{"do": "answer", "answer": "played"}               as long as was played; "2": by bars; "off"
{"do": "chords", "channel": 4}                     its keys are the harmony; null: no channel's are
{"do": "note", "note": 60, "velocity": 100}        as a keyboard sends it; 0 lets the key go
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from nesvae_live.control.gestureinputs import (
    GiveLine,
    GiveVoice,
    SetAnswer,
    SetChords,
    SetKeysReturn,
    SetKeysSplit,
)
from nesvae_live.control.inputs import Input, MidiIn
from nesvae_live.control.reply import Reply
from nesvae_live.io.remote.command import PITCHED, Command, named_voice
from nesvae_live.latent.given import Answer, Source

KEYS_PORT = "keys"
"""The name under which the log has what is played by `note`."""

NOTE_ON = 0x90
Byte = Annotated[int, msgspec.Meta(ge=0, le=127)]


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
    asks = SetKeysReturn
    beats: float | None


class _KeysSplit(Command, tag="keys-split"):
    asks = SetKeysSplit
    note: int


class _Answer(Command, tag="answer"):
    asks = SetAnswer
    answer: Answer


class _Chords(Command, tag="chords"):
    channel: Annotated[int, msgspec.Meta(ge=1, le=16)] | None

    def to_input(self, at: float, reply: Reply) -> Input:
        channel = None if self.channel is None else self.channel - 1
        return SetChords(channel, at=at, reply=reply)


class _Note(Command, tag="note"):
    note: Byte
    velocity: Byte

    def to_input(self, at: float, reply: Reply) -> Input:
        reply({"ok": True})  # MIDI has no answer
        return MidiIn(KEYS_PORT, (NOTE_ON, self.note, self.velocity), at)


BandCommand = _Voice | _Line | _KeysReturn | _KeysSplit | _Answer | _Chords | _Note
