"""Patches as a tracker's instruments.

An instrument's volume goes on behind its release with absolute volumes, a patch's release says
what is left of the volume that the note ended with: so a patch has an instrument for each volume
that its notes ended with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.tracker.module import (
    MOST_INSTRUMENTS,
    MOST_ITEMS,
    MOST_SEQUENCES,
    Instrument,
    Kind,
    Steps,
)
from nesvae_live.chip.tracker.pitches import slide_of, slide_ticks, steps_error
from nesvae_live.chip.tracker.played import PlayedNote
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Macro, Patch
from nesvae_live.music.voices import Voice

WIDE_CENTS = 400
"""A slide from so far away is faster in steps of semitones than an effect can be."""

UNLIKE = 10_000
"""How far an instrument lies from a note that needs another kind."""

Shape = tuple[tuple[int, ...], int, int]
"""A sequence without its number: values, loop, release."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Which instrument a note has, and the tick in which its release is written (None: none is).

    `cents` is what is left of the note's bends without the instrument's arpeggio, if it has one.
    """

    instrument: int
    released: int | None
    cents: tuple[int, ...]
    stepped: bool


class Bank:
    """Instruments as notes ask for them.

    `heard` counts notes that no patch explains, which got instruments of their own; `near` those
    for which there was no room, and which have the instrument that comes nearest.
    """

    def __init__(self, patches: Mapping[Voice, Mapping[str, Patch]]) -> None:
        self._patches = patches
        self._sequences: dict[tuple[Kind, Shape], int] = {}
        self._counts = dict.fromkeys(Kind, 0)
        self._instruments: dict[tuple[Shape, Shape | None, Shape | None], int] = {}
        self._list: list[Instrument] = []
        self._names: dict[str, int] = {}
        self.heard = 0
        self.near = 0
        self._full: npt.NDArray[np.int_] | None = None

    def fit(self, note: PlayedNote, row_ticks: int) -> Fit:
        """The instrument of a note, which is made if need be.

        The row that it stands in ends `row_ticks` after it begins, and a release needs another row.
        """
        patches = self._patches.get(note.voice, {})
        for name, patch in patches.items():
            held = _explain(note, patch)
            if held is None:
                continue
            released = held - 1 if held < len(note.volumes) else None
            volume = _volume(patch, note.volumes, held)
            if volume is None or (released is not None and released < row_ticks):
                volume, released = _held(note.volumes), None
            arpeggio, left = _steps(note, (patch,))
            number = self._instrument(name, volume, arpeggio, _duty_of(note, patch))
            if number is not None:
                return Fit(number, released, left, arpeggio is not None)
        self.heard += 1
        arpeggio, left = _steps(note, patches.values())
        duty = None if note.voice is Voice.TR else _held(note.duties)
        number = self._instrument("heard", _held(note.volumes), arpeggio, duty)
        if number is not None:
            return Fit(number, None, left, arpeggio is not None)
        self.near += 1
        return Fit(self._nearest(note), None, note.cents, stepped=False)

    def bend(self, instrument: int, pitch: Shape) -> int | None:
        """Give an instrument a sequence of its pitch; returns it, or None if there is no room."""
        number = self._sequence(Kind.PITCH, pitch)
        if number is None:
            return None
        of = self._list[instrument]
        volume, arpeggio, _, hi_pitch, duty = of.sequences
        chosen = (volume, arpeggio, number, hi_pitch, duty)
        self._list[instrument] = replace(of, sequences=chosen)
        return instrument

    def vary(self, instrument: int, pitch: Shape, name: str) -> int | None:
        """An instrument like another, with a sequence of its pitch; None: there is no room."""
        number = len(self._list)
        if number == MOST_INSTRUMENTS:
            return None
        of = self._list[instrument]
        self._list.append(replace(of, index=number, name=f"{of.name} {name}"))
        if self.bend(number, pitch) is None:
            self._list.pop()
            return None
        return number

    def instruments(self) -> list[Instrument]:
        """All instruments, by number."""
        return list(self._list)

    def sequences(self) -> list[Steps]:
        """All sequences, by kind and number."""
        steps = [Steps(kind, index, *shape) for (kind, shape), index in self._sequences.items()]
        return sorted(steps, key=lambda one: (one.index, one.kind))

    def _instrument(
        self, name: str, volume: Shape, arpeggio: Shape | None, duty: Shape | None
    ) -> int | None:
        """The number of an instrument; None: there is no room for it."""
        key = volume, arpeggio, duty
        if key in self._instruments:
            return self._instruments[key]
        index = len(self._list)
        wanted = {Kind.VOLUME: volume, Kind.ARPEGGIO: arpeggio, Kind.DUTY: duty}
        if index == MOST_INSTRUMENTS or any(self._is_full(*one) for one in wanted.items()):
            return None
        numbers = [
            None if (shape := wanted.get(kind)) is None else self._sequence(kind, shape)
            for kind in Kind
        ]
        self._names[name] = self._names.get(name, 0) + 1
        known = name if self._names[name] == 1 else f"{name} {self._names[name]}"
        self._list.append(Instrument(index, known, tuple(numbers)))  # type: ignore[arg-type]
        self._instruments[key] = index
        return index

    def _is_full(self, kind: Kind, shape: Shape | None) -> bool:
        known = shape is None or (kind, shape) in self._sequences
        return not known and self._counts[kind] == MOST_SEQUENCES

    def _sequence(self, kind: Kind, shape: Shape) -> int | None:
        """The number of a sequence; None: there is no room for it."""
        if self._is_full(kind, shape):
            return None
        if (kind, shape) not in self._sequences:
            self._sequences[kind, shape] = self._counts[kind]
            self._counts[kind] += 1
        return self._sequences[kind, shape]

    def _nearest(self, note: PlayedNote) -> int:
        """The instrument whose volumes come nearest, when there is no room for more."""
        if self._full is None:
            self._full = np.array(
                [_longer(volume[0], MOST_ITEMS) for volume, _, _ in self._instruments]
            )
        other = np.array(
            [
                (duty is None) != (note.voice is Voice.TR) or arpeggio is not None
                for _, arpeggio, duty in self._instruments
            ]
        )
        heard = np.array(note.volumes[:MOST_ITEMS])
        far = np.abs(self._full[:, : len(heard)] - heard).sum(1) + UNLIKE * other
        return list(self._instruments.values())[int(np.argmin(far))]


def _longer(values: tuple[int, ...], n: int) -> tuple[int, ...]:
    return (values + values[-1:] * n)[:n]


def _held(values: tuple[int, ...]) -> Shape:
    """Values as they were heard, without those at their end that only repeat the last one."""
    end = len(values)
    while end > 1 and values[end - 2] == values[end - 1]:
        end -= 1
    return values[: min(end, MOST_ITEMS)], -1, -1


def _macro(macro: Macro) -> Shape:
    if macro.loop is None:
        return _held(macro.values)
    return macro.values[:MOST_ITEMS], macro.loop if macro.loop < MOST_ITEMS else -1, -1


def _volume(patch: Patch, volumes: tuple[int, ...], held: int) -> Shape | None:
    """A patch's volume, and behind it what is left after the end of a note held so many ticks.

    A tracker goes on from the last value that is held, whichever it has reached; so that one has to
    be the volume that the note ended with. None: there are more values than an instrument has.
    """
    macro = patch.volume
    if held == len(volumes) or patch.release is None:
        return _macro(macro)
    level = volumes[held - 1]
    tail = (*(round(level * left / LOUDEST) for left in patch.release.values), 0)
    n = len(macro.values)
    period = 1 if macro.loop is None else n - macro.loop
    least = held if held < n else n + (held - n) % period
    until = max(i for i in range(least, n + period) if macro.at(i - 1) == level)
    if until + len(tail) > MOST_ITEMS:
        return None
    loop = until - period if macro.loop is not None and until >= n else -1
    return tuple(macro.at(i) for i in range(until)) + tail, loop, until - 1


def _duty_of(note: PlayedNote, patch: Patch) -> Shape | None:
    """The duty: the patch's own if that was heard, else what was."""
    if note.voice is Voice.TR:
        return None
    own = tuple(patch.duty.at(tick) for tick in range(len(note.duties)))
    return _macro(patch.duty) if own == note.duties else _held(note.duties)


