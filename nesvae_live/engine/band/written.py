"""What was written last, voice by voice, on its places: the line that a voice has when it is held."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from nesvae_live.latent.lines import SLACK, Loop
from nesvae_live.music.voices import Voice

MOST = 1024
"""Tuples that are remembered: a phrase, and the bars that it lies in."""

Tuple4 = tuple[int, int, int, int]


class Written:
    """The last tuples that were put down, in order of place; in the sequencer's thread."""

    def __init__(self) -> None:
        self._tuples: deque[tuple[float, Tuple4]] = deque(maxlen=MOST)

    def clear(self) -> None:
        """What follows has nothing to do with what was before."""
        self._tuples.clear()

    def put(self, places: Sequence[float], tuples: Sequence[Tuple4]) -> None:
        """Tuples were put down on places; what was there gives way."""
        while self._tuples and self._tuples[-1][0] >= places[0] - SLACK:
            self._tuples.pop()
        self._tuples.extend(zip(places, tuples, strict=False))

    def loop(
        self, voice: Voice, tuples: Sequence[Tuple4], places: Sequence[float], bar: float | None
    ) -> Loop:
        """A voice's line in tuples that lie on `places`, the last of which is their end.

        With a `bar` of so many beats it is as many bars as they take, the last of which ends where they
        do: so each note keeps its place in the bar. What comes before them there is what was written;
        where nothing was, their last note stays.
        """
        beats = places[-1] - places[0]
        if bar is not None:
            beats = math.ceil((beats - SLACK) / bar) * bar
        begin = places[-1] - beats
        before = [(at, row) for at, row in self._tuples if at < places[0] - SLACK]
        line = [(at, row[voice]) for at, row in (*before, *zip(places, tuples, strict=False))]
        first = next((i for i, (at, _) in enumerate(line) if at > begin + SLACK), len(line))
        goes_on = line[first - 1][1]  # of the last one, if there is none before
        kept = [(begin, goes_on), *line[first:]]
        return Loop(begin, beats, tuple(at - begin for at, _ in kept), tuple(n for _, n in kept))
