"""Chords: what keys that are down together are called, and the scale that goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from nesvae_live.music.key import ROOTS, SCALES

SHAPES: Mapping[tuple[int, ...], str] = MappingProxyType(
    {
        (0, 4, 7): "",
        (0, 3, 7): "m",
        (0, 3, 6): "dim",
        (0, 4, 8): "aug",
        (0, 5, 7): "sus4",
        (0, 2, 7): "sus2",
        (0, 7): "5",
        (0, 4, 7, 10): "7",
        (0, 4, 7, 11): "maj7",
        (0, 3, 7, 10): "m7",
        (0, 3, 7, 11): "mMaj7",
        (0, 3, 6, 10): "m7b5",
        (0, 3, 6, 9): "dim7",
        (0, 4, 7, 9): "6",
        (0, 2, 4, 7, 10): "9",
        (0, 2, 4, 7, 11): "maj9",
        (0, 2, 3, 7, 10): "m9",
        (0, 4, 10): "7",
        (0, 4, 11): "maj7",
        (0, 3, 10): "m7",
    }
)
"""Semitones above the root, and what is written behind its name."""

DEGREES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"major": (0, 9, 7, 5, 2, 4, 11), "harmonic": (11, 7, 0, 2, 3, 5, 8)}
)
"""The scales that a chord may be of, and on which of their degrees it is likeliest."""

REMEMBERED = 4
"""Chords of before that say which of the scales it is."""


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes `tones`, in rising order, of which `root` is one."""

    tones: tuple[int, ...]
    root: int

    @classmethod
    def of(cls, notes: Sequence[int]) -> Chord | None:
        """The chord of MIDI notes in whatever order; None if there are none.

        Its root is the lowest note, if that is the root of a chord that is known, else the root of the
        one that it is an inversion of; of any other notes it is the lowest.
        """
        if not notes:
            return None
        tones = tuple(sorted({note % 12 for note in notes}))
        bass = min(notes) % 12
        known = (root for root in (bass, *tones) if _above(tones, root) in SHAPES)
        return cls(tones, next(known, bass))

    @property
    def rising(self) -> tuple[int, ...]:
        """Its pitch classes from the root upwards."""
        return tuple(sorted(self.tones, key=lambda tone: (tone - self.root) % 12))

    def __str__(self) -> str:
        name = SHAPES.get(_above(self.tones, self.root))
        if name is None:
            return " ".join(ROOTS[tone] for tone in self.tones)
        return ROOTS[self.root] + name

    def scale(self, before: Sequence[Chord] = ()) -> tuple[int, ...]:
        """The pitch classes of its scale, in rising order.

        It is the major or harmonic minor scale that has most of its tones, then most of those of the
        chords `before` it, then one in which such a chord is likely. Tones that it lacks are added.
        """
        lately = [tone for chord in before[-REMEMBERED:] for tone in chord.tones]

        def fit(candidate: tuple[str, int]) -> tuple[int, int, int]:
            name, tonic = candidate
            scale = _scale(name, tonic)
            degree = (self.root - tonic) % 12
            likely = DEGREES[name].index(degree) if degree in DEGREES[name] else 12
            rarer = 12 * [*DEGREES].index(name)
            return (
                sum(tone in scale for tone in self.tones),
                sum(tone in scale for tone in lately),
                -likely - rarer,
            )

        best = max(((name, tonic) for name in DEGREES for tonic in range(12)), key=fit)
        return tuple(sorted({*_scale(*best), *self.tones}))


def _scale(name: str, tonic: int) -> frozenset[int]:
    return frozenset((tonic + step) % 12 for step in SCALES[name])


def _above(tones: Sequence[int], root: int) -> tuple[int, ...]:
    return tuple(sorted((tone - root) % 12 for tone in tones))
