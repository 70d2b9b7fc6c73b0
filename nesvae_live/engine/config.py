"""What a sequencer is made with, which the log's first entry holds; and what goes wrong, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.sources import InternalClock, MidiClock
from nesvae_live.clock.timing import Meter
from nesvae_live.control.layout import Layout
from nesvae_live.engine.protocols import Clock
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.walk import Spread
from nesvae_live.music.grid import Grid
from nesvae_live.music.patch import Patch
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class PlayConfig:
    """What is fixed for a performance.

    `grid` says how phrases lie in time; `bars` ends it (None: it goes on); `swap` is where
    turned knobs are heard to begin with; `style` is where the style axes rest `[U]`, `reach` the
    attributes' ends `[8, 2]`; `lookahead` in seconds; a voice without a patch in `patches` is
    played flat; `spread` is how z lies over the corpus, for the auto mode.
    """

    style: NDArray[np.float32]
    reach: NDArray[np.float64]
    seed: int = 0
    grid: Grid = field(default_factory=Grid)
    meter: Meter = Meter()
    bars: int | None = None
    swap: Swap = Swap.NOW
    sampling: Sampling = Sampling()
    lookahead: float = 0.05
    patches: Mapping[Voice, Patch] = field(default_factory=dict)
    spread: Spread | None = None

    @property
    def end(self) -> float:
        """The beat on which it ends."""
        return float("inf") if self.bars is None else self.bars * self.meter.beats_per_bar


@dataclass(slots=True)
class Counters:
    """What went wrong, counted instead of logged; `splices` is how many tails were swapped."""

    events_late: int = 0
    decodes_missed: int = 0
    splices: int = 0
    splices_late: int = 0
    inputs: int = 0
    panics: int = 0


@dataclass(frozen=True, slots=True)
class ClockSetup:
    """Which clock: `port` is the MIDI input that is followed, None the internal one's sign.

    `coasts`: it goes on at the last tempo when what is followed is lost.
    """

    tempo: float = 120.0
    port: str | None = None
    coasts: bool = False

    def clock(self, beats_per_bar: float) -> Clock:
        """A clock like that, not yet started."""
        if self.port is None:
            return InternalClock(self.tempo)
        return MidiClock(self.port, beats_per_bar, self.tempo, coasts=self.coasts)


@dataclass(frozen=True, slots=True)
class Setup:
    """All that decides what a sequencer makes of its inputs, but for the inputs themselves."""

    performance: PlayConfig
    layout: Layout = field(default_factory=Layout)
    muted: tuple[Voice, ...] = ()
    clock: ClockSetup = field(default_factory=ClockSetup)
    snapshots: dict[int, Setting] = field(default_factory=dict)
