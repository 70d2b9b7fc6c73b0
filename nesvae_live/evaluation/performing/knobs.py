"""What the performer's knobs do: each is turned from end to end, and what is heard of it is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.evaluation.knobtest import spearman
from nesvae_live.evaluation.performing.liveplay import Playing, play_live
from nesvae_live.latent.performing import LEARNT, Manner
from nesvae_live.model.performer.casts import ON_BEAT
from nesvae_live.model.performer.leaning import brightness_of, ring_of
from nesvae_live.model.performer.notes import PULSES, Column
from nesvae_live.model.performer.notetable import NoteTable
from nesvae_live.model.performer.performerfile import PerformerFile
from nesvae_live.music.metre.place import FREE

Floats = NDArray[np.float64]
Figures = dict[str, Any]

POSITIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
TRAITS = ("brightness", "ring", "accent", "level")
"""What is measured of a song: how bright its duties are and how long its envelopes ring (0 to 1), by how
many of 15 levels notes on the beat are louder than those off it, and its notes' mean level."""
SONGS = 24


def knob_figures(file: PerformerFile, notes: NoteTable, playing: Playing) -> Figures:
    """What the knobs do in some of the songs; `playing` is as of `play_live`.

    Returns:
        By knob and trait `rho`, Spearman's correlation of the knob's positions with the trait, in the mean of
        songs, and the trait `usual`ly and at the positions; of `instrument` the traits of each cast.
    """
    songs = np.unique(notes.song)
    some = songs[np.unique(np.linspace(0, len(songs) - 1, SONGS).astype(np.int64))]
    keep = np.isin(notes.song, some)
    part, beside = notes.only(keep), (playing[0][keep], playing[1][keep])

    def heard(manner: Manner) -> Floats:
        return traits(file, part, play_live(file, part, beside, manner=manner).patches)

    usual = heard(LEARNT)
    out: Figures = {"usual": _means(usual)}
    values = np.array(POSITIONS)
    for knob in TRAITS[:3]:
        turned = np.stack([heard(Manner(**{knob: p})) for p in POSITIONS], -1)
        out[knob] = {
            trait: {
                "rho": _mean(spearman(values, turned[:, k])),
                "at": [_mean(turned[:, k, p])["value"] for p in range(len(POSITIONS))],
            }
            for k, trait in enumerate(TRAITS)
        }
    casts = len(file.casts)
    out["instrument"] = [
        _means(heard(Manner(instrument=(cast + 0.5) / casts))) for cast in range(casts)
    ]
    return out


def traits(file: PerformerFile, notes: NoteTable, patches: NDArray[np.int64]) -> Floats:
    """`[songs, TRAITS]`: of notes' pulses, played with `patches` `[n, 3]`; NaN where there is none."""
    mine = np.isin(notes.rows[:, Column.VOICE], PULSES)
    place = notes.rows[mine, Column.PLACE]
    _, song = np.unique(notes.song[mine], return_inverse=True)
    chosen, level = patches[mine], patches[mine, 1].astype(np.float64)

    def mean(of: Floats, among: NDArray[np.bool_]) -> Floats:
        n = int(song.max()) + 1
        count = np.bincount(song[among], minlength=n).astype(np.float64)
        total = np.bincount(song[among], of[among], minlength=n)
        out: Floats = np.full(n, np.nan)
        return np.asarray(np.divide(total, count, out=out, where=count > 0))

    everything, on = np.ones(len(song), np.bool_), ON_BEAT[place]
    return np.stack(
        [
            mean(brightness_of(file.kit.duties)[chosen[:, 2]], everything),
            mean(ring_of(file.kit.shapes)[chosen[:, 0]], everything),
            mean(level, on) - mean(level, ~on & (place != FREE)),
            mean(level, everything),
        ],
        -1,
    )


def _mean(values: Floats) -> dict[str, Any]:
    real = values[np.isfinite(values)]
    return interval(real, np.ones(len(real)))


def _means(values: Floats) -> Figures:
    return {trait: _mean(values[:, k]) for k, trait in enumerate(TRAITS)}
