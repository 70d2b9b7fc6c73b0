"""A morph: the way from one setting to another over some beats, in even steps."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.latent.setting import Setting, between

SHORTEST_STEP = 0.25
"""Beats: a sixteenth. Each step may have a tail decoded anew."""

MOST_STEPS = 128
"""A knob that goes all the way goes in steps of a controller's, or finer."""


@dataclass(frozen=True, slots=True)
class Morph:
    """From `source` at beat `start` to `target`, snapshot `slot`, `beats` later."""

    source: Setting
    target: Setting
    slot: int
    start: float
    beats: float

    @property
    def step(self) -> float:
        """Beats a step: a sixteenth, or as much longer by doubling as a long way needs."""
        step = SHORTEST_STEP
        while self.beats / step > MOST_STEPS:
            step *= 2.0
        return step

    def alpha(self, beat: float) -> float:
        """How much of the way lies behind at `beat`, 0..1; it grows with each step."""
        steps = (beat - self.start + 1e-9) // self.step
        return min(max(steps * self.step / self.beats, 0.0), 1.0)

    def at(self, alpha: float) -> Setting:
        """How everything stands when `alpha` of the way lies behind."""
        return between(self.source, self.target, alpha)