def _steps(note: PlayedNote, patches: Iterable[Patch]) -> tuple[Shape | None, tuple[int, ...]]:
    """A note's arpeggio, one of the patches' or its slide in semitones, and what cents it leaves."""
    cents = note.cents
    if note.voice is Voice.NO or not any(cents):
        return None, cents
    for patch in patches:
        if note.voice is not Voice.TR and any(patch.arpeggio.values):
            left = tuple(c - 100 * patch.arpeggio.at(i) for i, c in enumerate(cents))
            if sum(map(abs, left)) < sum(map(abs, cents)):
                return _macro(patch.arpeggio), left
    if all(c % 100 == 0 for c in cents):
        return _held(tuple(c // 100 for c in cents)), (0,) * len(cents)
    ticks = slide_ticks(cents)
    steps = (*(round(c / 100) for c in cents[:ticks]), 0)
    exact = all(c % 100 == 0 for c in cents[:ticks])
    if ticks and (exact or abs(cents[0]) >= WIDE_CENTS):
        error = steps_error(note.voice, note.note, cents[:ticks], steps)
        if error < slide_of(note.voice, note.note, cents).error:
            return _held(steps), (0,) * ticks + cents[ticks:]
    return None, cents


def _explain(note: PlayedNote, patch: Patch) -> int | None:
    """How many ticks of a note are the patch's volume, before its release; None: it's none of it."""
    volumes = note.volumes
    if note.voice is Voice.TR:
        return len(volumes) if all(volumes) else None
    held = 0
    while held < len(volumes) and volumes[held] == patch.volume.at(held):
        held += 1
    if held == len(volumes):
        return held
    if patch.release is None:
        return None
    while held > 0:
        level = volumes[held - 1]
        left = volumes[held:]
        tail = [round(level * part / LOUDEST) for part in patch.release.values]
        if len(left) <= len(tail) and tuple(tail[: len(left)]) == left:
            return held
        held -= 1
    return None
