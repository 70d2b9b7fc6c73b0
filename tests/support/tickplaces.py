"""Where notes lie in the bars of the clock that is followed: in ticks, as they were heard."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.place import TICKS_PER_BEAT
from tests.support.barlines import CLOCKS_PER_BAR, Hearing
from tests.support.notes import notes_on

BAR_TICKS = 4 * TICKS_PER_BEAT
CLOCKS_PER_TICK = CLOCKS_PER_BAR / BAR_TICKS
LINES = np.array([0, 3, 4, 6, 8, 9, 12]) / TICKS_PER_BEAT
"""A beat's sixteenths and triplets, in beats."""
VOICES = 3
"""The MIDI channels of what the network writes."""


@dataclass(frozen=True)
class HeardPlaces:
    """Notes as they were heard: `frame` `[n]`, `tick` `[n]` of the source's song (not whole).

    `tick_seconds` `[n]` is how long a tick then lasted; `channel` `[n]` is MIDI's, from 0.
    """

    frame: NDArray[np.int64]
    tick: NDArray[np.float64]
    tick_seconds: NDArray[np.float64]
    channel: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.frame)

    def off_tick_ms(self) -> NDArray[np.float64]:
        """`[n]`: how far each is from the nearest tick."""
        return np.asarray(np.abs(self.tick - np.rint(self.tick)) * self.tick_seconds * 1000)

    def off_line_ms(self) -> NDArray[np.float64]:
        """`[n]`: how far each is from the nearest sixteenth or triplet."""
        within = self.tick / TICKS_PER_BEAT % 1.0
        away = np.abs(within[:, None] - LINES).min(1)
        return np.asarray(away * TICKS_PER_BEAT * self.tick_seconds * 1000)

    def off_sixteenth_ms(self) -> NDArray[np.float64]:
        """`[n]`: how far each is from the nearest sixteenth."""
        row = self.tick / (TICKS_PER_BEAT / 4)
        return np.asarray(np.abs(row - np.rint(row)) * 3 * self.tick_seconds * 1000)

    def by_tick_of_the_bar(self) -> NDArray[np.int64]:
        """`[48]`: how many notes begin on each tick of the bar."""
        return np.bincount(np.rint(self.tick).astype(np.int64) % BAR_TICKS, minlength=BAR_TICKS)

    def lines_struck(self) -> tuple[int, int]:
        """How many bar lines lie between the first note and the last, and how many are struck."""
        ticks = np.rint(self.tick).astype(np.int64)
        lines = range(-(-int(ticks.min()) // BAR_TICKS), int(ticks.max()) // BAR_TICKS + 1)
        struck = set((ticks[ticks % BAR_TICKS == 0] // BAR_TICKS).tolist())
        return len(lines), len(struck & set(lines))


def heard_places(
    hearing: Hearing, first_frame: int = 0, last_frame: int | None = None
) -> HeardPlaces:
    """Where the notes of P1, P2 and TR between two frames were heard, by the source's clocks.

    The source's clocks must run throughout: what is heard before the first, or after the last one,
    is left out.
    """
    clocks = hearing.clocks
    frames = [frame for frame, _ in clocks]
    rows = []
    for frame, channel, _ in notes_on(hearing.midi):
        if channel >= VOICES or frame < first_frame or (last_frame and frame >= last_frame):
            continue
        i = bisect_right(frames, frame) - 1
        if 0 <= i < len(clocks) - 1 and clocks[i + 1][1] == clocks[i][1] + 1:
            at, position = clocks[i]
            length = frames[i + 1] - at
            tick = (position + (frame - at) / length) / CLOCKS_PER_TICK
            rows.append((frame, tick, length / hearing.sample_rate, channel))
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    return HeardPlaces(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.float64),
        np.array(columns[2], np.float64) * CLOCKS_PER_TICK,
        np.array(columns[3], np.int64),
    )
