"""Themes: stretches of what was played, marked with a letter, that can come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from nesvae_live.latent.decoding import Condition, Joint, Stretch
from nesvae_live.music.key import ROOTS, SCALES, Key
from nesvae_live.music.phrase import N_VOICES

LETTERS = "ABCDEFGH"
"""The names of themes."""

MOST_PHRASES = 4
"""A theme goes on for so many phrases, unless something is turned before."""

Tuple4 = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """A stretch that was marked: `phrases` in a row, of `length` tuples, up to number `last`.

    `tuples` are the first phrase's, decoded from `condition`; `key` is the one that was kept to.
    """

    tuples: tuple[Tuple4, ...]
    end: Joint
    condition: Condition
    key: Key | None
    last: int
    length: int
    phrases: int = 1

    def stretch(self, key: Key | None) -> Stretch:
        """The stretch, moved into a key."""
        shift = semitones_to(self.tuples, self.key, key)
        return Stretch(self.end, self.length, self.condition.z, self.condition.mask, shift)


@dataclass(slots=True)
class Themes:
    """The themes of a take, by letter. The mapping is replaced, never changed in place."""

    kept: dict[str, Theme]

    @classmethod
    def none(cls) -> Themes:
        """No theme yet."""
        return cls({})

    def mark(self, letter: str, theme: Theme) -> None:
        """Keep a theme under a letter."""
        self.kept = {**self.kept, letter: theme}

    def theme(self, letter: str) -> Theme:
        """The theme of a letter.

        Raises:
            ValueError: there is none.
        """
        if letter not in self.kept:
            there = ", ".join(sorted(self.kept)) or "none"
            raise ValueError(
                f"no theme {letter}; there are: {there} (`ctl theme {letter}` marks what is playing)"
            )
        return self.kept[letter]

    def forget(self) -> None:
        """Forget all of them."""
        self.kept = {}

    def went_on(self, index: int, follows: int, end: Joint, tuples: int) -> None:
        """Phrase `index`, of so many tuples, plays after `follows`, and nothing was turned between.

        A theme that ended there goes on with it.
        """
        for letter, theme in self.kept.items():
            if theme.last == follows and theme.phrases < MOST_PHRASES:
                length, phrases = theme.length + tuples, theme.phrases + 1
                grown = replace(theme, end=end, last=index, length=length, phrases=phrases)
                self.kept = {**self.kept, letter: grown}

    def close(self, index: int) -> None:
        """Something was turned while phrase `index` played: themes that end there end for good."""
        for letter, theme in self.kept.items():
            if theme.last == index:
                self.kept = {**self.kept, letter: replace(theme, phrases=MOST_PHRASES)}


def semitones_to(tuples: Iterable[Tuple4], then: Key | None, now: Key | None) -> int:
    """By how many semitones music that was played in one key is moved to be in another.

    If both keys are of the same kind it is from root to root, else as it takes the fewest notes out
    of the new key; the shorter way, and none where nothing is gained.
    """
    if now is None or then == now:
        return 0
    if then is not None and then.scale == now.scale:
        return _short(now.root - then.root)
    weights = np.zeros(len(ROOTS))
    for *notes, held in tuples:
        for note in notes[:N_VOICES]:
            if note > 0:
                weights[note % len(ROOTS)] += held
    scale = {(now.root + step) % len(ROOTS) for step in SCALES[now.scale]}

    def bent(shift: int) -> float:
        return float(sum(w for i, w in enumerate(weights) if (i + shift) % len(ROOTS) not in scale))

    return min((_short(i) for i in range(len(ROOTS))), key=lambda i: (bent(i), abs(i), i))


def _short(semitones: int) -> int:
    """The same interval up or down, whichever is nearer: -5 to 6."""
    return (semitones + 5) % len(ROOTS) - 5
