"""A request for a phrase, or for a new tail; and the result, its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.control.inputs import Input
from nesvae_live.latent.decoding import (
    QUOTE,
    Asked,
    Condition,
    Ending,
    Joint,
    Sampling,
    Spelling,
    Standing,
    Stretch,
)
from nesvae_live.latent.given import Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import NEVER, NONE_GIVEN, Lines
from nesvae_live.latent.performing import LEARNT, UNPLAYED, Manner, Performance
from nesvae_live.log.entries import Overtaken
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import (
    TUPLES_PER_PHRASE,
    Ints,
    Phrase,
)
from nesvae_live.music.voices import SILENCE


@dataclass(frozen=True, slots=True)
class Request:
    """Phrase `index`, to be decoded from `z` `[8 + U]` and `mask` `[8]`, going on from `start`.

    `follows` is the index of the phrase that `start` ends (-1: none). `splice` is 0 for a whole
    phrase. Otherwise only the phrase's last `tuples` tuples are decoded again, and `splice` counts
    how often that has been asked for, this time included. `seed`, `index` and `splice` determine
    the draws. With `captured` tuples, `[n, 4]` with n up to 13, the phrase is decoded from where
    the encoder finds them. It begins at `place` of the bar, and quotes so much (`quote`, 0..1) of
    the past, if the decoder knows of these; `hands`, `back`, `forget`, `cell`, `ending`, `given`,
    `harmony` and `enters` are as in `Asked`. If `known` `[8 + U]` is given, the decoder composes: only those coordinates of z are kept. `returns`,
    `forgets` and `lines` are the condition's; `tick`, `before`, `past`, `drummed`,
    `fill` and `manner` are as in `Passage`.
    """

    index: int
    follows: int
    seed: int
    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    start: Standing
    sampling: Sampling
    tuples: int = TUPLES_PER_PHRASE
    splice: int = 0
    captured: Ints | None = None
    place: int = FREE
    quote: float = QUOTE
    hands: NDArray[np.float32] | None = None
    back: Stretch | None = None
    forget: bool = False
    known: NDArray[np.bool_] | None = None
    returns: int = 0
    forgets: int = 0
    cell: int = 1
    ending: Ending | None = None
    given: Given | None = None
    lines: Lines = NONE_GIVEN
    harmony: Harmony | None = None
    enters: tuple[int, int, int] = NEVER
    tick: int = 0
    before: tuple[int, int, int] = (SILENCE, SILENCE, SILENCE)
    past: tuple[Any, ...] = ()
    drummed: bytes = b""
    fill: float | None = None
    manner: Manner = LEARNT

    @property
    def condition(self) -> Condition:
        """What the knobs ask the decoder for."""
        return Condition(
            self.z,
            self.mask,
            self.sampling.temperature,
            self.seed,
            self.quote,
            self.returns,
            self.forgets,
            self.hands,
            self.lines,
            self.harmony,
        )

    @property
    def asked(self) -> Asked:
        """How the decoder is to go on from `start`."""
        return Asked(
            self.place,
            self.quote,
            not self.splice,
            self.hands,
            self.back,
            self.forget,
            self.cell,
            self.ending,
            self.given,
            self.harmony,
            self.enters,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a request: the phrase or its tail, as decoded, and the seconds that it took.

    `z` `[8 + U]` is where the encoder found what was captured, or where the decoder composed the
    phrase; else None. `performance` is how its notes are played.
    """

    request: Request
    phrase: Phrase
    decoded: Spelling
    seconds: float
    z: NDArray[np.float32] | None = None
    performance: Performance = UNPLAYED

    @property
    def states(self) -> tuple[Joint, ...]:
        """The decoder's state before each tuple, and after the last."""
        return tuple(Joint(self.decoded, i) for i in range(len(self.phrase.tuples) + 1))


Item = Input | Result | Overtaken
"""What the sequencer's inbox holds; `Overtaken` only in a replay."""
