"""All that a page can say, and how much of it: each message is checked here, and becomes a command.

    {"do": "move", "target": "density", "value": 0.5}     any target but `stop`
    {"do": "place", "x": 0.25, "y": 0.75}                 a place on the map
    {"do": "clear", "slot": 3}                            forgets a snapshot
    {"do": "note", "note": 60, "velocity": 100}           a key is pressed; with 0, let go
    {"do": "phrase", "tuples": [[60, 0, 36, 12]]}         a phrase to go on from
    {"do": "keep", "slot": 3, "tuples": [[60, 0, 36, 12]]} a phrase becomes a snapshot
    {"do": "again", "take": "2026-11-27_12-00-00"}        a take is heard; null: the music
    {"do": "choose", "what": "preset", "name": "mine"}    of what `/choices.json` offers
    {"do": "learn", "target": "density"}                  null stops listening
    {"do": "unlearn"}
    {"do": "stop", "sure": true}                          ends the performance

Nothing else reaches the instrument: no path, no file, no code. Names are looked up among those that
it has itself told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from nesvae_live.latent.atlas import Atlas
from nesvae_live.music.phrase import TUPLES_PER_PHRASE
from nesvae_live.music.ranges import SNAPSHOTS

LARGEST = 1024
"""Bytes of a message."""

PER_SECOND = 200.0
"""Messages a second that a page may send for long: several hands on a screen of 60 Hz."""

AT_ONCE = 400.0
"""Messages that it may send at once."""

ALL_PER_SECOND, ALL_AT_ONCE = 2 * PER_SECOND, 2 * AT_ONCE
"""The same for all pages together: who comes again and again gets no more by it."""

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(max_length=40)]
Slot = Annotated[int, msgspec.Meta(ge=int(SNAPSHOTS.low), le=int(SNAPSHOTS.high))]
Byte = Annotated[int, msgspec.Meta(ge=0, le=127)]
Tuples = Annotated[list[tuple[int, int, int, int]], msgspec.Meta(max_length=TUPLES_PER_PHRASE)]
TakeName = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^/\\]+$")]
Command = Mapping[str, Any]


class _Message(msgspec.Struct, tag_field="do", forbid_unknown_fields=True):
    def to_command(self, atlas: Atlas | None) -> Command:
        """The command of the control socket that it asks for."""
        raise NotImplementedError


class Move(_Message, tag="move"):
    """Move a target by a value in 0..1; which there are the instrument knows."""

    target: Name
    value: Share = 1.0

    def to_command(self, atlas: Atlas | None) -> Command:
        """A target's move; `stop` takes a message of its own, so that no slip ends the music."""
        del atlas
        if self.target == "stop":
            raise ValueError("to stop, say stop and that you are sure")
        return {"do": "move", "target": self.target, "value": self.value}


class Place(_Message, tag="place"):
    """Stand at a place on the map."""

    x: Share
    y: Share

    def to_command(self, atlas: Atlas | None) -> Command:
        """The point of the map there."""
        if atlas is None:
            raise ValueError("this checkpoint has no map")
        z = atlas.blend(self.x, self.y)
        return {"do": "point", "z": [round(float(c), 5) for c in z]}


class Clear(_Message, tag="clear"):
    """Forget a snapshot."""

    slot: Slot

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument."""
        del atlas
        return {"do": "clear", "slot": self.slot}


class Note(_Message, tag="note"):
    """A key of the page's keyboard."""

    note: Byte
    velocity: Byte

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument."""
        del atlas
        return {"do": "note", "note": self.note, "velocity": self.velocity}


class Go(_Message, tag="phrase"):
    """Go to where a phrase lies on the map, play it, and go on from it."""

    tuples: Tuples

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument, which checks its notes."""
        del atlas
        return {"do": "capture-phrase", "tuples": self.tuples}


class Keep(_Message, tag="keep"):
    """Let the place of a phrase be a snapshot; the music goes on where it is."""

    slot: Slot
    tuples: Tuples

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument, which checks its notes."""
        del atlas
        return {"do": "store-phrase", "slot": self.slot, "tuples": self.tuples}


class Again(_Message, tag="again"):
    """Let an earlier take be heard in place of the music, which goes on; or the music again."""

    take: TakeName | None

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument, which knows the takes."""
        del atlas
        return {"do": "again", "take": self.take}


class Choose(_Message, tag="choose"):
    """Choose one of what the instrument offers, by its name there."""

    what: Literal["preset", "checkpoint", "style", "grid", "midi-in", "midi-out", "audio"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument, which takes no other names."""
        del atlas
        return {"do": "choose", "what": self.what, "name": self.name}


class Learn(_Message, tag="learn"):
    """Let the next control that is moved be a target's."""

    target: Name | None

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument."""
        del atlas
        return {"do": "learn", "target": self.target}


class Unlearn(_Message, tag="unlearn"):
    """Take back what was learnt last."""

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument."""
        del atlas
        return {"do": "unlearn"}


class Stop(_Message, tag="stop"):
    """End the performance, said twice."""

    sure: Literal[True]

    def to_command(self, atlas: Atlas | None) -> Command:
        """The same, to the instrument."""
        del atlas
        return {"do": "stop"}


Message = Move | Place | Clear | Note | Go | Keep | Again | Choose | Learn | Unlearn | Stop
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def parse(text: str | bytes) -> Message:
    """What a page says.

    Raises:
        ValueError: it is no message; one line.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:  # a ValidationError is one too
        raise ValueError(f"not a message: {error}") from None


class Allowance:
    """How much may still be said: so many messages at once, and so many a second after that."""

    def __init__(
        self, now: float, per_second: float = PER_SECOND, at_once: float = AT_ONCE
    ) -> None:
        self._per_second, self._at_once = per_second, at_once
        self._left = at_once
        self._at = now

    def take(self, now: float) -> bool:
        """Take one message at `now` seconds; whether it may be said."""
        self._left = min(self._at_once, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
