"""A command of the control socket: the base of every command, and what several of them name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import Reply
from nesvae_live.latent.setting import Setting, slot_of
from nesvae_live.music.ranges import SHARE, nearest
from nesvae_live.music.voices import VOICES, Voice

EVERYTHING = "all"
"""In place of a voice's name: all of them."""

PITCHED = tuple(spec.voice for spec in VOICES)
"""The voices that have notes of a pitch."""

NamedSlot = int | Annotated[str, msgspec.Meta(max_length=100)]
"""A snapshot, by its number or its name."""

Share = Annotated[float, msgspec.Meta(ge=SHARE.low, le=SHARE.high)]


class Command(msgspec.Struct, tag_field="do", forbid_unknown_fields=True):
    """A command: `do` has its name, and the other fields of the line are its fields."""

    asks: ClassVar[type[Any]]
    """The input that it asks for, if that has the same fields in the same order."""

    changes_snapshots: ClassVar[bool] = False
    """Whether snapshots are to be kept in their file before it is answered."""

    def named(self, there: Mapping[int, Setting]) -> Command:
        """The same, with numbers for the names of snapshots, of which these are there.

        Raises:
            ValueError: none has such a name; one line.
        """
        del there
        return self

    def says(self) -> Mapping[str, Any]:
        """What its answer says beside that it was carried out."""
        return {}

    def to_input(self, at: float, reply: Reply) -> Input:
        """The input that it asks for, stamped `at` and answered through `reply`.

        Raises:
            ValueError: it names something that doesn't exist; the message is one line.
        """
        asked: Input = self.asks(*msgspec.structs.astuple(self), at=at, reply=reply)
        return asked


def named_slot(slot: NamedSlot, there: Mapping[int, Setting]) -> int:
    """The number of a snapshot that is named by it, or by its name.

    Raises:
        ValueError: none has that name; one line.
    """
    if isinstance(slot, int):
        return slot
    if (found := slot_of(slot, there)) is None:
        names = [kept.name for kept in there.values() if kept.name]
        known = f"there are: {', '.join(sorted(names))}" if names else "none has a name"
        raise ValueError(f"no snapshot {slot!r}{nearest(slot, names) or f'; {known}'}")
    return found


def number_of(slot: NamedSlot) -> int:
    """The number that a name was replaced by.

    Raises:
        ValueError: it is a name still: nobody here knows the snapshots.
    """
    if isinstance(slot, int):
        return slot
    raise ValueError(f"no snapshot {slot!r}")


def named_voice(name: str, voices: Iterable[Voice] = Voice, *others: str) -> Voice:
    """The one of `voices` that has a name.

    Args:
        name: as the command has it.
        voices: those that the command takes.
        others: names that it takes besides, for the message.

    Raises:
        ValueError: none of them has that name.
    """
    names = [voice.name for voice in voices]
    if name not in names:
        raise ValueError(f"no voice {name!r}: one of {', '.join([*names, *others])}")
    return Voice[name]


def voice_or_all(name: str, voices: Iterable[Voice] = Voice) -> Voice | None:
    """The one of `voices` that has a name, or None for `all` of them.

    Raises:
        ValueError: none of them has that name.
    """
    return None if name == EVERYTHING else named_voice(name, voices, EVERYTHING)
