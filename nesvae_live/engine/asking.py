"""What the decoder is asked for: the next phrase, a new tail, or what was captured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.engine.inference import Request
from nesvae_live.engine.placedphrase import Book, Cut
from nesvae_live.engine.state import Performer
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import Aim, Sampling, State
from nesvae_live.music.phrase import Ints

LIKELIEST = Sampling(temperature=0.01)
"""How a captured phrase is first played back: by the likeliest symbols, so as near as can be."""


class Asking:
    """Makes requests from the performer's aim, and gives phrases their numbers.

    Args:
        sampling: how symbols are drawn, but for the temperature, which is the aim's.
        performer: whose aim it is.
        origin: the state before the first phrase.
    """

    def __init__(self, sampling: Sampling, performer: Performer, origin: State) -> None:
        self._sampling = sampling
        self._performer = performer
        self._origin = origin
        self._newest = 0

    def count(self, index: int) -> None:
        """Phrase `index` plays: those that follow it have higher numbers."""
        self._newest = max(self._newest, index)

    def following(self, book: Book | None, aim: Aim | None = None) -> Request:
        """The phrase after the one that plays, or with None the first; of the newest aim or `aim`."""
        if book is None:
            return self._request(0, -1, self._origin, aim)
        return self._request(self._newest + 1, book.index, book.states[-1], aim)

    def tail(self, book: Book, cut: Cut) -> Request:
        """A new tail for the phrase that plays."""
        request = self._request(book.index, book.index - 1, book.state_at(cut))
        return replace(request, tuples=book.tail_tuples(cut), splice=book.splices + 1)

    def captured(self, tuples: Ints) -> Request:
        """Where `[n, 4]` tuples are, and a phrase from there, with no past, so that it is that one."""
        aim = self._performer.aim
        self._newest += 1
        everything = np.ones(N_ATTRIBUTES, np.float32)
        return Request(
            self._newest, -1, aim.seed, aim.z, everything, self._origin, LIKELIEST, captured=tuples
        )

    def _request(self, index: int, follows: int, state: State, aim: Aim | None = None) -> Request:
        aim = aim or self._performer.aim
        sampling = replace(self._sampling, temperature=aim.temperature)
        return Request(index, follows, aim.seed, aim.z, aim.mask, state, sampling)
