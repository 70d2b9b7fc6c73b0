"""The kit: patches by step become patches by frame, and notes get the patches they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.model.performer.kit import Kit, steps_to_macro, volume_table
from nesvae_live.model.performer.notes import STEPS, song_to_notes
from nesvae_live.model.performer.notetable import to_table
from nesvae_live.music.patch import FRAME_SECONDS
from nesvae_live.training.performerkit import find_kit
from tests.support.tinyperformer import performed_score, tiny_kit


def test_a_step_of_the_corpus_lasts_two_and_a_half_frames() -> None:
    values = np.array([15, 12, 12, 9, *[4] * (STEPS - 4)], np.uint8)
    macro = steps_to_macro(values)
    for step in range(STEPS):
        at = (step + 0.5) / 24
        assert macro.at(int(at / FRAME_SECONDS)) == values[step]
    assert macro.at(500) == 4
    assert macro.text == "15x3 12x5 9x2 4x3"


def test_a_level_of_a_shape_is_never_silent_in_it() -> None:
    volumes = tiny_kit().volumes()
    assert volumes[:, 1:].min() == 1
    assert (volumes[:, 15] == tiny_kit().shapes).all()


def test_a_likelihood_is_one() -> None:
    table = np.exp(volume_table())
    assert table[1:, 1:].sum(1) == pytest.approx(np.ones(15), abs=1e-4)
    assert (table[1:].argmax(1) == np.arange(1, 16)).all()


def test_notes_have_the_patches_that_they_were_played_with() -> None:
    notes, kit = to_table([song_to_notes(performed_score(3))]), tiny_kit()
    patches = notes.patches(kit)
    for voice in (0, 1):
        long = (notes.rows[:, 0] == voice) & (notes.steps >= 4)
        assert len(np.unique(patches[long], axis=0)) == 1
        said = kit.volumes()[patches[long, 0], patches[long, 1]]
        inside = np.arange(STEPS) < notes.steps[long, None]
        assert ((said == notes.volume[long]) | ~inside).all()
        short = (notes.rows[:, 0] == voice) & (notes.steps < 4)
        assert (patches[short][-1] == patches[long][0]).all(), "it has that of the long ones"


def test_the_kit_that_is_found_plays_the_notes_it_was_found_in() -> None:
    songs = to_table([song_to_notes(performed_score(seed, 60)) for seed in range(4)])
    kit = find_kit(songs.volume, songs.duty, songs.steps, 30, 8)
    assert kit.shapes.shape == (30, STEPS)
    assert kit.duties.shape == (8, STEPS)
    assert (kit.shapes.max(1) == 15).all()
    assert (kit.shapes > 0).all()
    assert {tuple(row) for row in kit.duties[:4].tolist()} == {(d,) * STEPS for d in range(4)}
    patches = songs.patches(kit)
    said = kit.volumes()[patches[:, 0], patches[:, 1]]
    inside = np.arange(STEPS) < songs.steps[:, None]
    assert (said == songs.volume)[inside].mean() > 0.95


def test_a_kit_makes_patches() -> None:
    patch = Kit(tiny_kit().shapes, tiny_kit().duties).patch(2, 15, 4)
    assert [patch.volume.at(f) for f in (0, 4, 5, 400)] == [15, 15, 5, 5]
    assert [patch.duty.at(f) for f in (0, 4, 5)] == [0, 0, 2]
