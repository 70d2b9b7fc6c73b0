"""The control socket's commands for snapshots, each by its number or its name, and for the fader.

{"do": "store", "slot": 1, "name": "chorus"}       the name may be left out
{"do": "clear", "slot": 1}                         here and below, a name will do for a number
{"do": "recall", "slot": 1}
{"do": "morph", "slot": 2, "bars": 4}
{"do": "between", "low": 1, "high": 2}             the snapshots at the fader's ends
{"do": "fade", "value": 0.5}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from nesvae_live.control.gestureinputs import (
    ClearSnapshot,
    MoveFader,
    RecallSnapshot,
    SetPair,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import Reply
from nesvae_live.io.remote.command import Command, NamedSlot, Share, named_slot, number_of
from nesvae_live.latent.setting import Setting, checked_name, slot_of
from nesvae_live.music.ranges import SNAPSHOTS


class _Store(Command, tag="store"):
    """By a name that no snapshot has: the first number that is free gets it.

    The answer says if another was `replaced`.
    """

    changes_snapshots: ClassVar[bool] = True
    slot: NamedSlot
    name: str = ""
    replaced: bool = False

    def named(self, there: Mapping[int, Setting]) -> Command:
        name = checked_name(self.name) if self.name else ""
        if isinstance(self.slot, int):
            kept = there.get(self.slot)
            return _Store(self.slot, name or ("" if kept is None else kept.name), kept is not None)
        slot = slot_of(self.slot, there)
        if slot is None:
            free = [n for n in SNAPSHOTS.whole if n not in there]
            if not free:
                raise ValueError(f"all {len(SNAPSHOTS.whole)} snapshots are in use: `ctl clear N`")
            return _Store(free[0], name or checked_name(self.slot))
        return _Store(slot, name or there[slot].name, replaced=True)

    def says(self) -> Mapping[str, Any]:
        replaced = {"replaced": True} if self.replaced else {}
        return {"slot": self.slot, "name": self.name, **replaced}

    def to_input(self, at: float, reply: Reply) -> Input:
        return StoreSnapshot(number_of(self.slot), self.name, at=at, reply=reply)


class _OfSlot(Command):
    """A command for one snapshot."""

    slot: NamedSlot

    def named(self, there: Mapping[int, Setting]) -> Command:
        return msgspec.structs.replace(self, slot=named_slot(self.slot, there))


class _Clear(_OfSlot, tag="clear"):
    changes_snapshots: ClassVar[bool] = True

    def to_input(self, at: float, reply: Reply) -> Input:
        return ClearSnapshot(number_of(self.slot), at=at, reply=reply)


class _Recall(_OfSlot, tag="recall"):
    def to_input(self, at: float, reply: Reply) -> Input:
        return RecallSnapshot(number_of(self.slot), at=at, reply=reply)


class _Morph(_OfSlot, tag="morph"):
    bars: float | None = None

    def to_input(self, at: float, reply: Reply) -> Input:
        return StartMorph(number_of(self.slot), self.bars, at=at, reply=reply)


class _Between(Command, tag="between"):
    low: NamedSlot
    high: NamedSlot

    def named(self, there: Mapping[int, Setting]) -> Command:
        return _Between(named_slot(self.low, there), named_slot(self.high, there))

    def to_input(self, at: float, reply: Reply) -> Input:
        return SetPair(number_of(self.low), number_of(self.high), at=at, reply=reply)


class _Fade(Command, tag="fade"):
    asks = MoveFader
    value: Share


SnapshotCommand = _Store | _Clear | _Recall | _Morph | _Between | _Fade
