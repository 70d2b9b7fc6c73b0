"""What a performer takes (a passage of notes) and returns: how each of them is played."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nesvae_live.music.patch import Macro
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class Touch:
    """How the note is played that `voice` begins with the tuple `number` of its phrase."""

    number: int
    voice: Voice
    volume: Macro
    duty: Macro


@dataclass(frozen=True, slots=True)
class Passage:
    """Notes that are to be played.

    `tuples` are a phrase's, or its tail's. The first begins at `place` of the bar (`metre.place`) and
    on `tick`, counted from the performance's first beat; until then the voices hold `before`. `past`
    is what the performer knows of what was played; `seed` determines what is drawn.
    """

    tuples: tuple[tuple[int, int, int, int], ...]
    place: int
    tick: int
    before: tuple[int, int, int]
    past: tuple[Any, ...]  # the performer's own
    seed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """How a phrase is played.

    `known` is what the performer keeps of each of its notes, with the number of the tuple that the
    note begins with; `past` what it knew before the phrase.
    """

    touches: tuple[Touch, ...]
    known: tuple[tuple[int, Any], ...] = ()
    past: tuple[Any, ...] = ()

    def until(self, tuples: int) -> tuple[Any, ...]:
        """What it knows once so many tuples of the phrase have begun."""
        return (*self.past, *(note for i, note in self.known if i < tuples))

    def spliced(self, kept: int, tail: Performance) -> Performance:
        """The same with another tail, after `kept` tuples."""
        moved = (replace(touch, number=touch.number + kept) for touch in tail.touches)
        return Performance(
            (*(touch for touch in self.touches if touch.number < kept), *moved),
            (
                *((i, note) for i, note in self.known if i < kept),
                *((i + kept, note) for i, note in tail.known),
            ),
            self.past,
        )


UNPLAYED = Performance(())
"""No note is played in a way of its own: each as its voice's last one was, or as its patch has it."""
