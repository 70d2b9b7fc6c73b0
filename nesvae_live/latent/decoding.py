"""What the decoder takes (a condition, a state, how to sample) and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.given import Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import NEVER, NONE_GIVEN, Lines
from nesvae_live.music.key import Key
from nesvae_live.music.phrase import SLOT_TABLE, Ints

Symbols = tuple[int, int, int, int]

START: Symbols = tuple(slot.n_symbols for slot in SLOT_TABLE)  # type: ignore[assignment]
"""The symbols of the tuple before the first one: one past each slot's last."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How symbols are drawn.

    `temperature` is above 0. `top_p`, in 0..1, is the probability mass that is kept. `guidance`,
    from 1 (none) up, says how far to go from what the network would write with all attributes
    released towards what it writes with those that are set. When a knob is set, `candidates`
    phrases are decoded at once, of which the critic keeps one (`model.song.songcritic`). One that `stirs`
    lets nothing stand still for longer than songs do that are as extreme as hands ask for; takes of
    before waited for longer. Where no hand steers, one that is `calibrated` has notes begin, stay and sound together as
    often as in songs; takes of before had them as they came. One that `heeds_metre` does so in free music
    too, and begins it as songs begin that are free; for takes of before the metre said where notes begin, and no more.
    One that `recalls` has voices come back to figures, and to what they had bars before, as often as in songs.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    guidance: float = 1.0
    candidates: int = 1
    stirs: bool = False
    calibrated: bool = False
    heeds_metre: bool = False
    recalls: bool = False


SAMPLING = Sampling(
    temperature=0.85,
    top_p=0.93,
    guidance=2.5,
    candidates=2,
    stirs=True,
    calibrated=True,
    heeds_metre=True,
    recalls=True,
)
"""The sampling that ships."""


QUOTE = 0.6
"""How much of the past is quoted unless somebody says: the least with which music comes back as often
as in songs (.5 is as much as the network learnt to)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was played and is to come back: `tuples` tuples, up to where `end` stands.

    The first phrase of it was decoded from `z` `[8 + U]` and `mask` `[8]`. It comes back moved by
    `shift` semitones.
    """

    end: Joint
    tuples: int
    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """The performance ends in `ticks` ticks, on a chord that lasts the `last` of them.

    Notes are kept to `key` (None: to none) after each voice was moved by `transpose` semitones.
    """

    ticks: int
    last: int
    key: Key | None = None
    transpose: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """How to go on from where the music stands.

    What comes is a phrase of its own if it is `whole`, else a phrase's tail. It begins at a `place`
    (`metre.place`) and quotes so much of the past, 0..1. `hands` `[8 + U]` is 1 where a hand set a
    coordinate; None: those attributes that are set. If `back` is given, that stretch is to come back; with
    `forget` nothing else of the past is. Each tuple begins a multiple of `cell` ticks after the bar
    line, or, where there are no bars, after the first one. If there is an `ending`, it is near. If some
    voices are `given`, the others are written to fit. They are led to a `harmony` if somebody holds one.
    `enters` says for each voice on which tick from there it enters, whatever else (-1: it needn't).
    """

    place: int
    quote: float
    whole: bool = True
    hands: NDArray[np.float32] | None = None
    back: Stretch | None = None
    forget: bool = False
    cell: int = 1
    ending: Ending | None = None
    given: Given | None = None
    harmony: Harmony | None = None
    enters: tuple[int, int, int] = NEVER

    @property
    def track(self) -> Ints | None:
        """What is given, up to the last chord, which is the decoder's; None: nothing is."""
        if self.given is None:
            return None
        ending = self.ending
        return self.given.track(None if ending is None else ending.ticks - ending.last)


class Standing(Protocol):
    """Where a phrase goes on from, as a decoder knows it; what is in it is the decoder's affair."""

    @property
    def remembers(self) -> bool:
        """Whether the decoder knows the bar and the past, and can quote it."""
        ...

    def held(self, steps: int) -> Self:
        """The same, its last tuple cut to so many steps."""
        ...

    def asked(self, asked: Asked) -> Self:
        """The same, if the music is to go on like that."""
        ...


@runtime_checkable
class Quotes(Protocol):
    """Where a phrase goes on from, if a decoder can be told what was played before."""

    def having(self, symbols: NDArray[np.int64], place: int) -> Standing:
        """The same, if symbols `[T, 4]` had been played from a place of the bar on."""
        ...


class Spelling(Protocol):
    """Tuples that a decoder spelt."""

    @property
    def symbols(self) -> NDArray[np.int64]:
        """`[T, 4]`."""
        ...

    def state(self, tuples: int) -> Standing:
        """The state after `tuples` tuples (0: as it began)."""
        ...


@dataclass(frozen=True, slots=True)
class Joint:
    """The state after `tuples` tuples of a spelling; it is worked out only if it is gone on from."""

    spelling: Spelling
    tuples: int

    @property
    def state(self) -> Standing:
        """The decoder's state there."""
        return self.spelling.state(self.tuples)


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Where a phrase goes on from: the hidden state `[L, H]` float32 and the last tuple."""

    remembers: ClassVar[bool] = False

    hidden: NDArray[np.float32]
    previous: Symbols

    def held(self, steps: int) -> DecoderState:
        """The same, its last tuple cut to so many steps."""
        return replace(self, previous=(*self.previous[:3], steps - 1))

    def asked(self, asked: Asked) -> DecoderState:
        """The same: this decoder knows neither the bar nor the past."""
        del asked
        return self


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded phrase: `symbols` `[T, 4]`, and `hidden` `[T + 1, L, H]` before each tuple.

    `first` is the tuple before the phrase.
    """

    symbols: NDArray[np.int64]
    hidden: NDArray[np.float32]
    first: Symbols

    def state(self, tuples: int) -> DecoderState:
        """The state after `tuples` tuples (0: as the phrase began)."""
        if tuples == 0:
            return DecoderState(self.hidden[0], self.first)
        a, b, c, d = (int(s) for s in self.symbols[tuples - 1])
        return DecoderState(self.hidden[tuples], (a, b, c, d))


@dataclass(frozen=True, slots=True)
class Condition:
    """What a phrase is decoded for: z `[8 + U]`, attributes' mask `[8]`, temperature and seed.

    `quote`, in 0..1, is how much of the past may come back. `returns` and `forgets` count how often
    a theme was asked back and the past forgotten. `hands` `[8 + U]` is 1 where a hand has set a
    coordinate; None: those attributes that are set. `lines` are those of the voices that are given,
    `harmony` is what somebody holds (None: nobody does).
    """

    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    temperature: float
    seed: int
    quote: float = QUOTE
    returns: int = 0
    forgets: int = 0
    hands: NDArray[np.float32] | None = None
    lines: Lines = NONE_GIVEN
    harmony: Harmony | None = None

    @property
    def key(self) -> bytes:
        """Bytes that are equal for equal conditions."""
        counts = (self.returns, self.forgets, self.lines.number)
        drawn = np.array([self.temperature, self.seed, self.quote, *counts])
        held = b"" if self.harmony is None else self.harmony.key
        return self.z.tobytes() + self.mask.tobytes() + drawn.tobytes() + held
