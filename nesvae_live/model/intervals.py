"""Intervals: the relation of a candidate note to a note that is already known.

The network scores intervals beside notes, so that what it has learnt about a fifth holds in every
key. A voice's note is related to the note before it (25 bins of -12..12 semitones; beyond is the
last bin) and to those of the voices decoded before it in the same tuple (12 interval classes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE

OCTAVE = 12


@dataclass(frozen=True, slots=True)
class RelationSpec:
    """Relates slot `slot` to the note of slot `source`, in the tuple before if `before`.

    It has `bins` scores, which are the slot's from `offset` on.
    """

    slot: int
    source: int
    before: bool
    bins: int
    offset: int


def _relations() -> tuple[RelationSpec, ...]:
    melodic = 2 * OCTAVE + 1
    out = []
    for slot in range(N_VOICES):
        out.append(RelationSpec(slot, slot, before=True, bins=melodic, offset=0))
        out += [
            RelationSpec(slot, j, before=False, bins=OCTAVE, offset=melodic + OCTAVE * j)
            for j in range(slot)
        ]
    return tuple(out)


RELATIONS = _relations()
"""Every relation, slot by slot."""

N_SCORES = tuple(sum(r.bins for r in RELATIONS if r.slot == slot) for slot in range(N_VOICES))
"""How many scores each voice's slot has."""


def bin_table(relation: RelationSpec) -> NDArray[np.int64]:
    """The bin of each pair of source and candidate symbols.

    Returns:
        `[source symbols + 1, slot symbols]`: 0..bins - 1, or `bins` where there is no interval,
        because either side is silent or there is no tuple before (the last row).
    """
    source, slot = SLOT_TABLE[relation.source], SLOT_TABLE[relation.slot]
    known = np.arange(source.n_symbols + 1)[:, None]
    candidate = np.arange(slot.n_symbols)[None, :]
    semitones = (candidate + slot.first) - (known + source.first)
    melodic = np.clip(semitones, -OCTAVE, OCTAVE) + OCTAVE
    bins = melodic if relation.before else semitones % OCTAVE
    sounding = (known > 0) & (known < source.n_symbols) & (candidate > 0)
    return np.where(sounding, bins, relation.bins).astype(np.int64)
