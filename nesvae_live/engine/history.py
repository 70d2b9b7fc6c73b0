"""The history: the last phrases as they were played, to go back to and forward again."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.engine.placedphrase import Book
from nesvae_live.latent.setting import Setting

LONGEST = 64
"""Phrases that are remembered."""


@dataclass(frozen=True, slots=True)
class Past:
    """A phrase, and how everything stood for it."""

    book: Book
    setting: Setting


class History:
    """The phrases that were placed, the newest last; one thread's."""

    def __init__(self) -> None:
        self._past: list[Past] = []
        self._place = 0

    def __len__(self) -> int:
        """How many phrases there are."""
        return len(self._past)

    @property
    def back(self) -> int:
        """How many phrases back we are."""
        return max(len(self._past) - 1 - self._place, 0)

    def add(self, past: Past) -> None:
        """A new phrase began, and is where we are."""
        self._past = [*self._past[-(LONGEST - 1) :], past]
        self._place = len(self._past) - 1

    def amend(self, past: Past) -> None:
        """The phrase that plays has a new tail."""
        if self._past:
            self._past[self._place] = past

    def go(self, steps: int) -> Past:
        """Go back (below 0) or forward by so many phrases, at most to the end; what is there.

        Raises:
            ValueError: there is nothing farther in that direction.
        """
        place = min(max(self._place + steps, 0), len(self._past) - 1)
        if place == self._place or not self._past:
            raise ValueError("no phrase is older" if steps < 0 else "no phrase is newer")
        self._place = place
        return self._past[place]
