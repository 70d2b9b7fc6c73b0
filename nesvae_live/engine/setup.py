"""What a sequencer is made with, so that the log can hold it and make another like it."""

from __future__ import annotations

from dataclasses import dataclass, field

from nesvae_live.clock.sources import InternalClock, MidiClock
from nesvae_live.control.layout import Layout
from nesvae_live.engine.config import Performance
from nesvae_live.engine.protocols import Clock
from nesvae_live.latent.setting import Setting
from nesvae_live.music.voices import Voice


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

    performance: Performance
    layout: Layout = field(default_factory=Layout)
    muted: tuple[Voice, ...] = ()
    clock: ClockSetup = field(default_factory=ClockSetup)
    snapshots: dict[int, Setting] = field(default_factory=dict)
