"""What a performance has played, as the decoder of format 3 knows it, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.decoding import QUOTE, START, Asked, Ending, Stretch, Symbols
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import NEVER
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.model.song.songprior import Form
from nesvae_live.music.metre.place import FREE, advance_table, bar_ticks
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, SLOTS, TUPLES_PER_PHRASE
from nesvae_live.music.voicenotes import to_range
from nesvae_live.music.voices import VOICES

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_LATER = advance_table(LONGEST_HOLD)


@dataclass(frozen=True, slots=True)
class Keys:
    """Rows of `size` float32, in pieces that memories share: hundreds of them are remembered at a time."""

    size: int
    pieces: tuple[F32, ...] = ()

    @classmethod
    def of(cls, rows: F32) -> Keys:
        """Rows `[n, size]`."""
        return cls(rows.shape[1], (rows,))

    def then(self, rows: F32) -> Keys:
        """With rows `[n, size]` more."""
        return Keys(self.size, (*self.pieces, rows))

    def before(self, other: Keys) -> Keys:
        """With those of another one more."""
        return Keys(self.size, self.pieces + other.pieces)

    def part(self, at: slice) -> Keys:
        """Those that a slice without a step says."""
        first, end, _ = at.indices(sum(map(len, self.pieces)))
        pieces, began = [], 0
        for piece in self.pieces:
            low, high = max(first - began, 0), min(end - began, len(piece))
            if low < high:
                pieces.append(piece if high - low == len(piece) else piece[low:high])
            began += len(piece)
        return Keys(self.size, tuple(pieces))

    def rows(self, out: F32 | None = None) -> F32:
        """`[P, size]`: all of them, written into `out` if it is given."""
        return np.concatenate((np.zeros((0, self.size), np.float32), *self.pieces), out=out)


@dataclass(frozen=True, slots=True)
class Memory:
    """The tuples played so far, at most the last 1,024, never changed in place.

    `symbols` `[P, 4]`, `places` `[P]`, `ticks` `[P]` when each began, `keys` of the states before
    them.
    """

    symbols: I64
    places: I64
    ticks: I64
    keys: Keys

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def empty(cls, keys: int) -> Memory:
        """Nothing was played."""
        none = np.zeros(0, np.int64)
        return cls(np.zeros((0, SLOTS), np.int64), none, none, Keys(keys))

    def then(self, symbols: I64, place: int, keys: F32) -> Memory:
        """With tuples `[n, 4]` more, the first of which began at `place`."""
        if not len(symbols):
            return self
        held = symbols[:, 3] + 1
        ticks = self.end + np.concatenate(([0], np.cumsum(held)[:-1]))
        return Memory(
            np.concatenate((self.symbols, symbols)),
            np.concatenate((self.places, places_from(place, held))),
            np.concatenate((self.ticks, ticks)),
            self.keys.then(keys),
        ).recent()

    def held(self, ticks: int) -> Memory:
        """With the last tuple cut to so many ticks."""
        symbols = self.symbols.copy()
        symbols[-1, 3] = ticks - 1
        return replace(self, symbols=symbols)

    def recent(self, most: int = PAST) -> Memory:
        """The last `most` of them, by default 1,024."""
        return self if len(self) <= most else self.part(len(self) - most)

    def part(self, first: int, end: int | None = None) -> Memory:
        """Tuples `first` to `end`."""
        at = slice(first, end)
        return Memory(self.symbols[at], self.places[at], self.ticks[at], self.keys.part(at))

    @property
    def end(self) -> int:
        """The tick on which the last one ends; 0 if there is none."""
        return int(self.ticks[-1] + self.symbols[-1, 3] + 1) if len(self) else 0

    def aligned(self, place: int, begin: int) -> tuple[Memory, int]:
        """The past from tuple `begin` on, or from where its bar is at `place`.

        If it lies in bars, that is where the bar is nearest to tuple `begin`.

        Returns:
            What was played from there on, counted from tick 0, and on which tick that was.
        """
        at, there = int(self.ticks[begin]), int(self.places[begin])
        bar = bar_ticks(place)
        if bar > 0 and bar == bar_ticks(there):
            late = (place - there) % bar
            nearer = late > bar // 2 or at + late >= self.end
            earlier = at + late - bar
            at = earlier if nearer and earlier >= self.ticks[0] else min(at + late, self.end - 1)
        begin = int(np.searchsorted(self.ticks, at, "right")) - 1
        part = self.part(begin)
        over = at - int(part.ticks[0])
        symbols, places = part.symbols.copy(), part.places.copy()
        symbols[0, 3] -= over
        places[0] = _LATER[places[0], over]
        return Memory(symbols, places, np.maximum(part.ticks - at, 0), part.keys), at

    def recent_after(self, other: Memory) -> Memory:
        """Another memory and behind it this one, of which only so much that they are 1,024."""
        new = self.recent(PAST - len(other))
        late = other.end - (int(new.ticks[0]) if len(new) else 0)
        return Memory(
            np.concatenate((other.symbols, new.symbols)),
            np.concatenate((other.places, new.places)),
            np.concatenate((other.ticks - late, new.ticks)),
            other.keys.before(new.keys),
        )


def places_from(place: int, held: I64) -> I64:
    """`[n]`: where tuples begin that hold so many ticks, the first one at `place`."""
    out = np.empty(len(held), np.int64)
    for i, ticks in enumerate(held):
        out[i] = place
        place = int(_LATER[place, ticks])
    return out


@dataclass(frozen=True, slots=True)
class Said:
    """What the phrase was decoded from in which the music stands, or with which it ended.

    It began on tick `begin` of the performance.
    """

    z: F32
    mask: F32
    begin: int


@dataclass(frozen=True, slots=True)
class Returning:
    """A stretch that comes back: its tuples from tick 0 on, of which `gone` ticks are over.

    A theme was asked for: its first phrase was decoded from `z` `[8 + U]` and `mask` `[8]`, and is
    `first` `[13, 4]`. Else it is a section that the decoder composed: then `lead` is the voice that
    is led along it, and `ticks` is when it was played.
    """

    memory: Memory
    gone: int
    z: F32
    mask: F32
    first: I64
    lead: int | None = None
    ticks: int = 0

    @classmethod
    def to(cls, place: int, stretch: Stretch, past: Memory) -> Returning:
        """A theme, the last of what was `past` then."""
        begin = max(len(past) - stretch.tuples, 0)
        first = past.symbols[begin : begin + TUPLES_PER_PHRASE]
        memory, _ = past.aligned(place, begin)
        memory = replace(memory, symbols=moved(memory.symbols, stretch.shift))
        return cls(memory, 0, stretch.z, stretch.mask, moved(first, stretch.shift))

    @classmethod
    def section(cls, place: int, past: Memory, begin: int, end: int, said: Said) -> Returning:
        """Tuples `begin` to `end` of the past again, led by the busier pulse."""
        memory, ticks = past.part(0, end).aligned(place, begin)
        notes = memory.symbols[:, :2]
        lead = int((notes[1:] != notes[:-1]).sum(0).argmax())
        first = past.symbols[begin : begin + TUPLES_PER_PHRASE]
        return cls(memory, 0, said.z, said.mask, first, lead, ticks)

    def later(self, ticks: int) -> Returning | None:
        """So many ticks later; None if it is over."""
        gone = self.gone + ticks
        return replace(self, gone=gone) if gone < self.memory.end else None


def moved(symbols: I64, semitones: int) -> I64:
    """Tuples `[n, 4]` moved by semitones; what leaves a voice's range comes back by octaves."""
    out = symbols.copy()
    if semitones:
        for spec, slot in zip(VOICES, SLOT_TABLE[:N_VOICES], strict=True):
            for row in np.flatnonzero(symbols[:, spec.voice]):
                note = int(symbols[row, spec.voice]) - 1 + slot.first + semitones
                out[row, spec.voice] = to_range(spec.voice, note) - slot.first + 1
    return out


