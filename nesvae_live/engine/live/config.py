"""Configuration: what a sequencer is made from, as the log's first entry holds it; its counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.jackclock import TRANSPORT_PORT, JackClock
from nesvae_live.clock.sources import InternalClock, MidiClock
from nesvae_live.clock.timing import Meter
from nesvae_live.control.layout import Layout
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.latent.decoding import QUOTE, Sampling
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.walk import Spread
from nesvae_live.music.grid import Grid
from nesvae_live.music.patch import Patch
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

LOOKAHEAD = 0.05
"""By how many seconds everything is decided ahead, so that the sound is rendered in time."""

LONGEST_STALL = 0.5
"""Seconds by which the music may be late and still catch up."""


@dataclass(frozen=True, slots=True)
class PlayConfig:
    """What is fixed for a performance, and what it begins with.

    `style` `[U]` is where untouched style axes are, `reach` `[8, 2]` the attributes' ends. `grid`
    says how phrases lie in time; after `bars` bars it ends (None: it goes on); `swap` is where
    turned knobs are heard to begin with; `lookahead` is in seconds. A voice without a patch in
    `patches` is played flat. `spread` is how z lies over the corpus, for the auto mode. `quote` is
    how much of the past may come back to begin with, 0..1, if the decoder knows it. With a sampling
    for what is `composed` the decoder says where the music goes that no hand steers. A `prompt` one
    asks for a tail as late as its tuples allow, and lets a turned knob wait for two steps of a tuple;
    takes of before waited for longer. A style that was `adopted` says where untouched music goes. One that
    `resumes` goes on from now when it was held up, or its process stopped, for longer than `LONGEST_STALL`;
    takes of before played all that they had missed.
    With `learnt_drums` the decoder says what the drums play, else they follow their rule. One that
    `settles` asks for a tail once; takes of before asked again and again, while what was composed had a
    knob let go. One that is `punctual` lets a knob that is turned while somebody plays be heard on its line;
    takes of before let it wait for the next phrase. When a hand turns a knob, the attributes that are `steady`
    are set where they stand, as `quantiles` measure it; without these, as in takes of before, none is.
    """

    style: NDArray[np.float32]
    reach: NDArray[np.float64]
    seed: int = 0
    grid: Grid = field(default_factory=Grid)
    meter: Meter = Meter()
    bars: int | None = None
    swap: Swap = Swap.NOW
    sampling: Sampling = Sampling()
    lookahead: float = LOOKAHEAD
    patches: Mapping[Voice, Patch] = field(default_factory=dict)
    spread: Spread | None = None
    quote: float = QUOTE
    composed: Sampling | None = None
    prompt: bool = False
    adopted: Adopted | None = None
    resumes: bool = False
    learnt_drums: bool = False
    settles: bool = False
    punctual: bool = False
    steady: tuple[str, ...] = ()
    quantiles: Quantiles | None = None

    @property
    def end(self) -> float:
        """The beat on which it ends."""
        return float("inf") if self.bars is None else self.bars * self.meter.beats_per_bar


@dataclass(slots=True)
class Counters:
    """Counts of what happened in the sequencer's thread, which must not log."""

    events_late: int = 0
    decodes_missed: int = 0
    splices: int = 0
    splices_late: int = 0
    inputs: int = 0
    panics: int = 0


@dataclass(frozen=True, slots=True)
class ClockSetup:
    """Which clock to use: `port` is the MIDI input that is followed, None for the internal clock.

    Ableton Link and JACK's transport have names that stand for one.

    One that `coasts` goes on at the last tempo when its source is lost. `join`, of `CLOCK_JOIN`,
    says what to do when the source rolls already.
    """

    tempo: float = 120.0
    port: str | None = None
    coasts: bool = False
    join: str = "wait"

    def clock(self, meter: Meter, lookahead: float) -> Clock:
        """Make the clock; it is not yet started. Things are decided `lookahead` seconds ahead."""
        if self.port is None:
            return InternalClock(self.tempo)
        if self.port == TRANSPORT_PORT:
            return JackClock(meter, self.tempo, lookahead)
        bar = meter.beats_per_bar
        return MidiClock(self.port, bar, self.tempo, coasts=self.coasts, join=self.join)


REMEMBERS = "remembers"
"""Is true beside a set-up's fields in the log if the decoder knew the bar and the past.

It stands there alone, so that the logs of other decoders read as they ever did.
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a sequencer is made from: with the same inputs it then plays the same events."""

    performance: PlayConfig
    layout: Layout = field(default_factory=Layout)
    muted: tuple[Voice, ...] = ()
    clock: ClockSetup = field(default_factory=ClockSetup)
    snapshots: dict[int, Setting] = field(default_factory=dict)
