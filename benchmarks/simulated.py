"""The whole sequencer on simulated time, for measurements of what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from queue import SimpleQueue

import numpy as np

from nesvae_live.control.inputs import Input, MidiIn
from nesvae_live.engine.live.config import PlayConfig, Setup
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.engine.phrases.inference import run_request
from nesvae_live.engine.phrases.request import Item, Request
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.log.entries import Entry
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, Ints

BEFORE_SECONDS = 0.5
"""What is asked for before it plays is asked for so long before."""

TICK = 0.005
DECODE_SECONDS = 0.006
"""How long a decode takes on simulated time."""


class SimulatedTime:
    """A time that the script sets."""

    value = 0.0

    def now(self) -> float:
        """Seconds."""
        return self.value


class Nothing:
    """A journal that keeps nothing."""

    def put(self, entry: Entry) -> None:
        """Drop the entry."""


class Roll:
    """Hears notes, in 24ths of a second: `steps` `[n, 3]`."""

    def __init__(self, seconds: float) -> None:
        self.steps: Ints = np.zeros((round(seconds * STEPS_PER_SECOND), N_VOICES), np.int64)

    def send(self, event: Event, at: float) -> None:
        """From `at` seconds on a note sounds, or none."""
        if isinstance(event, NoteOn | NoteOff) and event.voice < N_VOICES:
            note = event.note if isinstance(event, NoteOn) else 0
            self.steps[max(round(at * STEPS_PER_SECOND), 0) :, event.voice] = note

    def silence(self, *, panic: bool = False) -> None:
        """Nothing is silenced here."""


def simulate(
    performance: PlayConfig,
    decoder: Decode,
    seconds: float,
    asks: Sequence[Input] = (),
    keys: Sequence[MidiIn] = (),
) -> tuple[Ints, Sequencer]:
    """What is heard, `[n, 3]`, and who played it.

    Args:
        performance: how it plays.
        decoder: decodes, in `DECODE_SECONDS`.
        seconds: for how long.
        asks: what is asked for before it plays.
        keys: what is played to it, in order of time.
    """
    time, inbox, roll = SimulatedTime(), SimpleQueue[Item](), Roll(seconds)
    asked: list[tuple[float, Request]] = []
    sequencer = Sequencer(
        Setup(performance),
        decoder.initial_state(),
        time=time,
        inbox=inbox,
        outputs=[roll],
        journal=Nothing(),
        ask=lambda request: asked.append((time.value + DECODE_SECONDS, request)),
    )
    time.value = -BEFORE_SECONDS
    for item in asks:
        inbox.put(item)
    coming = [*keys]
    sequencer.begin(run_request(sequencer.first_request(), decoder, time))
    sequencer.start(0.0)
    while time.value < seconds:
        time.value += TICK
        while coming and coming[0].at <= time.value:
            inbox.put(coming.pop(0))
        while asked and asked[0][0] <= time.value:
            result = run_request(asked.pop(0)[1], decoder, time)
            inbox.put(replace(result, seconds=DECODE_SECONDS))
        sequencer.step()
    return roll.steps, sequencer
