"""Musical keys: a root and a scale, and how any note is moved into one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""The twelve pitch classes as this program spells them."""

SCALES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "major": (0, 2, 4, 5, 7, 9, 11),
        "minor": (0, 2, 3, 5, 7, 8, 10),
        "harmonic": (0, 2, 3, 5, 7, 8, 11),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "phrygian": (0, 1, 3, 5, 7, 8, 10),
        "lydian": (0, 2, 4, 6, 7, 9, 11),
        "mixolydian": (0, 2, 4, 5, 7, 9, 10),
        "pentatonic": (0, 2, 4, 7, 9),
        "blues": (0, 3, 5, 6, 7, 10),
        "whole": (0, 2, 4, 6, 8, 10),
    }
)
"""Each scale's notes, in semitones above the root."""

PARENTS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "major": (0, ""),
        "minor": (0, "m"),
        "harmonic": (0, "m"),
        "dorian": (-2, ""),
        "phrygian": (-4, ""),
        "lydian": (-5, ""),
        "mixolydian": (-7, ""),
        "pentatonic": (0, ""),
        "blues": (0, "m"),
    }
)
"""The major or minor key whose signature a scale is written in: semitones to its root, and `m`."""


MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Krumhansl and Kessler's (1982): how well each pitch class fits a key on the first."""

SHORT = re.compile(r"([A-Ga-g][#b]?)(m|min|maj|M)")
"""A key as musicians write it short; the whole of the text, not a part."""


_OTHER_NAMES = {
    "DB": "C#",
    "D#": "Eb",
    "GB": "F#",
    "G#": "Ab",
    "A#": "Bb",
    "FB": "E",
    "E#": "F",
    "CB": "B",
    "B#": "C",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key: `root` 0 to 11 (C is 0) and a scale of `SCALES`."""

    root: int
    scale: str = "major"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read `C major`, `F# minor`, `Eb` (major), `Dm`, `Dmin` or `Dmaj`.

        Raises:
            ValueError: there is no such key.
        """
        words = _in_full(text.strip()).replace("-", " ").split() or [""]
        name, scale = words[0], " ".join(words[1:]).lower() or "major"
        root = _OTHER_NAMES.get(name.upper(), name[:1].upper() + name[1:])
        if root not in ROOTS:
            raise ValueError(f"no key begins with {name!r}: one of {', '.join(ROOTS)}")
        if scale not in SCALES:
            raise ValueError(f"no scale {scale!r}: one of {', '.join(SCALES)}")
        return cls(ROOTS.index(root), scale)

    def __str__(self) -> str:
        return f"{ROOTS[self.root]} {self.scale}"

    def signature(self) -> str | None:
        """The key signature as MIDI files name it, such as `Dm`; None: the scale has none."""
        if self.scale not in PARENTS:
            return None
        steps, minor = PARENTS[self.scale]
        return ROOTS[(self.root + steps) % len(ROOTS)] + minor

    def nearest(self, note: int) -> int:
        """The note of the key that is nearest to `note`; the lower one if two are equally near."""
        steps = SCALES[self.scale]
        for distance in range(12):
            for candidate in (note - distance, note + distance):
                if (candidate - self.root) % 12 in steps:
                    return candidate
        raise AssertionError("a scale has its root")  # pragma: no cover


PROFILES = np.stack([np.roll(profile, k) for profile in (MAJOR, MINOR) for k in range(12)])
"""`[24, 12]`: the major keys from C up, and the minor ones."""


def likeliest_key(
    weights: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> Key:
    """The major or minor key that correlates best with how much sounds of each pitch class `[12]`.

    C major where that says nothing.
    """
    found = np.asarray(weights, np.float64)
    if found.std() == 0:
        return Key(0)
    fit = [np.corrcoef(found, profile)[0, 1] for profile in PROFILES]
    scale, root = divmod(int(np.argmax(fit)), 12)
    return Key(root, ("major", "minor")[scale])


def _in_full(text: str) -> str:
    short = SHORT.fullmatch(text)
    if short is None:
        return text
    return f"{short[1]} {'minor' if short[2] in {'m', 'min'} else 'major'}"
