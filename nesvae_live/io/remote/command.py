"""A command of the control socket: the base of every command, and the voices that one names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from nesvae_live.control.inputs import Input
from nesvae_live.control.reply import Reply
from nesvae_live.music.ranges import SHARE
from nesvae_live.music.voices import Voice

EVERYTHING = "all"
"""In place of a voice's name: all of them."""

Share = Annotated[float, msgspec.Meta(ge=SHARE.low, le=SHARE.high)]


class Command(msgspec.Struct, tag_field="do", forbid_unknown_fields=True):
    """A command: `do` has its name, and the other fields of the line are its fields."""

    def to_input(self, at: float, reply: Reply) -> Input:
        """The input that it asks for, stamped `at` and answered through `reply`.

        Raises:
            ValueError: it names something that doesn't exist; the message is one line.
        """
        raise NotImplementedError


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
