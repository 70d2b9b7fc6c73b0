"""The inference thread, on real time."""

from __future__ import annotations

import numpy as np

from nesvae_live.engine.phrases.inference import Inference
from nesvae_live.engine.phrases.request import Request, Result
from nesvae_live.latent.decoding import Sampling
from tests.support.fakes import DrawnDecoder, RealTime
from tests.support.waiting import wait_until


def test_the_newest_request_wins() -> None:
    results: list[Result] = []
    decoder = DrawnDecoder()
    inference = Inference(decoder, RealTime(), results.append)
    for index in range(5):
        inference.ask(
            Request(
                index,
                -1,
                0,
                np.zeros(40, np.float32),
                np.zeros(8, np.float32),
                decoder.initial_state(),
                Sampling(),
            )
        )
    inference.start()
    assert wait_until(lambda: bool(results))
    inference.stop()
    assert [r.request.index for r in results] == [4]
