"""The performer as it plays live: a phrase's notes to how each is played, without torch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import Sampling, Spelling, Standing
from nesvae_live.latent.performing import Passage, Performance, Touch
from nesvae_live.model.performer.choosing import DRAWS, KitTables, Notes, choose, choosing_tables
from nesvae_live.model.performer.kit import Kit, steps_to_macro
from nesvae_live.model.performer.notes import PULSES, phrase_to_onsets
from nesvae_live.model.performer.pairs import WINDOW, previous
from nesvae_live.model.performer.performerfile import PerformerFile
from nesvae_live.music.voices import SILENCE, Voice

TEMPERATURE = 0.7
"""How patches are drawn: more safely below 1."""
KEPT = WINDOW + 32
"""So many notes are remembered: those that may be taken again, and what stood before them."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Known:
    """A note that was played: its row (`notes.Column`), and its patch of the kit."""

    row: tuple[int, ...]
    patch: tuple[int, int, int]


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
        rows = np.array([*(note.row for note in past), *(onset.row for onset in onsets)], np.int64)
        n, start = len(rows), len(past)
        patches = np.zeros((n, 3), np.int64)
        patches[:start] = np.array([note.patch for note in past], np.int64).reshape(-1, 3)
        volume = self._kit.volumes[15 * patches[:, 0] + np.maximum(patches[:, 1], 1) - 1]
        duty = self._kit.duties[patches[:, 2]]
        before = previous(rows, np.zeros(n, np.int64))
        draws = np.random.default_rng(passage.seed).random((n - start, DRAWS), dtype=np.float32)
        chosen = (patches.copy(), volume.copy(), duty.copy(), np.zeros(n, np.bool_), n)
        notes = Notes(rows, before, patches, volume, duty, *chosen)
        choose(notes, start, self._tables, self._kit, draws, self._temperature)
        touches, known = [], []
        for onset, (shape, level, wide) in zip(onsets, patches[start:].tolist(), strict=True):
            voice = Voice(onset.row[0])
            known.append((onset.number, Known(onset.row, (shape, level, wide))))
            if voice in self._voices:
                macros = self._macros.volume(shape, level), self._macros.duty(wide)
                touches.append(Touch(onset.number, voice, *macros))
        return Performance(tuple(touches), tuple(known), past)


class _Macros:
    """The kit's patches as macros of the chip's frames, each made once."""

    def __init__(self, kit: Kit) -> None:
        volumes = kit.volumes()
        self.volume = cache(lambda shape, level: steps_to_macro(volumes[shape, level]))
        self.duty = cache(lambda duty: steps_to_macro(kit.duties[duty]))


def _last(past: tuple[Known, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of each pulse the pitch of its last note, and the tick on which it ended."""
    found = dict.fromkeys(PULSES, (SILENCE, -1))
    for note in past:
        voice, pitch, ticks, _, begins = note.row[:5]
        found[Voice(voice)] = pitch, begins + ticks
    return found[Voice.P1], found[Voice.P2]


class Composer(Protocol):
    """A decoder that composes (`engine.protocols`)."""

    def initial_state(self) -> Standing:
        """The state without a past."""
        ...

    def decode(self, z: F32, mask: F32, start: Any, uniforms: F32, sampling: Sampling) -> Spelling:
        """Decode a phrase."""
        ...

    def compose(
        self, start: Any, z: F32, known: NDArray[np.bool_], seed: tuple[int, ...]
    ) -> tuple[Any, F32]:
        """Say where the music goes."""
        ...


class Drums(Protocol):
    """A drummer (`model.drums`)."""

    def drum(self, passage: Passage, performance: Performance) -> Performance:
        """A performance of a passage, with drums."""
        ...


class PerformingDecoder:
    """A decoder with a performer, who says how what it writes is played, or a drummer, or both."""

    def __init__(
        self, decoder: Composer, performer: Performer | None, drummer: Drums | None = None
    ) -> None:
        self.initial_state = decoder.initial_state
        self.decode = decoder.decode
        self.compose = decoder.compose
        self._performer, self._drummer = performer, drummer

    def perform(self, passage: Passage) -> Performance:
        """How a passage is played, and its drums."""
        performance = Performance((), (), passage.past)
        if self._performer is not None:
            performance = self._performer.perform(passage)
        if self._drummer is not None:
            performance = self._drummer.drum(passage, performance)
        return performance
