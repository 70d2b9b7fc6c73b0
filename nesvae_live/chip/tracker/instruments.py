"""Patches as a tracker's instruments, and the other way round.

An instrument's volume goes on behind its release with absolute volumes, a patch's release says
what is left of the volume that the note ended with: so a patch has an instrument for each volume
that its notes ended with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.tracker.module import (
    MOST_INSTRUMENTS,
    MOST_ITEMS,
    MOST_SEQUENCES,
    Instrument,
    Kind,
    Module,
    Steps,
)
from nesvae_live.chip.tracker.played import PlayedNote
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Macro, Patch
from nesvae_live.music.voices import Voice

UNLIKE = 10_000
"""How far an instrument lies from a note that needs another kind."""

Shape = tuple[tuple[int, ...], int, int]
"""A sequence without its number: values, loop, release."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Which instrument a note has, and the tick at which it is released (None: it isn't).

    `cents` is what is left of the note's bends without the instrument's arpeggio.
    """

    instrument: int
    released: int | None
    cents: tuple[int, ...]


class Bank:
    """Instruments as notes ask for them.

    `heard` counts notes that no patch explains, which got instruments of their own; `near` those
    for which there was no room, and which have the instrument that comes nearest.
    """

    def __init__(self, patches: Mapping[Voice, Mapping[str, Patch]]) -> None:
        self._patches = patches
        self._sequences: dict[tuple[Kind, Shape], int] = {}
        self._counts = dict.fromkeys(Kind, 0)
        self._instruments: dict[tuple[Shape, Shape | None, Shape | None], Instrument] = {}
        self._names: dict[str, int] = {}
        self.heard = 0
        self.near = 0
        self._full: npt.NDArray[np.int_] | None = None

    def fit(self, note: PlayedNote) -> Fit:
        """The instrument of a note, which is made if need be."""
        for name, patch in self._patches.get(note.voice, {}).items():
            found = _explain(note, patch)
            if found is None:
                continue
            level, released = found
            arpeggio = None
            if note.voice is not Voice.TR and any(patch.arpeggio.values):
                arpeggio = _macro(patch.arpeggio)
            number = self._instrument(name, _volume(patch, level), arpeggio, _duty_of(note, patch))
            if number is not None:
                left = [c - 100 * patch.arpeggio.at(i) for i, c in enumerate(note.cents)]
                return Fit(number, released, tuple(left) if arpeggio else note.cents)
        self.heard += 1
        volume = (_held(note.volumes), -1, -1)
        duty = None if note.voice is Voice.TR else (_held(note.duties), -1, -1)
        number = self._instrument("heard", volume, None, duty)
        if number is None:
            self.near += 1
            number = self._nearest(note)
        return Fit(number, None, note.cents)

    def instruments(self) -> list[Instrument]:
        """All instruments, by number."""
        return list(self._instruments.values())

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
            return self._instruments[key].index
        index = len(self._instruments)
        wanted: dict[Kind, Shape | None] = {
            Kind.VOLUME: volume,
            Kind.ARPEGGIO: arpeggio,
            Kind.DUTY: duty,
        }
        new = [(k, s) for k, s in wanted.items() if s and (k, s) not in self._sequences]
        if index == MOST_INSTRUMENTS or any(self._counts[k] == MOST_SEQUENCES for k, _ in new):
            return None
        for kind, shape in new:
            self._sequences[kind, shape] = self._counts[kind]
            self._counts[kind] += 1
        numbers = [
            None if (held := wanted.get(kind)) is None else self._sequences[kind, held]
            for kind in Kind
        ]
        self._names[name] = self._names.get(name, 0) + 1
        known = name if self._names[name] == 1 else f"{name} {self._names[name]}"
        self._instruments[key] = Instrument(index, known, tuple(numbers))  # type: ignore[arg-type]
        return index

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
        return list(self._instruments.values())[int(np.argmin(far))].index


def _longer(values: tuple[int, ...], n: int) -> tuple[int, ...]:
    return (values + values[-1:] * n)[:n]


def _held(values: tuple[int, ...]) -> tuple[int, ...]:
    """Values without those at their end that only repeat the last one."""
    end = len(values)
    while end > 1 and values[end - 2] == values[end - 1]:
        end -= 1
    return values[: min(end, MOST_ITEMS)]


def _macro(macro: Macro) -> Shape:
    if macro.loop is None:
        return _held(macro.values), -1, -1
    return macro.values[:MOST_ITEMS], macro.loop if macro.loop < MOST_ITEMS else -1, -1


def _volume(patch: Patch, level: int | None) -> Shape:
    """A patch's volume, and behind it what is left after the note's end at a volume of `level`."""
    values, loop, _ = _macro(patch.volume)
    if level is None or patch.release is None:
        return values, loop, -1
    tail = (*(round(level * left / LOUDEST) for left in patch.release.values), 0)
    values = values[: MOST_ITEMS - len(tail)]
    return values + tail, loop, len(values)


def _duty_of(note: PlayedNote, patch: Patch) -> Shape | None:
    """The duty: the patch's own if that was heard, else what was."""
    if note.voice is Voice.TR:
        return None
    own = tuple(patch.duty.at(tick) for tick in range(len(note.duties)))
    return _macro(patch.duty) if own == note.duties else (_held(note.duties), -1, -1)


