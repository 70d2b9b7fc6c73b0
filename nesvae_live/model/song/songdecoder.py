"""The network for live use: `song` and `pointer` without torch or the GIL.

What is table rows in its input is added up at load time: the tuple before, the place, the given
notes. Of a step there remain the GRU's products, the heads, and the pointer, whose candidates are
found by comparing integers.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.given import nothing_given
from nesvae_live.latent.harmony import no_harmony
from nesvae_live.model.gru import F32, contiguous
from nesvae_live.model.song.memory import Memory, SongDecoded, SongState
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songkernel import spell
from nesvae_live.model.song.songweights import song_tables
from nesvae_live.model.song.steering.ending import LastChord
from nesvae_live.model.song.steering.marginals import UNMENDED, Marginals
from nesvae_live.model.song.steering.presence import NEVER as NO_END
from nesvae_live.model.song.steering.presence import wait_for_ever
from nesvae_live.model.song.steering.quote import STAY, odds_to_alignment
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, bar_line
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Guide:
    """What tuples are to come back at which tick: those of `memory`, which begins at tick 0.

    `gone` ticks of it are over. `odds` are added to the log odds of quoting each slot of it.
    """

    memory: Memory
    gone: int
    odds: tuple[float, float, float, float]


class Workspace:
    """Arrays for one decode, in the memory of the last one.

    A decode needs some megabytes, ever more as the past grows; made anew each time, they are what
    remembered phrases split the heap between, so that it grew by hundreds of megabytes.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, NDArray[Any]] = {}

    def room(self, name: str, shape: tuple[int, ...], kind: type[Any]) -> NDArray[Any]:
        """An array to be filled, which is that of a name until the next one of that name."""
        size = math.prod(shape)
        room = self._rooms.get(name)
        if room is None or room.size < size:
            room = self._rooms[name] = np.empty(1 << (size - 1).bit_length(), kind)
        return room[:size].reshape(shape)


