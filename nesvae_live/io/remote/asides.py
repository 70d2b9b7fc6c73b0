"""The control socket's commands that are answered beside the music, in the thread of who asks.

    {"do": "again", "take": "2026-11-27_12-00-00"}     an earlier take is heard; null: the music again
    {"do": "choices"}                                  what can be chosen while it plays
    {"do": "choose", "what": "preset", "name": "mine"} chooses it; null: what a bare `play` takes
    {"do": "store-phrase", "slot": 1, "tuples": [[60, 0, 36, 12]]}

The last one looks for the phrase beside the music, and goes on as `store-point`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from nesvae_live.control.gestureinputs import StorePoint
from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import Reply
from nesvae_live.io.remote.command import Command
from nesvae_live.music.ranges import SNAPSHOTS

Tuples = Sequence[tuple[int, int, int, int]]
Slot = Annotated[int, msgspec.Meta(ge=int(SNAPSHOTS.low), le=int(SNAPSHOTS.high))]
Name = Annotated[str, msgspec.Meta(max_length=200)]


def _nowhere(_tuples: Tuples) -> Sequence[float]:
    raise ValueError("nothing here finds phrases on the map")


def _no_takes(_name: str | None) -> Mapping[str, Any]:
    raise ValueError("no take can be heard here")


def _no_choices() -> Mapping[str, Any]:
    raise ValueError("nothing can be chosen here")


def _no_choice(_what: str, _name: str | None) -> Mapping[str, Any]:
    raise ValueError("nothing can be chosen here")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers beside the music, in any thread; each raises ValueError, with one line.

    `find(tuples)` is the point of the map, `[8 + U]`, where a phrase lies. `again(name)` lets a take
    be heard. `choices()` is what can be chosen; `choose(what, name)` chooses.
    """

    find: Callable[[Tuples], Sequence[float]] = _nowhere
    again: Callable[[str | None], Mapping[str, Any]] = _no_takes
    choices: Callable[[], Mapping[str, Any]] = _no_choices
    choose: Callable[[str, str | None], Mapping[str, Any]] = _no_choice


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


class _StorePoint(Command, tag="store-point"):
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


AsideCommand = _Again | _Choices | _Choose | _StorePoint | StorePhrase