def _explain(note: PlayedNote, patch: Patch) -> tuple[int | None, int | None] | None:
    """The volume that a note of the patch ended with and the tick of its release; None: it's none.

    (None, None): it was cut before, or has no release.
    """
    volumes = note.volumes
    if note.voice is Voice.TR:
        return (None, None) if all(volumes) else None
    held = 0
    while held < len(volumes) and volumes[held] == patch.volume.at(held):
        held += 1
    if held == len(volumes):
        return None, None
    if patch.release is None:
        return None
    while held > 0:
        level = volumes[held - 1]
        left = volumes[held:]
        tail = [round(level * part / LOUDEST) for part in patch.release.values]
        if len(left) <= len(tail) and tuple(tail[: len(left)]) == left:
            return level, held
        held -= 1
    return None


def instrument_to_table(module: Module, instrument: Instrument) -> tuple[dict[str, str], list[str]]:
    """A patch's table for a preset, and what of the instrument it lacks."""
    table: dict[str, str] = {}
    lacks: list[str] = []
    named = {(s.kind, s.index): s for s in module.sequences}
    for kind, index in zip(Kind, instrument.sequences, strict=True):
        steps = named.get((kind, index)) if index is not None else None
        if steps is None or not steps.values:
            continue
        if kind is Kind.VOLUME:
            table |= _volume_to_text(steps)
        elif kind is Kind.DUTY:
            table["duty"] = _to_text(tuple(v & 3 for v in steps.values), steps.loop)
        elif kind is Kind.ARPEGGIO and steps.setting == 0:
            values = tuple(max(-48, min(48, v)) for v in steps.values)
            table["arpeggio"] = _to_text(values, steps.loop)
        else:
            lacks.append(
                {Kind.PITCH: "pitch", Kind.HI_PITCH: "hi-pitch"}.get(kind, "fixed arpeggio")
            )
    return table, lacks


def _volume_to_text(steps: Steps) -> dict[str, str]:
    values = tuple(max(0, min(LOUDEST, v)) for v in steps.values)
    if steps.release < 0 or steps.release >= len(values):
        return {"volume": _to_text(values, steps.loop)}
    held, tail = values[: steps.release] or values[:1], values[steps.release :]
    level = held[-1] or LOUDEST
    parts = [max(1, min(LOUDEST, round(v * LOUDEST / level))) for v in tail if v]
    loop = steps.loop if steps.loop < len(held) else -1
    written = {"volume": _to_text(held, loop)}
    return written | ({"release": _to_text(tuple(parts), -1)} if parts else {})


def _to_text(values: tuple[int, ...], loop: int) -> str:
    """Values as a preset has them: `15 12x3 | 9 8`."""
    words: list[str] = []
    runs: list[list[int]] = []
    for i, value in enumerate(values):
        if runs and runs[-1][0] == value and i != loop:
            runs[-1][1] += 1
        else:
            if i == loop:
                runs.append([0, 0])
            runs.append([value, 1])
    for value, n in runs:
        words.append("|" if n == 0 else str(value) if n == 1 else f"{value}x{n}")
    return " ".join(words)
