"""A sequencer on simulated time, with what a listener gets of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.gestureinputs import Gesture
from nesvae_live.control.inputs import MidiIn, SetKnob
from nesvae_live.control.layout import Layout
from nesvae_live.engine.live.config import ClockSetup, PlayConfig, Setup
from nesvae_live.engine.live.protocols import Decode, Encode
from nesvae_live.engine.phrases.inference import run_request
from nesvae_live.engine.phrases.request import Item, Request
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.latent.decoding import Sampling
from nesvae_live.log.entries import Decoded, Placed, Spliced
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.patch import Patch, table_to_patch
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.fakes import (
    CapturingOutput,
    DrawnDecoder,
    ListJournal,
    ManualTime,
    MeasuringEncoder,
)

TICK = 0.005
CLOCK_PORT = "the clock"
SHAPED = {
    Voice.P1: table_to_patch({"volume": "15 12 9 6", "release": "12 8 4", "duty": "0 1"}),
    Voice.TR: table_to_patch({"volume": "15x3 0"}),
}
"""Patches for two of the voices."""

GRIDS = (
    Grid(),
    Grid(Mode.NATIVE),
    Grid(Mode.BARS),
    Grid(Mode.CLOCK, quantise=16, swing=62.0),
    Grid(Mode.BARS, bars=1.0, quantise=8),
)
"""Grids of every mode."""


class Ears(CapturingOutput):
    """What a listener gets: a silence drops what is held, and ends every note."""

    def __init__(self, time: ManualTime) -> None:
        super().__init__()
        self._time = time

    def silence(self, *, panic: bool = False) -> None:
        super().silence(panic=panic)
        now = self._time.value
        self.sent[:] = [(at, event) for at, event in self.sent if at <= now]
        for voice, note in sounding(self.sent).items():
            self.sent.append((now, NoteOff(voice, note)))


def sounding(sent: list[tuple[float, Event]]) -> dict[Voice, int]:
    """Voice -> note of what has not ended."""
    notes: dict[Voice, int] = {}
    for _, event in sent:
        if isinstance(event, NoteOn):
            notes[event.voice] = event.note
        elif isinstance(event, NoteOff):
            notes.pop(event.voice, None)
    return notes


@dataclass
class Rig:
    """A sequencer with a time, an output and a decoder of the test's own."""

    bars: int | None = None
    decode_seconds: float = 0.004
    seed: int = 0
    patches: dict[Voice, Patch] = field(default_factory=dict)
    grid: Grid = field(default_factory=Grid)
    swap: Swap = Swap.NOW
    midi: bool = False
    coasts: bool = False
    join: str = "wait"
    resumes: bool = False
    reach: NDArray[np.float64] = field(default_factory=lambda: np.tile([-2.5, 2.5], (8, 1)))
    decoder: Decode = field(default_factory=DrawnDecoder)
    encoder: Encode = field(default_factory=MeasuringEncoder)
    composed: Sampling | None = None
    style: NDArray[np.float32] = field(default_factory=lambda: np.zeros(32, np.float32))
    sampling: Sampling = Sampling()
    learnt_drums: bool = False
    steady: tuple[str, ...] = ()
    quantiles: Quantiles | None = None
    time: ManualTime = field(default_factory=ManualTime)
    journal: ListJournal = field(default_factory=ListJournal)

    def __post_init__(self) -> None:
        self.inbox: SimpleQueue[Item] = SimpleQueue()
        self.output = Ears(self.time)
        self.asked: list[tuple[float, Request]] = []
        performance = PlayConfig(
            self.style,
            self.reach,
            self.seed,
            bars=self.bars,
            patches=self.patches,
            grid=self.grid,
            swap=self.swap,
            composed=self.composed,
            prompt=True,
            settles=True,
            punctual=True,
            resumes=self.resumes,
            sampling=self.sampling,
            learnt_drums=self.learnt_drums,
            steady=self.steady,
            quantiles=self.quantiles,
        )
        self.sequencer = Sequencer(
            Setup(
                performance,
                Layout((ControlSpec("density", 20),)),
                clock=ClockSetup(
                    120.0,
                    CLOCK_PORT if self.midi else None,
                    coasts=self.coasts,
                    join=self.join,
                ),
            ),
            self.decoder.initial_state(),
            time=self.time,
            inbox=self.inbox,
            outputs=[self.output],
            journal=self.journal,
            ask=lambda request: self.asked.append((self.time.value, request)),
        )
        self.clock, self.live = self.sequencer.clock, self.sequencer.live
        first = self.sequencer.first_request()
        self.sequencer.begin(run_request(first, self.decoder, self.time))
        self.clock.start(0.1)

    def play(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Let time pass in ticks; decodes come back after `decode_seconds`."""
        for _ in range(round(seconds / TICK)):
            self.time.value += TICK
            while self.asked and self.asked[0][0] + self.decode_seconds <= self.time.value:
                request = self.asked.pop(0)[1]
                result = run_request(request, self.decoder, self.time, self.encoder)
                self.inbox.put(replace(result, seconds=self.decode_seconds))
            each()
            if not self.sequencer.done.is_set():
                self.sequencer.step()

    def placed(self) -> list[Placed]:
        """The journal's placements."""
        return [e for e in self.journal.entries if isinstance(e, Placed)]


def check_events(sent: list[tuple[float, Event]], *, ended: bool) -> None:
    """At most one note a voice, in order of time, every end matching its start."""
    sounding: dict[Voice, int] = {}
    before = float("-inf")
    for at, event in sent:
        assert at >= before
        before = at
        if isinstance(event, NoteOn):
            assert event.voice not in sounding
            sounding[event.voice] = event.note
        elif isinstance(event, NoteOff):
            assert sounding.pop(event.voice) == event.note
    if ended:
        assert not sounding


def do(rig: Rig, make: Any, *content: Any) -> dict[str, Any]:
    """Carry a gesture out; its answer."""
    answers: list[dict[str, Any]] = []
    gesture: Gesture = make(*content, at=rig.time.value, reply=answers.append)
    rig.inbox.put(gesture)
    rig.play(0.005)
    (answer,) = answers
    return answer


def turn(rig: Rig, **knobs: float | None) -> None:
    for knob, value in knobs.items():
        assert do(rig, SetKnob, knob, value)["ok"]


def play_to(rig: Rig, beat: float) -> None:
    """Let time pass until the horizon has reached `beat`."""
    while rig.sequencer.player.playing.placer.reached < beat:
        rig.play(0.005)


def bars_rig(**options: Any) -> Rig:
    """Bars of 2 s, phrases of a bar, everything on bar lines."""
    return Rig(grid=Grid(Mode.BARS, bars=1.0), swap=Swap.BAR, **options)


def decoded_at(rig: Rig, beat: float) -> Decoded | Spliced:
    """What sounds from a bar line on, as the log tells it."""
    entries = rig.journal.entries
    for entry in reversed(entries):
        if isinstance(entry, Spliced) and abs(entry.beat - beat) < 1e-6:
            return entry
    (index,) = {e.index for e in entries if isinstance(e, Placed) and abs(e.beat - beat) < 1e-6}
    return next(e for e in entries if isinstance(e, Decoded) and e.index == index)


@dataclass
class Source:
    """A DAW: its clocks fall exactly, and are heard `jitter` seconds late at most."""

    rig: Rig
    tempo: float = 120.0
    jitter: float = 0.0
    port: str = CLOCK_PORT

    def __post_init__(self) -> None:
        self.clocks = 0
        self.next_at = 0.0
        self.rolls = True
        self.plugged = True
        self.counts = True
        self.draw = random.Random(1)
        self.lines: list[tuple[float, int]] = []  # (seconds, clocks) of every clock while rolling

    def send(self, *data: int, at: float | None = None) -> None:
        self.rig.inbox.put(MidiIn(self.port, data, self.rig.time.value if at is None else at))

    def start(self, clocks: int = 0) -> None:
        if clocks:
            units = clocks // 6
            self.send(0xF2, units & 127, units >> 7)
        self.send(0xFB if clocks else 0xFA)
        self.clocks, self.counts = clocks, True
        self.next_at = self.rig.time.value + 0.002

    def stop(self) -> None:
        """Stop; clocks go on."""
        self.send(0xFC)
        self.counts = False

    def go_on(self) -> None:
        """Continue."""
        self.send(0xFB)
        self.counts = True

    def jump(self, clocks: int) -> None:
        """Say a new position."""
        self.send(0xF2, clocks // 6 & 127, clocks // 6 >> 7)
        self.clocks = clocks

    def run(self, seconds: float) -> None:
        def each() -> None:
            if not self.rolls:
                self.next_at = self.rig.time.value
            while self.rolls and self.next_at <= self.rig.time.value:
                if self.plugged:  # else its clocks are lost on the way
                    self.send(0xF8, at=self.next_at + self.draw.random() * self.jitter)
                self.lines.append((self.next_at, self.clocks))
                self.clocks += self.counts
                self.next_at += 60.0 / self.tempo / 24

        self.rig.play(seconds, each)