@dataclass(frozen=True, slots=True)
class SongState:
    """Where a phrase goes on from.

    The decoder's `hidden` `[L, H]`, the last tuple, the next one's place, what was played, and how
    much of it may be quoted, 0 (nothing) to 1 (all it can). `cell`, `hands`, `back`, `ending`, `harmony` and
    `enters` are as in `Asked`, `given` is a track of it (None: no voice is given). `form` is what the prior knows of the
    phrases before the one that `said` belongs to (None: there is no prior); if that one is `over`
    another begins.
    """

    remembers: ClassVar[bool] = True

    hidden: F32
    previous: Symbols
    place: int
    memory: Memory
    quote: float = QUOTE
    form: Form | None = None
    said: Said | None = None
    over: bool = False
    hands: F32 | None = None
    back: Returning | None = None
    cell: int = 1
    ending: Ending | None = None
    given: I64 | None = None
    harmony: Harmony | None = None
    enters: tuple[int, int, int] = NEVER

    @classmethod
    def beginning(
        cls, layers: int, size: int, keys: int, place: int = FREE, form: Form | None = None
    ) -> SongState:
        """No past."""
        hidden = np.zeros((layers, size), np.float32)
        return cls(hidden, START, place, Memory.empty(keys), form=form)

    def held(self, steps: int) -> SongState:
        """The same, its last tuple cut to so many ticks."""
        memory = self.memory.held(steps)
        place = int(_LATER[memory.places[-1], steps])
        back = self.back and self.back.later(steps - 1 - self.previous[3])
        previous = (*self.previous[:3], steps - 1)
        return replace(self, previous=previous, place=place, memory=memory, back=back)

    def having(self, symbols: I64, place: int) -> SongState:
        """The same, if tuples `[n, 4]` had been played from `place` on; nothing of the state is known."""
        size = self.memory.keys.size
        keys = np.zeros((len(symbols), size), np.float32)
        return replace(self, memory=Memory.empty(size).then(symbols, place, keys))

    def asked(self, asked: Asked) -> SongState:
        """The same, if the music is to go on like that."""
        memory, form, back = self.memory, self.form, self.back
        if asked.forget:
            # All but the tuple that sounds: it may be cut yet.
            memory, back = memory.part(max(len(memory) - 1, 0)), None
            form = form and form.forgotten()
        if asked.back is not None:
            then = asked.back.end.state
            assert isinstance(then, SongState)  # it was played by the same decoder
            back = Returning.to(asked.place, asked.back, then.memory)
        return replace(
            self,
            place=asked.place,
            quote=asked.quote,
            memory=memory,
            form=form,
            over=asked.whole,
            hands=asked.hands,
            back=back,
            cell=asked.cell,
            ending=asked.ending,
            given=asked.track,
            harmony=asked.harmony,
            enters=asked.enters,
        )


@dataclass(frozen=True, slots=True)
class SongDecoded:
    """Tuples that were spelt: `symbols` `[T, 4]`, `hidden` `[T + 1, L, H]` before each and after.

    `keys` `[T, keys]` of the states before them; `start` is where they went on from, and `said` what
    they were decoded from.
    """

    symbols: I64
    hidden: F32
    keys: F32
    start: SongState
    said: Said | None = None

    def state(self, tuples: int) -> SongState:
        """The state after `tuples` tuples (0: as it began)."""
        if tuples == 0:
            return self.start
        a, b, c, d = (int(s) for s in self.symbols[tuples - 1])
        held = self.symbols[:tuples, 3] + 1
        place = self.start.place
        later = int(_LATER[places_from(place, held)[-1], held[-1]])
        memory = self.start.memory.then(self.symbols[:tuples], place, self.keys[:tuples])
        back = self.start.back and self.start.back.later(int(held.sum()))
        return SongState(
            self.hidden[tuples],
            (a, b, c, d),
            later,
            memory,
            form=self.start.form,
            said=self.said,
            back=back,
        )
