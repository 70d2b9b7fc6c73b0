"""What a performance has played, as the decoder of format 3 knows it, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import QUOTE, START, Symbols
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.music.metre.place import FREE, advance_table
from nesvae_live.music.phrase import LONGEST_HOLD, SLOTS

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_LATER = advance_table(LONGEST_HOLD)


@dataclass(frozen=True, slots=True)
class Memory:
    """The tuples played so far, at most the last 1,024, never changed in place.

    `symbols` `[P, 4]`, `places` `[P]`, `ticks` `[P]` when each began, `keys` `[P, keys]` of the
    states before them.
    """

    symbols: I64
    places: I64
    ticks: I64
    keys: F32

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def empty(cls, keys: int) -> Memory:
        """Nothing was played."""
        none = np.zeros(0, np.int64)
        return cls(np.zeros((0, SLOTS), np.int64), none, none, np.zeros((0, keys), np.float32))

    def then(self, symbols: I64, place: int, keys: F32) -> Memory:
        """With tuples `[n, 4]` more, the first of which began at `place`."""
        if not len(symbols):
            return self
        held = symbols[:, 3] + 1
        begin = int(self.ticks[-1] + self.symbols[-1, 3] + 1) if len(self) else 0
        ticks = begin + np.concatenate(([0], np.cumsum(held)[:-1]))
        return Memory(
            np.concatenate((self.symbols, symbols)),
            np.concatenate((self.places, places_from(place, held))),
            np.concatenate((self.ticks, ticks)),
            np.concatenate((self.keys, keys)),
        ).recent()

    def held(self, ticks: int) -> Memory:
        """With the last tuple cut to so many ticks."""
        symbols = self.symbols.copy()
        symbols[-1, 3] = ticks - 1
        return replace(self, symbols=symbols)

    def recent(self) -> Memory:
        """The last 1,024 of them."""
        if len(self) <= PAST:
            return self
        symbols, places, ticks = (x[-PAST:] for x in (self.symbols, self.places, self.ticks))
        return Memory(symbols, places, ticks, self.keys[-PAST:])


def places_from(place: int, held: I64) -> I64:
    """`[n]`: where tuples begin that hold so many ticks, the first one at `place`."""
    out = np.empty(len(held), np.int64)
    for i, ticks in enumerate(held):
        out[i] = place
        place = int(_LATER[place, ticks])
    return out


@dataclass(frozen=True, slots=True)
class SongState:
    """Where a phrase goes on from.

    The decoder's `hidden` `[L, H]`, the last tuple, the next one's place, what was played, and how
    much of it may be quoted, 0 (nothing) to 1 (all it can).
    """

    remembers: ClassVar[bool] = True

    hidden: F32
    previous: Symbols
    place: int
    memory: Memory
    quote: float = QUOTE

    @classmethod
    def beginning(cls, layers: int, size: int, keys: int, place: int = FREE) -> SongState:
        """No past."""
        return cls(np.zeros((layers, size), np.float32), START, place, Memory.empty(keys))

    def held(self, steps: int) -> SongState:
        """The same, its last tuple cut to so many ticks."""
        memory = self.memory.held(steps)
        place = int(_LATER[memory.places[-1], steps])
        return replace(self, previous=(*self.previous[:3], steps - 1), place=place, memory=memory)

    def at(self, place: int, quote: float) -> SongState:
        """The same, if the next tuple begins at a place, and may quote so much of the past."""
        return replace(self, place=place, quote=quote)


@dataclass(frozen=True, slots=True)
class SongDecoded:
    """Tuples that were spelt: `symbols` `[T, 4]`, `hidden` `[T + 1, L, H]` before each and after.

    `keys` `[T, keys]` of the states before them; `start` is where they went on from.
    """

    symbols: I64
    hidden: F32
    keys: F32
    start: SongState

    def state(self, tuples: int) -> SongState:
        """The state after `tuples` tuples (0: as it began)."""
        if tuples == 0:
            return self.start
        a, b, c, d = (int(s) for s in self.symbols[tuples - 1])
        held = self.symbols[:tuples, 3] + 1
        place = self.start.place
        later = int(_LATER[places_from(place, held)[-1], held[-1]])
        memory = self.start.memory.then(self.symbols[:tuples], place, self.keys[:tuples])
        return SongState(self.hidden[tuples], (a, b, c, d), later, memory)
