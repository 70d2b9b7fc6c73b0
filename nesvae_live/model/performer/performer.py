"""The performer as it plays live: a phrase's notes to how each is played, without torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.performing import LEARNT, Manner, Passage, Performance, Touch
from nesvae_live.model.performer.casts import hint
from nesvae_live.model.performer.choosing import DRAWS, choose
from nesvae_live.model.performer.choosingtables import KitTables, Notes, choosing_tables
from nesvae_live.model.performer.echo import echoed
from nesvae_live.model.performer.kit import Kit, steps_to_macro
from nesvae_live.model.performer.leaning import Knobs, cast_of
from nesvae_live.model.performer.notes import PULSES, Column, phrase_to_onsets
from nesvae_live.model.performer.pairs import WINDOW, previous
from nesvae_live.model.performer.performerfile import PerformerFile
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.voices import SILENCE, Voice

TEMPERATURE = 0.7
"""How patches are drawn: more safely below 1."""
KEPT = WINDOW + 32
"""So many notes are remembered: those that may be taken again, and what stood before them."""
USUAL_LEVEL = 2 * LOUDEST / 3
"""Of a pulse that no cast says of."""

Row = tuple[int, ...]
F32 = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """A note that was played: its row (`notes.Column`), its patch of the kit, and in which cast."""

    row: Row
    patch: tuple[int, int, int]
    cast: int = 0


class Performer:
    """Says how the notes of `voices`, pulses, are played; the same passage always in the same way."""

    def __init__(
        self,
        file: PerformerFile,
        voices: Collection[Voice] = PULSES,
        temperature: float = TEMPERATURE,
    ) -> None:
        self._voices = frozenset(voices)
        self._temperature = temperature
        self._tables = choosing_tables(file.weights)
        self._kit = KitTables.of(file.kit)
        self._macros = _Macros(file.kit)
        self._casts, self._knobs = file.casts, Knobs(file.kit)
        self._hints = [hint(cast, 0) for cast in file.casts]

    def warm_up(self) -> None:
        """Compile what is compiled, or load it from numba's cache."""
        tuples = ((60, 64, 40, 6), (62, 64, 40, 6))
        self.perform(Passage(tuples, 0, 0, (SILENCE, SILENCE, SILENCE), (), (0,)))

    def perform(self, passage: Passage) -> Performance:
        """How a passage is played."""
        past: tuple[Known, ...] = passage.past[-KEPT:]
        place, tick, held = passage.place, passage.tick, passage.before
        onsets = phrase_to_onsets(passage.tuples, place, tick, held, _last(past))
        if not onsets:
            return Performance((), (), past)
        rows = [onset.row for onset in onsets]
        played = self.play(rows, past, passage.seed, passage.manner)
        touches, known = [], []
        for onset, note in zip(onsets, played, strict=True):
            voice, (shape, level, wide) = Voice(onset.row[0]), note.patch
            known.append((onset.number, note))
            if voice in self._voices:
                macros = self._macros.volume(shape, level), self._macros.duty(wide)
                touches.append(Touch(onset.number, voice, *macros))
        return Performance(tuple(touches), tuple(known), past)

    def play(
        self,
        rows: Sequence[Row],
        past: Sequence[Known],
        seed: tuple[int, ...],
        manner: Manner = LEARNT,
    ) -> list[Known]:
        """How notes are played, in order, after `past` ones."""
        cast = cast_of(manner, len(self._casts), past[-1].cast if past else 0)
        mine = [note for note in past if note.cast == cast]
        told, patches, base = self._told(rows, mine, cast)
        n, start = len(told), len(told) - len(rows)
        volume = self._kit.volumes[LOUDEST * patches[:, 0] + np.maximum(patches[:, 1], 1) - 1]
        duty = self._kit.duties[patches[:, 2]]
        before = previous(told, np.zeros(n, np.int64))
        draws = np.random.default_rng(seed).random((n - start, DRAWS), dtype=np.float32)
        chosen = (
            patches.copy(),
            volume.copy(),
            duty.copy(),
            np.zeros(n, np.bool_),
            n,
            np.full(n, n),
        )
        notes = Notes(told, before, patches, volume, duty, *chosen)
        leaning = self._knobs.leaning(manner, told, base)
        choose(*(notes, start, self._tables, self._kit, draws, self._temperature), leaning=leaning)
        if len(self._casts):
            echoed(told, patches, start)
        found = patches[start:].tolist()
        return [Known(row, (s, v, d), cast) for row, (s, v, d) in zip(rows, found, strict=True)]

    def _told(
        self, rows: Sequence[Row], past: Sequence[Known], cast: int
    ) -> tuple[Ints, Ints, F32]:
        """All notes and their patches, a cast's first, and the usual level of each pulse."""
        notes = np.array([*(note.row for note in past), *rows], np.int64)
        patches = np.zeros((len(notes), 3), np.int64)
        patches[: len(past)] = np.array([note.patch for note in past], np.int64).reshape(-1, 3)
        if not len(self._casts):
            return notes, patches, np.full(2, USUAL_LEVEL, np.float32)
        hinted, of = self._hints[cast]
        hinted = hinted.copy()
        hinted[:, Column.BEGINS] += notes[0, Column.BEGINS]
        base = self._casts[cast][:, :, 1].mean(1).astype(np.float32)
        return np.concatenate([hinted, notes]), np.concatenate([of, patches]), base


class _Macros:
    """The kit's patches as macros of the chip's frames, each made once."""

    def __init__(self, kit: Kit) -> None:
        volumes = kit.volumes()
        self.volume = cache(lambda shape, level: steps_to_macro(volumes[shape, level]))
        self.duty = cache(lambda duty: steps_to_macro(kit.duties[duty]))


def _last(past: tuple[Known, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of each pulse the pitch of its last note, and the tick on which it ended."""
    found: dict[int, tuple[int, int]] = {}
    for note in reversed(past):
        voice, pitch, ticks, _, begins, *_ = note.row
        found.setdefault(voice, (pitch, begins + ticks))
        if len(found) == len(PULSES):
            break
    nobody = SILENCE, -1
    return found.get(Voice.P1, nobody), found.get(Voice.P2, nobody)
