"""The engine's threads, on real time with no device."""

from __future__ import annotations

import time
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.control.inputs import GetStatus, SetKnob
from nesvae_live.engine.engine import Engine, milliseconds
from nesvae_live.engine.live.config import ClockSetup, PlayConfig, Setup
from nesvae_live.engine.live.protocols import Callbacks, Decode
from nesvae_live.engine.phrases.request import Item
from nesvae_live.latent.decoding import Decoded, DecoderState, Sampling
from nesvae_live.music.events import NoteOff, NoteOn
from tests.support.fakes import CapturingOutput, DrawnDecoder, ListJournal, RealTime
from tests.support.waiting import wait_until


class BrokenDecoder(DrawnDecoder):
    """Decodes one phrase, then fails."""

    def __init__(self) -> None:
        self.decodes = 0

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: DecoderState,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> Decoded:
        self.decodes += 1
        if self.decodes > 1:
            raise RuntimeError("the weights are gone")
        return super().decode(z, mask, start, uniforms, sampling)


class Rig:
    def __init__(self, bars: int | None = None, decoder: Decode | None = None) -> None:
        self.output = CapturingOutput()
        self.journal = ListJournal()
        self.inbox: SimpleQueue[Item] = SimpleQueue()
        self.engine = Engine(
            Setup(
                PlayConfig(
                    np.zeros(32, np.float32), np.tile([-2.5, 2.5], (8, 1)), seed=5, bars=bars
                ),
                clock=ClockSetup(400.0),
            ),
            decoder=decoder or DrawnDecoder(),
            time=RealTime(),
            inbox=self.inbox,
            outputs=[self.output],
            journal=self.journal,
            callbacks=Callbacks(status=lambda: {"underruns": 0}),
        )

    def start(self) -> None:
        self.engine.prepare()
        self.engine.start(time.perf_counter() + 0.06)


def sounding(output: CapturingOutput) -> set[tuple[int, int]]:
    notes: set[tuple[int, int]] = set()
    for _, event in output.sent:
        if isinstance(event, NoteOn):
            notes.add((event.voice, event.note))
        elif isinstance(event, NoteOff):
            notes.discard((event.voice, event.note))
    return notes


def test_it_plays_its_bars_and_ends_every_note() -> None:
    rig = Rig(bars=2)
    rig.start()
    assert wait_until(rig.engine.finished)
    rig.engine.stop("unused")
    assert len(rig.output.sent) > 10
    assert not sounding(rig.output)
    assert rig.engine.ending is not None
    assert (rig.engine.ending.beat, rig.engine.ending.why) == (8.0, "its bars were played")


def test_stopping_it_ends_every_note_and_says_why() -> None:
    rig = Rig()
    rig.start()
    assert wait_until(lambda: len(sounding(rig.output)) > 1)
    rig.engine.stop("the test is over")
    rig.engine.stop("again")
    assert not sounding(rig.output)
    assert rig.engine.ending is not None
    assert rig.engine.ending.why == "the test is over"


def test_a_failing_decoder_is_raised_by_check_and_the_phrase_goes_on() -> None:
    rig = Rig(decoder=BrokenDecoder())
    rig.start()
    assert wait_until(lambda: rig.engine.inference.error is not None)
    with pytest.raises(RuntimeError, match="the weights are gone"):
        rig.engine.check()
    sent = len(rig.output.sent)
    assert wait_until(lambda: len(rig.output.sent) > sent)
    rig.engine.stop("it failed")
    assert not sounding(rig.output)


def test_a_status_has_what_the_line_shows() -> None:
    rig = Rig()
    rig.start()
    answers: list[Any] = []
    rig.inbox.put(SetKnob("density", 0.25, at=0.0))
    rig.inbox.put(GetStatus(at=0.0, reply=answers.append))
    assert wait_until(lambda: bool(answers))
    rig.engine.stop("done")
    status = answers[0]
    assert status["ok"]
    assert status["knobs"] == {"density": 0.25}
    assert status["tempo"] == 400.0
    assert status["underruns"] == 0
    assert (status["chord"], status["chord_tones"]) == ("", ())
    assert (status["answer"], status["answering"]) == ("off", None)
    assert set(status["decode_ms"]) == {"p50", "p95", "max"}


def test_stopping_what_never_started_is_harmless() -> None:
    rig = Rig()
    rig.engine.stop("never mind")
    assert rig.engine.ending is None


def test_percentiles_in_milliseconds() -> None:
    assert milliseconds([]) == {"p50": 0.0, "p95": 0.0, "max": 0.0}
    assert milliseconds([i / 1000 for i in range(101)]) == {"p50": 50.0, "p95": 95.0, "max": 100.0}
