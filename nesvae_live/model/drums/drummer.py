"""The drummer as it plays live: a phrase's notes to the strokes of the noise, without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.performing import Passage, Performance, Stroke
from nesvae_live.model.drums.cells import (
    CELLS,
    HISTORY,
    LINES,
    NO_STROKE,
    Cell,
    bar_of,
    continued,
    tuples_to_cells,
)
from nesvae_live.model.drums.drumfile import DrumFile
from nesvae_live.model.drums.drumming import drum_tables, play_ticks
from nesvae_live.model.drums.fills import ends_section
from nesvae_live.model.drums.reading import FILLED, NOT_SAID, PLAIN
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.metre.ticks import places_after
from nesvae_live.music.patch import Macro
from nesvae_live.music.voices import SILENCE

CALM, LEAST, VARY = 0.1, 0.003, 0.025
"""How strokes are drawn: so many nats more speak for none, and what has a chance below the least never is;
so many are heard as another kind than that of the pattern.

As it learnt them, its own mistakes make it strike ever more often; chosen on held-out songs of the train
split.
"""
HALF = 0.5
"""The knob for drums plays all that it chose up to here, and more from here on."""
STRUCK, FILL = 5, 6
"""Set the draws of strokes, and of which sections end with a fill, apart from all others."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Sound:
    """How a kind of stroke sounds."""

    note: int
    volume: Macro
    duty: Macro


class LearntDrummer:
    """Says what the noise plays beside the other voices; the same passage always the same."""

    def __init__(
        self,
        file: DrumFile,
        calm: float = CALM,
        least: float = LEAST,
        vary: float = VARY,
    ) -> None:
        self._tables = drum_tables(file.weights, file.config)
        self._kinds = file.config.kinds
        self._calm, self._least, self._vary = calm, least, vary
        self._ranks = file.ranks.tolist()
        self._sounds = [
            _Sound(int(file.kit.notes[k]), _ended(file.kit.volume(k)), file.kit.duty(k))
            for k in range(len(file.kit))
        ]

    def warm_up(self) -> None:
        """Compile what is compiled, or load it from numba's cache."""
        tuples = ((60, 64, 40, 6), (62, 64, 40, 6))
        passage = Passage(tuples, 0, 0, (SILENCE, SILENCE, SILENCE), (), (0,))
        self.drum(passage, Performance(()))

    def drum(self, passage: Passage, performance: Performance) -> Performance:
        """A performance of a passage, with drums."""
        place, bar = passage.place, bar_of(passage.place, passage.tick)
        holds = np.array([held for *_, held in passage.tuples])
        places = places_after(place, holds).tolist()
        fresh = tuples_to_cells(passage.tuples, places, passage.before, bar)
        past = continued(np.frombuffer(passage.drummed, np.uint8).reshape(-1, CELLS), place)
        cells = np.concatenate((past, fresh))
        draws, varied = np.random.default_rng((*passage.seed, STRUCK)).random(
            (2, len(fresh)), dtype=np.float32
        )
        heard = np.zeros(len(fresh), np.uint8)
        extra, logits = np.zeros(len(fresh), np.uint8), np.zeros(self._kinds + 1, np.float32)
        play_ticks(
            cells,
            len(past),
            0,
            self._fills(passage, fresh, bar),
            passage.cell,
            draws,
            self._calm,
            self._least,
            self._vary,
            varied,
            self._tables,
            heard,
            extra,
            logits,
        )
        fresh = cells[len(past) :]
        return replace(
            performance,
            strokes=tuple(self._strokes(passage, fresh, heard, extra)),
            drummed=fresh.tobytes(),
            heard=past[-HISTORY:].tobytes(),
            width=CELLS,
        )

    @staticmethod
    def _fills(passage: Passage, fresh: Bytes, bar: int) -> Bytes:
        """`[n]`: whether the bar of each tick is to end with a fill."""
        out = np.full(len(fresh), NOT_SAID, np.uint8)
        if passage.fill is None or passage.place == FREE:
            return out
        place = fresh[:, Cell.PLACE].astype(np.int64)
        bars = bar + np.cumsum(place == LINES[place]) - (place[0] == LINES[place[0]])
        for number in np.unique(bars).tolist():
            drawn = np.random.default_rng((passage.seed[0], FILL, number & 0x7FFFFFFF)).random()
            filled = ends_section(number) and drawn < passage.fill
            out[bars == number] = FILLED if filled else PLAIN
        return out

    def _strokes(
        self, passage: Passage, fresh: Bytes, heard: Bytes, extra: Bytes
    ) -> Iterator[Stroke]:
        """The strokes, and those that the knob adds when it is turned up, in order."""
        rows, i = fresh.tolist(), 0
        for number, (*_, held) in enumerate(passage.tuples):
            for tick in range(held):
                place, kind, begins = rows[i][:3]
                chosen, added = self._ranks[0][place][begins], self._ranks[1][place][begins]
                rank = HALF * chosen if kind != NO_STROKE else HALF * (1.0 + added)
                on_cell = place == FREE or (place - int(LINES[place])) % passage.cell == 0
                if kind != NO_STROKE or (added < 1.0 and on_cell):
                    sound = self._sounds[(int(heard[i]) if kind else int(extra[i])) - 1]
                    ranked = round(rank, 3)
                    yield Stroke(number, tick, sound.note, sound.volume, sound.duty, ranked)
                i += 1


def _ended(volume: Macro) -> Macro:
    """The same, with silence in the end: nobody ends a stroke but its envelope."""
    return volume if volume.values[-1] == 0 else Macro((*volume.values, 0))
