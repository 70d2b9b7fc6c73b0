"""Patches: how a voice's sound changes over a note, frame by frame at 60 Hz, as in the games."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from nesvae_live.music.events import LOUDEST

FRAME_SECONDS = 1 / 60
"""One frame of the console's picture: games wrote to the chip once in each."""

MOST_FRAMES = 600
"""The longest macro, in frames."""

LONGEST_RUN = 999
"""The most frames of one value that a macro's text can say at once."""

ITEM = re.compile(r"(-?\d{1,4})(?:x(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class Macro:
    """One value per frame; from index `loop` on they repeat, or (None) the last one stays."""

    values: tuple[int, ...]
    loop: int | None = None

    def at(self, frame: int) -> int:
        """The value of frame `frame`, counted from 0."""
        n = len(self.values)
        if frame < n:
            return self.values[frame]
        if self.loop is None:
            return self.values[-1]
        return self.values[self.loop + (frame - self.loop) % (n - self.loop)]

    @property
    def text(self) -> str:
        """As `parse` reads it."""
        words: list[str] = []
        for i, value in enumerate(self.values):
            if i == self.loop:
                words.append("|")
            goes_on = i and i != self.loop and value == self.values[i - 1]
            word, _, count = words[-1].partition("x") if goes_on else ("", "", "")
            if goes_on and int(count or 1) < LONGEST_RUN:
                words[-1] = f"{word}x{int(count or 1) + 1}"
            else:
                words.append(str(value))
        return " ".join(words)

    @classmethod
    def parse(cls, text: str, low: int, high: int) -> Macro:
        """Read `15 12x3 | 9 8`: 15, then 12 for three frames, and | where the loop begins.

        Raises:
            ValueError: the text can't be read, or a number is outside `low` to `high`.
        """
        values: list[int] = []
        loop: int | None = None
        for word in text.split():
            if word == "|" and loop is None:
                loop = len(values)
                continue
            match = ITEM.fullmatch(word)
            if match is None:
                raise ValueError(f"{word!r} is not a number; write 15 12x3 | 9 8")
            if not low <= int(match[1]) <= high:
                raise ValueError(f"{match[1]} is out of range, {low} to {high}")
            values += [int(match[1])] * int(match[2] or 1)
        if not values or loop == len(values):
            raise ValueError(f"{text!r} has no values" if not values else "nothing follows the |")
        if len(values) > MOST_FRAMES:
            raise ValueError(f"{len(values)} frames are too many, {MOST_FRAMES} at most")
        return cls(tuple(values), loop)


@dataclass(frozen=True, slots=True)
class Vibrato:
    """A sine of `cents` (0-1200) each way at `hz` (0.1-30), from a note's frame `delay` on."""

    cents: int = 0
    hz: float = 6.0
    delay: int = 12


@dataclass(frozen=True, slots=True)
class Slide:
    """A note begins `cents` (-4800 to 4800) off its pitch and reaches it in `frames` (0-600)."""

    cents: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Patch:
    """How a voice sounds.

    `volume` is 0-15 and `duty` 0-3 in each frame; a volume that stays at 0 ends the note. `release`
    says how much is left in each frame, in 15ths, of the volume that the note ended with; without
    one a note ends with a cut. `arpeggio` is in semitones (-48 to 48), on the pulses. The triangle
    has no volume: it sounds as long as `volume` is not 0.
    """

    volume: Macro = Macro((LOUDEST,))
    duty: Macro = Macro((2,))
    release: Macro | None = None
    vibrato: Vibrato = Vibrato()
    slide: Slide = Slide()
    arpeggio: Macro = Macro((0,))

    @property
    def end(self) -> int | None:
        """The frame from which on the volume is 0 for good, or None."""
        if self.volume.loop is not None or self.volume.values[-1]:
            return None
        end = len(self.volume.values)
        while self.volume.values[end - 1] == 0:
            end -= 1
        return end

    def frame(self, age: int) -> tuple[int, int, int]:
        """Volume (0-15), duty (0-3) and bend (cents) in frame `age` of a note."""
        return self.volume.at(age), self.duty.at(age), self.cents(age)

    def cents(self, age: int, depth: int | None = None) -> int:
        """The bend in frame `age`; `depth`, in cents, replaces the vibrato's own if it is given."""
        cents = 100.0 * self.arpeggio.at(age)
        if age < self.slide.frames:
            cents += self.slide.cents * (1 - age / self.slide.frames)
        deep = self.vibrato.cents if depth is None else depth
        if deep and age > self.vibrato.delay:
            phase = (age - self.vibrato.delay) * FRAME_SECONDS * self.vibrato.hz
            cents += deep * math.sin(math.tau * phase)
        return round(cents)


MACROS = {"volume": (0, LOUDEST), "duty": (0, 3), "release": (1, LOUDEST), "arpeggio": (-48, 48)}
"""The range of each macro."""

NUMBERS: Mapping[str, tuple[type, Mapping[str, tuple[float, float]]]] = {
    "vibrato": (Vibrato, {"cents": (0, 1200), "hz": (0.1, 30), "delay": (0, MOST_FRAMES)}),
    "slide": (Slide, {"cents": (-4800, 4800), "frames": (0, MOST_FRAMES)}),
}
"""The ranges of the numbers in a vibrato's and a slide's table."""


def table_to_patch(table: Mapping[str, Any]) -> Patch:
    """Read a patch as TOML gives it: `volume = "15 12x3 | 9 8"`, `vibrato = { cents = 15 }`.

    Raises:
        ValueError: a key or value is not allowed; the message starts with the key.
    """
    parts: dict[str, Any] = {}
    allowed = [f.name for f in fields(Patch)]
    for key, value in table.items():
        if key in MACROS:
            parts[key] = _macro(key, value)
        elif key in NUMBERS:
            parts[key] = _numbers(key, value)
        elif key != "about":
            raise ValueError(f"{key}: unknown key; allowed: about, {', '.join(allowed)}")
    patch = Patch(**parts)
    if patch.volume.values[0] == 0:
        raise ValueError("volume: a note can't begin with 0")
    if patch.release is not None and patch.release.loop is not None:
        raise ValueError("release: it has to end, so it has no loop")
    return patch


def _macro(key: str, value: Any) -> Macro:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f'{key}: write it as text, as in {key} = "2 1x3 | 0 1"')  # noqa: TRY004
    try:
        return Macro.parse(str(value), *MACROS[key])
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _numbers(key: str, value: Any) -> Any:
    kind, ranges = NUMBERS[key]
    if not isinstance(value, Mapping):
        raise ValueError(f"{key}: write it as {key} = {{ {', '.join(ranges)} }}")  # noqa: TRY004
    for name, number in value.items():
        if name not in ranges:
            raise ValueError(f"{key}.{name}: unknown key; allowed: {', '.join(ranges)}")
        low, high = ranges[name]
        whole = name != "hz"
        right = isinstance(number, int if whole else (int, float)) and not isinstance(number, bool)
        if not right or not low <= number <= high:
            kind_of = "whole number" if whole else "number"
            raise ValueError(
                f"{key}.{name}: {number!r} is not a {kind_of} from {low:g} to {high:g}"
            )
    return kind(**value)
