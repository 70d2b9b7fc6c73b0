"""Inference: how a request is answered, and the thread that does it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.live.protocols import Compose, Decode, Encode, Perform
from nesvae_live.engine.phrases.request import Request, Result
from nesvae_live.latent.performing import UNPLAYED, Passage
from nesvae_live.music.phrase import (
    SLOTS,
    TUPLES_PER_PHRASE,
    Phrase,
    symbols_to_tuples,
)

REMEMBERED_TIMES = 512


def draws(
    seed: int, index: int, splice: int = 0, tuples: int = TUPLES_PER_PHRASE
) -> NDArray[np.float32]:
    """The draws for phrase `index` of a jam, or for its new tail: `[tuples, 4]` float32 in 0..1."""
    rng = np.random.default_rng([seed, index, 0, splice] if splice else [seed, index])
    return rng.random((tuples, SLOTS), dtype=np.float32)


COMPOSED, PERFORMED = 3, 4
"""Set the draws of where a phrase goes, and how it is played, apart from those of its symbols."""


def composed(request: Request, decoder: Decode) -> tuple[Any, NDArray[np.float32]]:
    """Where a request that is composed goes on from, and the z `[8 + U]` of its phrase."""
    assert isinstance(decoder, Compose)  # that of a performance that composes is
    assert request.known is not None  # the caller asked
    seed = (request.seed, request.index, COMPOSED)
    start = request.start.asked(request.asked)
    return decoder.compose(start, request.z, request.known, seed, request.sampling)


def run_request(
    request: Request,
    decoder: Decode,
    time: Time,
    encoder: Encode | None = None,
) -> Result:
    """Decode one request in the calling thread; one with captured tuples needs an encoder."""
    began = time.now()
    found = None
    start = request.start.asked(request.asked)
    if request.captured is not None:
        assert encoder is not None  # who captures has one
        found = encoder.encode(request.captured)
    elif request.known is not None:
        start, found = composed(request, decoder)
    decoded = decoder.decode(
        request.z if found is None else found,
        request.mask,
        start,
        draws(request.seed, request.index, request.splice, request.tuples),
        request.sampling,
    )
    rows = symbols_to_tuples(decoded.symbols)
    phrase = Phrase(tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in rows))
    performance = UNPLAYED
    if isinstance(decoder, Perform):
        draw = (request.seed, request.index, PERFORMED, request.splice)
        performance = decoder.perform(
            Passage(
                *(phrase.tuples, request.place, request.tick, request.before, request.past, draw),
                drummed=request.drummed,
                cell=request.cell,
                fill=request.fill,
                manner=request.manner,
            )
        )
    return Result(request, phrase, decoded, time.now() - began, found, performance)


class Inference:
    """Decodes in a thread of its own; a request not yet begun gives way to a newer one.

    `deliver` is called from the inference thread with each result: a queue put.
    """

    def __init__(
        self,
        decoder: Decode,
        time: Time,
        deliver: Callable[[Result], None],
        encoder: Encode | None = None,
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._time = time
        self._deliver = deliver
        self._asked = threading.Condition()
        self._request: Request | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.error: BaseException | None = None
        self.seconds: deque[float] = deque(maxlen=REMEMBERED_TIMES)
        """The seconds that the last decodes took."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let a decode in progress finish and end the thread."""
        with self._asked:
            self._stopped = True
            self._asked.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def ask(self, request: Request) -> None:
        """Ask for a phrase; the newest request wins. Called from the sequencer's thread."""
        with self._asked:
            self._request = request
            self._asked.notify()

    def _run(self) -> None:
        try:
            while True:
                with self._asked:
                    while self._request is None and not self._stopped:
                        self._asked.wait()
                    request, self._request = self._request, None
                if request is None:
                    return
                result = run_request(request, self._decoder, self._time, self._encoder)
                self.seconds.append(result.seconds)
                self._deliver(result)
        except BaseException as error:  # noqa: BLE001 - engine.check() raises it again
            self.error = error
