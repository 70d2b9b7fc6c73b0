"""The control socket's commands that are answered beside the music, in the thread of who asks.

    {"do": "again", "take": "2026-11-27_12-00-00"}     an earlier take is heard; null: the music again
    {"do": "choices"}                                  what can be chosen while it plays
    {"do": "choose", "what": "preset", "name": "mine"} chooses it; null: what a bare `play` takes
    {"do": "snapshots"}                                which there are, and what is in them
    {"do": "store-phrase", "slot": 1, "tuples": [[60, 0, 36, 12]]}

The last one looks for the phrase beside the music, and goes on as `store-point`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec

from nesvae_live.control.gestureinputs import StorePoint
from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import Reply
from nesvae_live.io.remote.command import Command
from nesvae_live.latent.setting import Setting
from nesvae_live.music.ranges import SNAPSHOTS

Snapshots = Mapping[int, Setting]
Tuples = Sequence[tuple[int, int, int, int]]
Slot = Annotated[int, msgspec.Meta(ge=int(SNAPSHOTS.low), le=int(SNAPSHOTS.high))]
Name = Annotated[str, msgspec.Meta(max_length=200)]


def _nowhere(_tuples: Tuples) -> Sequence[float]:
    raise ValueError("nothing here finds phrases on the map")


def _no_takes(_name: str | None) -> Mapping[str, Any]:
    raise ValueError("no take can be heard here")


def _no_choices() -> Mapping[str, Any]:
    raise ValueError("nothing can be chosen here")


def _no_snapshots() -> Snapshots:
    return {}


def _nothing_kept() -> None:
    """Nothing is kept in a file."""


def _no_choice(_what: str, _name: str | None) -> Mapping[str, Any]:
    raise ValueError("nothing can be chosen here")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers beside the music, in any thread; each raises ValueError, with one line.

    `find(tuples)` is the point of the map, `[8 + U]`, where a phrase lies. `again(name)` lets a take
    be heard. `choices()` is what can be chosen; `choose(what, name)` chooses. `snapshots()` are those
    that there are; `keep()` writes them to their file.
    """

    find: Callable[[Tuples], Sequence[float]] = _nowhere
    again: Callable[[str | None], Mapping[str, Any]] = _no_takes
    choices: Callable[[], Mapping[str, Any]] = _no_choices
    choose: Callable[[str, str | None], Mapping[str, Any]] = _no_choice
    snapshots: Callable[[], Snapshots] = _no_snapshots
    keep: Callable[[], None] = _nothing_kept


NOBODY = Desk()


class Aside(Command):
    """A command without an input."""

    def answer(self, desk: Desk) -> Mapping[str, Any]:
        """Carry it out.

        Raises:
            ValueError: it can't be; one line.
        """
        raise NotImplementedError

    def to_input(self, at: float, reply: Reply) -> Input:
        """There is none: it is answered beside the music."""
        del at, reply
        raise ValueError("it is answered beside the music")


class _Again(Aside, tag="again"):
    take: Name | None

    def answer(self, desk: Desk) -> Mapping[str, Any]:
        return desk.again(self.take)


class _Choices(Aside, tag="choices"):
    def answer(self, desk: Desk) -> Mapping[str, Any]:
        return desk.choices()


class _Choose(Aside, tag="choose"):
    what: Name
    name: Name | None

    def answer(self, desk: Desk) -> Mapping[str, Any]:
        return desk.choose(self.what, self.name)


class _Snapshots(Aside, tag="snapshots"):
    def answer(self, desk: Desk) -> Mapping[str, Any]:
        return {"snapshots": [_contents(*item) for item in sorted(desk.snapshots().items())]}


def _contents(slot: int, kept: Setting) -> Mapping[str, Any]:
    arrangement = kept.arrangement
    return {
        "slot": slot,
        "name": kept.name,
        "knobs": {name: round(value, 4) for name, value in kept.knobs.items()},
        "muted": sorted(voice.name for voice in arrangement.muted),
        "transpose": list(arrangement.transpose),
        "key": "" if arrangement.key is None else str(arrangement.key),
        "temperature": round(kept.temperature, 3),
        "seed": kept.seed,
    }


class _StorePoint(Command, tag="store-point"):
    changes_snapshots: ClassVar[bool] = True
    slot: int
    z: list[float]

    def to_input(self, at: float, reply: Reply) -> Input:
        return StorePoint(self.slot, tuple(self.z), at=at, reply=reply)


class StorePhrase(Command, tag="store-phrase"):
    """Asks for a phrase's place on the map to be snapshot `slot`."""

    slot: Slot
    tuples: list[tuple[int, int, int, int]]

    def found(self, desk: Desk) -> Command:
        """The same for the point where the phrase lies.

        Raises:
            ValueError: it is no phrase; one line.
        """
        z = desk.find(self.tuples)
        return _StorePoint(self.slot, [round(float(x), 5) for x in z])

    def to_input(self, at: float, reply: Reply) -> Input:
        """There is none before it is found."""
        del at, reply
        raise ValueError("its place is looked for beside the music")


AsideCommand = _Again | _Choices | _Choose | _Snapshots | _StorePoint | StorePhrase
