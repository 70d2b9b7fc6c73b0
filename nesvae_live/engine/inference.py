"""The inference thread: the newest request in, its phrase out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.protocols import Decode, Encode
from nesvae_live.latent.decoding import Aim, Decoded, Sampling, State
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, Phrase, symbols_to_tuples

REMEMBERED_TIMES = 512


@dataclass(frozen=True, slots=True)
class Request:
    """Phrase `index`, to be decoded from `z` and `mask`, going on from `start`.

    `follows` is the index of the phrase that `start` ends (-1: none). `splice` is 0 for a whole
    phrase, and else says that the phrase's last `tuples` tuples are decoded again, for the how
    manieth time. `seed`, `index` and `splice` determine the draws. If `captured` `[n, 4]` tuples
    are there, n up to 13, the phrase is decoded from where the encoder finds them.
    """

    index: int
    follows: int
    seed: int
    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    start: State
    sampling: Sampling
    tuples: int = TUPLES_PER_PHRASE
    splice: int = 0
    captured: Ints | None = None

    @property
    def aim(self) -> Aim:
        """Where the knobs point."""
        return Aim(self.z, self.mask, self.sampling.temperature, self.seed)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a request: the phrase or its tail, the states in it, and the seconds that it took.

    `z` is where the encoder found what was captured, None if nothing was.
    """

    request: Request
    phrase: Phrase
    decoded: Decoded
    seconds: float
    z: NDArray[np.float32] | None = None


def draws(
    seed: int, index: int, splice: int = 0, tuples: int = TUPLES_PER_PHRASE
) -> NDArray[np.float32]:
    """`[tuples, 4]` float32 in 0..1: the draws of phrase `index` of a jam, or of its new tail."""
    rng = np.random.default_rng([seed, index, 0, splice] if splice else [seed, index])
    return rng.random((tuples, SLOTS), dtype=np.float32)


def run_request(
    request: Request, decoder: Decode, time: Time, encoder: Encode | None = None
) -> Result:
    """Decode one request, here and now; one with something captured needs an encoder."""
    began = time.now()
    found = None
    if request.captured is not None:
        assert encoder is not None  # who captures has asked
        found = encoder.encode(request.captured)
    decoded = decoder.decode(
        request.z if found is None else found,
        request.mask,
        request.start,
        draws(request.seed, request.index, request.splice, request.tuples),
        request.sampling,
    )
    rows = symbols_to_tuples(decoded.symbols)
    phrase = Phrase(tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in rows))
    return Result(request, phrase, decoded, time.now() - began, found)


class Inference:
    """Decodes on a thread of its own; a request that was not begun gives way to a newer one.

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
        """How long the last decodes took."""

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
        except BaseException as error:  # noqa: BLE001 - kept for engine.check(), which raises it again
            self.error = error
