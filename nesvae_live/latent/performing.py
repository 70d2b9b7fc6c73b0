"""What a performer takes (a passage of notes) and returns: how each of them is played, and drums."""

from __future__ import annotations

from collections.abc import Mapping
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
class Stroke:
    """A stroke of the noise, so many ticks after the tuple `number` of its phrase begins.

    `note` is the chip's, 1 (lowest) to 16; `duty` its mode. It is played if the knob for drums is
    above `rank` (0 to 1).
    """

    number: int
    tick: int
    note: int
    volume: Macro
    duty: Macro
    rank: float


@dataclass(frozen=True, slots=True)
class Manner:
    """What knobs ask of a performer, 0 to 1 each; None: as it learnt to.

    `brightness` of the pulses' duties, from 50 % (dark) to 12.5 %; `ring`, from envelopes that fall at
    once to those that stay; `accent`, by how much a note on the beat is louder than one off it;
    `instrument`, which of its casts plays.
    """

    brightness: float | None = None
    ring: float | None = None
    accent: float | None = None
    instrument: float | None = None

    @classmethod
    def of(cls, knobs: Mapping[str, float]) -> Manner:
        """What the knobs' values ask for."""
        return cls(*(knobs.get(knob) for knob in MANNER_KNOBS))


MANNER_KNOBS = ("brightness", "ring", "accent", "instrument")
"""The performer's own knobs, as `Manner` has them."""
LEARNT = Manner()
"""No knob asks for anything."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Notes that are to be played.

    `tuples` are a phrase's, or its tail's. The first begins at `place` of the bar (`metre.place`) and
    on `tick`, counted from the performance's first beat; until then the voices hold `before`. `past`
    is what the performer knows of what was played, and `drummed` the drummer, a row of bytes for each
    tick; `seed` determines what is drawn. Strokes may begin on every `cell`th tick of the bar; `fill`
    is how many sections are to end with a fill, 0 to 1 (None: as it learnt to). `manner` is what the
    performer's knobs ask for.
    """

    tuples: tuple[tuple[int, int, int, int], ...]
    place: int
    tick: int
    before: tuple[int, int, int]
    past: tuple[Any, ...]  # the performer's own
    seed: tuple[int, ...]
    drummed: bytes = b""
    cell: int = 1
    fill: float | None = None
    manner: Manner = LEARNT


@dataclass(frozen=True, slots=True)
class Performance:
    """How a phrase is played.

    `known` is what the performer keeps of each of its notes, with the number of the tuple that the
    note begins with; `past` what it knew before the phrase. `strokes` are its drums in order, `drummed`
    what the drummer keeps of it, `width` bytes a tick, and `heard` what it knew before the phrase.
    """

    touches: tuple[Touch, ...]
    known: tuple[tuple[int, Any], ...] = ()
    past: tuple[Any, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    drummed: bytes = b""
    heard: bytes = b""
    width: int = 1

    def until(self, tuples: int) -> tuple[Any, ...]:
        """What it knows once so many tuples of the phrase have begun."""
        return (*self.past, *(note for i, note in self.known if i < tuples))

    def drummed_until(self, ticks: int) -> bytes:
        """What the drummer knows so many ticks after the phrase's beginning."""
        return self.heard + self.drummed[: ticks * self.width]

    def spliced(self, kept: int, held: int, ticks: int, tail: Performance) -> Performance:
        """The same with another tail, after `kept` tuples, the last one `held` ticks long.

        `ticks` is how long they all last.
        """
        moved = (replace(touch, number=touch.number + kept) for touch in tail.touches)
        struck = (
            stroke
            for stroke in self.strokes
            if stroke.number < kept - 1 or (stroke.number == kept - 1 and stroke.tick < held)
        )
        return Performance(
            (*(touch for touch in self.touches if touch.number < kept), *moved),
            (
                *((i, note) for i, note in self.known if i < kept),
                *((i + kept, note) for i, note in tail.known),
            ),
            self.past,
            (*struck, *(replace(stroke, number=stroke.number + kept) for stroke in tail.strokes)),
            self.drummed[: ticks * self.width] + tail.drummed,
            self.heard,
            self.width,
        )


UNPLAYED = Performance(())
"""No note is played in a way of its own: each as its voice's last one was, or as its patch has it."""
