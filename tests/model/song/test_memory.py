"""What a performance remembers: a past that is forgotten, and the tuple that still sounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.latent.decoding import Asked
from nesvae_live.model.song.memory import Memory, SongState
from nesvae_live.music.metre.place import FREE

KEYS = 4
TUPLES = np.array([[60, 64, 40, 5], [62, 65, 41, 7], [64, 67, 43, 11]], np.int64)


def after_three_tuples() -> SongState:
    memory = Memory.empty(KEYS).then(TUPLES, FREE, np.zeros((3, KEYS), np.float32))
    return replace(SongState.beginning(1, 2, KEYS), memory=memory, previous=(64, 67, 43, 11))


def test_of_what_is_forgotten_the_tuple_that_sounds_can_still_be_cut() -> None:
    state = after_three_tuples().asked(Asked(FREE, 0.6, forget=True))
    cut = state.held(4).held(2)
    assert len(cut.memory) == 1
    assert cut.previous == (64, 67, 43, 1)
    assert cut.memory.symbols[-1].tolist() == [64, 67, 43, 1]


def test_nothing_can_be_forgotten_where_nothing_was_played() -> None:
    state = SongState.beginning(1, 2, KEYS).asked(Asked(FREE, 0.6, forget=True))
    assert len(state.memory) == 0
