"""Finds the performer's casts: pairs of instruments as songs of the corpus have them, from a typical one on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.performer.casts import N_KINDS, kinds_of
from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import PULSES, Column
from nesvae_live.model.performer.notetable import NoteTable

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 48
"""A song has a cast if each of its pulses has so many notes."""
HEARD = 12
"""So many steps of a note are compared."""
SPECTRA = np.array([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)])
"""How duties sound: 25 and 75 % have the same spectrum."""
ROUNDS = 20
COMPARED = 400
"""With so many songs each is compared to find the most typical."""


def find_casts(notes: NoteTable, patches: Ints, kit: Kit, casts: int, seed: int = 0) -> Bytes:
    """`[casts, 2, N_KINDS, 3]`: the most typical song's first, then others, from dark to bright.

    `patches` `[n, 3]` are the notes'. Each cast is that of a song in the middle of a cluster of songs.
    """
    found = song_casts(notes, patches)
    if not len(found):
        return np.zeros((0, 2, N_KINDS, 3), np.uint8)
    rng = np.random.default_rng(seed)
    heard = sounds_of(found, kit)
    some = heard[rng.permutation(len(heard))[:COMPARED]]
    first = int(np.argmin([np.abs(some - one).mean() for one in heard]))
    chosen = _middles(heard, first, casts, rng)
    rest = sorted(chosen[1:], key=lambda i: _brightness(found[i], kit))
    picked = [chosen[0], *rest]
    picked += picked[:1] * (casts - len(picked))
    return np.asarray(found[picked], np.uint8)


def song_casts(notes: NoteTable, patches: Ints) -> Ints:
    """`[songs, 2, N_KINDS, 3]`: of each song that has enough notes, the commonest patches."""
    out = []
    voice, kind = notes.rows[:, Column.VOICE], kinds_of(notes.rows)
    codes = patches[:, 0] * 512 + patches[:, 1] * 32 + patches[:, 2]
    borders = np.flatnonzero(np.diff(notes.song, prepend=-1, append=-1))
    for begin, end in pairwise(borders.tolist()):
        part = slice(begin, end)
        cast = np.zeros((2, N_KINDS), np.int64)
        enough = True
        for pulse in PULSES:
            mine = voice[part] == pulse
            enough = enough and int(mine.sum()) >= FEWEST
            if not enough:
                break
            cast[pulse] = _commonest(codes[part][mine])
            for k in range(N_KINDS):
                these = codes[part][mine & (kind[part] == k)]
                if len(these):
                    cast[pulse, k] = _commonest(these)
        if enough:
            out.append(np.stack([cast // 512, cast // 32 % 16, cast % 32], -1))
    return np.array(out, np.int64).reshape(-1, 2, N_KINDS, 3)


def _commonest(codes: Ints) -> int:
    values, counts = np.unique(codes, return_counts=True)
    return int(values[np.argmax(counts)])


def sounds_of(casts: Ints, kit: Kit) -> Floats:
    """`[n, features]`: how casts sound: volumes, and spectra as much as these differ to the ear."""
    volumes = kit.volumes()[casts[..., 0], casts[..., 1], :HEARD] / 15.0
    spectra = SPECTRA[kit.duties[casts[..., 2], :HEARD]]
    heard = np.concatenate([volumes[..., None], spectra], -1)
    return np.asarray(heard.reshape(len(casts), -1))


def _middles(heard: Floats, first: int, count: int, rng: np.random.Generator) -> list[int]:
    """`first` and others that are the middles of clusters; fewer where there aren't as many."""
    chosen = [first]
    nearest = np.abs(heard - heard[first]).mean(1)
    while len(chosen) < min(count, len(heard)):
        chance = nearest**2
        if chance.sum() <= 0:
            break
        chosen.append(int(rng.choice(len(heard), p=chance / chance.sum())))
        nearest = np.minimum(nearest, np.abs(heard - heard[chosen[-1]]).mean(1))
    for _ in range(ROUNDS):
        apart = np.stack([np.abs(heard - heard[i]).mean(1) for i in chosen])
        mine = apart.argmin(0)
        moved = [first]
        for k in range(1, len(chosen)):
            members = np.flatnonzero(mine == k)
            middle = np.median(heard[members], 0) if len(members) else heard[chosen[k]]
            near = np.abs(heard[members] - middle).mean(1) if len(members) else np.zeros(1)
            moved.append(int(members[near.argmin()]) if len(members) else chosen[k])
        if moved == chosen:
            break
        chosen = moved
    return chosen


def _brightness(cast: Ints, kit: Kit) -> float:
    spectra = SPECTRA[kit.duties[cast[..., 2], :HEARD]].mean((0, 1, 2))
    return float(spectra[0] - spectra[2])
