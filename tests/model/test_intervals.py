"""Intervals between notes, as the network sees them."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.model.intervals import N_SCORES, RELATIONS, RelationSpec, bin_table
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE


def note(slot: int, symbol: int) -> int:
    return SLOT_TABLE[slot].first + symbol - 1


@pytest.mark.parametrize("relation", RELATIONS)
def test_an_interval_has_one_bin_in_every_key(relation: RelationSpec) -> None:
    table = bin_table(relation)
    seen: dict[int, set[int]] = {}
    for known in range(1, SLOT_TABLE[relation.source].n_symbols):
        for candidate in range(1, SLOT_TABLE[relation.slot].n_symbols):
            semitones = note(relation.slot, candidate) - note(relation.source, known)
            key = max(-12, min(12, semitones)) if relation.before else semitones % 12
            seen.setdefault(key, set()).add(int(table[known, candidate]))
    assert all(len(bins) == 1 for bins in seen.values())
    assert sorted(bins.pop() for bins in seen.values()) == list(range(relation.bins))


@pytest.mark.parametrize("relation", RELATIONS)
def test_silence_and_the_start_have_no_interval(relation: RelationSpec) -> None:
    table = bin_table(relation)
    assert (table[0] == relation.bins).all()
    assert (table[:, 0] == relation.bins).all()
    assert (table[-1] == relation.bins).all()


def test_scores_of_a_slot_do_not_overlap() -> None:
    for slot in range(N_VOICES):
        taken = np.zeros(N_SCORES[slot], int)
        for relation in RELATIONS:
            if relation.slot == slot:
                taken[relation.offset : relation.offset + relation.bins] += 1
        assert (taken == 1).all()
