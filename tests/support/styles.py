"""Styles of the tiny network, and files to adopt."""

from __future__ import annotations

import numpy as np

from nesvae_live.latent.adopted import Adopted, AdoptedTheme
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.music.metre.place import place_of
from tests.support.smf import head, meta, scale, track
from tests.support.tinysong import TINY_SONG

FOUR = meta(0x58, bytes((4, 2, 24, 8)))
TURNS = (0, 4, 7, 12, 7, 4, 2, 5)


def tune(first: int, times: int = 6) -> bytes:
    """A MIDI file of a tune in 4/4 from a note on."""
    return head() + track(FOUR + scale(notes=tuple(first + turn for turn in TURNS)) * times)


def tiny_style(amount: float = 1.0, at: float = 1.5, regions: int = 2) -> Adopted:
    """A narrow style of the tiny network, whose regions lie at `at` and `at` + 1 along every axis."""
    size, n_style = TINY_SONG.latent, TINY_SONG.style
    theme = np.array([[60, 52, 40, 6], [62, 52, 40, 6], [64, 55, 43, 12]] * 6)
    return Adopted(
        name="mine",
        checkpoint_sha256="",
        weights=np.full(regions, 1.0 / regions),
        means=np.stack([np.full(size, at + k) for k in range(regions)]),
        deviations=np.full((regions, size), 0.1),
        correlations=np.eye(size),
        stay=0.9,
        kept=np.full(size, 0.5),
        order=tuple(reversed(range(n_style))),
        labels=tuple(f"axis {i}" for i in range(n_style)),
        pieces=2,
        phrases=40,
        amount=amount,
        themes=(AdoptedTheme(theme, place_of(0, 4), np.linspace(-1, 1, N_ATTRIBUTES + n_style)),),
    )
