"""The demo: the instrument plays without a performer, and a script turns its knobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """A knob goes from `start` to `end` (0..1) while the music goes from bar `first` to `last`.

    Bars count from 0. If `release` is set, the knob is released after the move.
    """

    knob: str
    first: float
    last: float
    start: float
    end: float
    release: bool = False


GESTURE = (
    Move("density", 0, 4, 0.25, 0.5),
    Move("polyphony", 0, 2, 0.4, 0.7, release=True),
    Move("bass", 3, 5, 0.4, 0.6, release=True),
    Move("density", 4, 8, 0.5, 0.75),
    Move("register", 4, 8, 0.4, 0.6),
    Move("style1", 8, 12, 0.4, 0.65),
    Move("register", 8, 12, 0.6, 0.4),
    Move("motion", 9, 12, 0.4, 0.6, release=True),
    Move("consonance", 12, 14, 0.5, 0.8),
    Move("density", 12, 15, 0.75, 0.15),
)
"""A build-up, a climax, a change of style, and an ending."""


class Gesture:
    """Says which knobs are to be turned as the bars pass; it is asked often."""

    def __init__(self, moves: tuple[Move, ...] = GESTURE) -> None:
        self._moves = moves
        self._said: dict[Move, float | None] = {}

    def due(self, bar: float) -> Iterator[tuple[str, float | None]]:
        """Each knob that is to change now, and its new value (None: release it).

        `bar` is the place in the music, counted from 0.
        """
        for move in self._moves:
            if bar < move.first or self._said.get(move, 0.0) is None:
                continue
            done = min((bar - move.first) / (move.last - move.first), 1.0)
            value: float | None = round(move.start + done * (move.end - move.start), 3)
            if self._said.get(move) == value:
                if done < 1.0:
                    continue
                value = None
            self._said[move] = value
            if value is not None or move.release:
                yield move.knob, value