class SongDecoder:
    """Spells phrases from z, the place and the past; from one thread at a time; releases the GIL."""

    def __init__(self, checkpoint: SongCheckpoint) -> None:
        self.config = checkpoint.config
        # Of a named tuple the types of all fields are worked out with every call, which takes as long as
        # a tuple of the music does.
        self._tables = tuple(song_tables(checkpoint.weights, checkpoint.config))
        self._workspace = Workspace()

    def initial_state(self, place: int = FREE) -> SongState:
        """No past."""
        c = self.config
        return SongState.beginning(c.layers, c.hidden, c.keys, place)

    def decode(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling = Sampling(),
        *,
        odds: float = 0.0,
    ) -> SongDecoded:
        """Spell tuples.

        Args:
            z: `[8 + U]` float32, attribute coordinates and style.
            mask: `[8]` float32, 1 where an attribute is set, 0 where it is released.
            start: where to go on from, and which voices are given.
            uniforms: `[T, 4]` float32 in 0..1, one draw a token; T is how many tuples to spell.
            sampling: temperature, top-p and guidance.
            odds: added to the log odds of quoting the past.

        Returns:
            T tuples and the states between them.
        """
        return self.decode_many(z, mask, start, uniforms[None], sampling, odds=odds)[0]

    def decode_many(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling,
        *,
        odds: float = 0.0,
        hands: F32 | None = None,
        back: Guide | None = None,
        chord: LastChord | None = None,
        patience: F32 | None = None,
        again: float = 0.0,
        agree: float = 0.0,
        strange: float = 1.0,
        still: float = NO_END,
        mends: Marginals | None = None,
    ) -> list[SongDecoded]:
        """Spell N candidates at once, from draws `[N, T, 4]`: little dearer than one.

        What is guided is what `hands` `[8]` have set (None: all that is set) and what is given, against
        the rest alone. If there is something to come `back`, it is quoted rather than anything else. Every
        tuple ends on a line of the state's cells, and where a voice changes that it has `given`. Notes are led to
        the state's `harmony`, and a voice `enters` where that says. A last `chord` is near if it is given. After
        `patience` `[4, 2]` ticks a silent voice is brought back, and what stands still moved on (None:
        never). `again` speaks for holds that the phrase has had, `agree` for what is consonant
        with given notes; of what isn't, so much of a share is left (`strange`). Something begins after `still`
        ticks at the latest. `mends` has how often things happen be as in songs (None: as it comes).
        """
        turned = mask * (mask if hands is None else hands)
        left_over = mask * (turned == 0)
        branches = [
            np.concatenate((z[:N_ATTRIBUTES] * known, z[N_ATTRIBUTES:], known)).astype(np.float32)
            for known in (mask, left_over)
        ]
        if sampling.guidance == 1.0 or not (turned.any() or start.given is not None):
            branches = branches[:1]
        n, length = uniforms.shape[:2]
        chord = chord or LastChord.none()
        memory = start.memory if back is None else start.memory.recent_after(back.memory)
        rows, played = n * len(branches), len(memory)
        c = self.config
        room = self._workspace.room
        symbols = room("symbols", (n, played + length, SLOTS), np.int64)
        symbols[:, :played], symbols[:, played:] = memory.symbols, 0
        places = room("places", (n, played + length + 1), np.int64)
        places[:, :played], places[:, played] = memory.places, start.place
        ticks = room("ticks", (n, played + length + 1), np.int64)
        ticks[:, :played], ticks[:, played] = memory.ticks, memory.end
        past = memory.keys.rows(room("past", (played, c.keys), np.float32))
        keys = room("keys", (n, length, c.keys), np.float32)
        due = np.zeros(0, np.int64) if back is None else back.memory.ticks - back.gone
        hidden = room("hidden", (length + 1, c.layers, rows, c.hidden), np.float32)
        hidden[0] = start.hidden[:, None]
        spell(
            contiguous(np.stack(branches)),
            np.array(start.previous, np.int64),
            contiguous(uniforms),
            np.array([*_drawn_by(sampling), again, agree, strange, STAY, still], np.float32),
            np.array([odds, odds_to_alignment(odds)], np.float32),
            np.array(back.odds if back else [0.0] * SLOTS, np.float32),
            due,
            nothing_given() if start.given is None else start.given,
            np.array((start.cell, _since_line(start)), np.int64),
            no_harmony() if start.harmony is None else start.harmony.table(),
            _strong_places(start),
            np.array(start.enters, np.int64),
            np.array((chord.at, chord.end), np.int64),
            chord.leans,
            wait_for_ever() if patience is None else patience,
            tuple(mends or UNMENDED),
            self._tables,
            c.candidates,
            symbols,
            places,
            ticks,
            past,
            keys,
            hidden,
        )
        return [  # copies: a state that is remembered must not hold those of all candidates
            SongDecoded(
                symbols[i, played:].copy(),
                hidden[:, :, i * len(branches)].copy(),
                keys[i].copy(),
                start,
            )
            for i in range(n)
        ]

    def warm_up(self) -> float:
        """Compile and touch every weight; returns the seconds that a phrase then takes."""
        z = np.zeros(self.config.latent, np.float32)
        mask = np.ones(N_ATTRIBUTES, np.float32)
        uniforms = np.full((TUPLES_PER_PHRASE, SLOTS), 0.5, np.float32)
        seconds = 0.0
        for _ in range(3):
            began = time.perf_counter()
            self.decode(z, mask, self.initial_state(), uniforms, Sampling(guidance=2.0))
            seconds = time.perf_counter() - began
        return seconds


def _drawn_by(sampling: Sampling) -> tuple[float, float, float]:
    return sampling.temperature, sampling.top_p, sampling.guidance


def _strong_places(start: SongState) -> I64:
    """Every so many ticks lies a place on which the harmony counts, and when the last one was."""
    if start.harmony is None:
        return np.zeros(2, np.int64)
    tick = start.harmony.tick
    return np.array((1, 0) if tick is None else (TICKS_PER_BEAT, tick), np.int64)


def _since_line(start: SongState) -> int:
    """How many ticks ago the last line of a cell was; where there are no bars it is now."""
    return 0 if start.place == FREE else (start.place - bar_line(start.place)) % start.cell
