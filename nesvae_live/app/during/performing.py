"""Gives the decoder a performer and a drummer, if the options or the preset ask for them."""

from __future__ import annotations

from collections.abc import Iterable

from nesvae_live.model.drums.drumfile import load_drummer
from nesvae_live.model.drums.drummer import LearntDrummer
from nesvae_live.model.performer.performer import Performer
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.model.performer.performingdecoder import Composer, PerformingDecoder
from nesvae_live.music.drums import LEARNT, RULE
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_drummer, find_performer


def performing(
    decoder: Composer, voices: Iterable[Voice], name: str | None, drums: str = RULE
) -> Composer | PerformingDecoder:
    """The decoder, with a performer who plays `voices`, if there are any, and a drummer.

    Args:
        decoder: what writes the notes.
        voices: whose notes the performer plays.
        name: of the performer's file, or None for the one that ships.
        drums: who drums: the rule, which needs nobody here, `learnt` or a drummer's file.

    Raises:
        ConfigError, CheckpointError: there is no such file, or it can't be used.
    """
    played = frozenset(voices)
    performer, drummer = None, None
    if played:
        performer = Performer(load_performer(find_performer(name)), played)
        performer.warm_up()
    if drums != RULE:
        drummer = LearntDrummer(load_drummer(find_drummer(None if drums == LEARNT else drums)))
        drummer.warm_up()
    return PerformingDecoder(decoder, performer, drummer) if performer or drummer else decoder
