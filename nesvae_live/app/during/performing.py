"""Gives the decoder a performer, if the options or the preset ask for one."""

from __future__ import annotations

from collections.abc import Iterable

from nesvae_live.model.performer.performer import Composer, Performer, PerformingDecoder
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_performer


def performing(
    decoder: Composer, voices: Iterable[Voice], name: str | None
) -> Composer | PerformingDecoder:
    """The decoder, with a performer who plays `voices`, if there are any.

    Args:
        decoder: what writes the notes.
        voices: whose notes the performer plays.
        name: of the performer's file, or None for the one that ships.

    Raises:
        ConfigError, CheckpointError: there is no such file, or it can't be used.
    """
    played = frozenset(voices)
    if not played:
        return decoder
    performer = Performer(load_performer(find_performer(name)), played)
    performer.warm_up()
    return PerformingDecoder(decoder, performer)
