"""A moment: what the pitched voices play from a beat on."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.latent.performing import Touch


@dataclass(frozen=True, slots=True)
class Moment:
    """From `beat` on the voices hold `notes` (P1, P2, TR; 0 is silence), and play what begins so."""

    beat: float
    notes: tuple[int, int, int]
    touches: tuple[Touch, ...] = ()
