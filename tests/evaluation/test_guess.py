"""What is likeliest of each step is what the network draws most often, and what is common in the corpus."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.evaluation.performing.guess import common, of_steps, volume_chances
from nesvae_live.evaluation.performing.played import Mode, play_notes
from nesvae_live.model.performer.notes import STEPS, Column, song_to_notes
from nesvae_live.model.performer.notetable import NoteTable, to_table
from tests.support.tinyperformer import performed_score, tiny_performer

pytestmark = pytest.mark.slow  # what is compiled takes ten seconds of a core


def songs(*seeds: int) -> NoteTable:
    return to_table([song_to_notes(performed_score(seed)) for seed in seeds])


def test_the_networks_chances_are_how_often_it_draws_each_volume() -> None:
    performer, notes = tiny_performer(), songs(0)
    truth = notes.patches(performer.kit)
    chances = volume_chances(performer, notes, np.arange(len(notes)))
    assert np.allclose(chances.sum(-1), 1, atol=1e-5)
    counts = np.zeros_like(chances)
    for seed in range(300):
        drawn = play_notes(performer, notes, truth, Mode.APART, temperature=1.0, seed=seed)
        counts += drawn.volume[..., None] == np.arange(chances.shape[-1])
    assert np.abs(counts / 300 - chances).max() < 0.15
    assert np.abs(counts / 300 - chances).mean() < 0.01


def test_without_the_network_it_is_what_is_common_in_notes_of_the_voice_and_length() -> None:
    notes = songs(1)
    volume, duty = of_steps(tiny_performer(), notes, notes, told=0.0)
    inside = np.arange(STEPS) < notes.steps[:, None]
    pulses = notes.rows[:, Column.VOICE] < 2
    assert np.array_equal(volume[inside], notes.volume[inside])  # each voice keeps to one patch
    assert duty.shape == volume.shape
    assert np.mean(duty[pulses, 0] == notes.duty[pulses, 0]) > 0.9


def test_a_song_three_times_as_long_weighs_less_than_three_times_as_much() -> None:
    long, short = np.concatenate([performed_score(5)] * 3), performed_score(6)
    table = to_table([song_to_notes(long), song_to_notes(short)])
    mine = (table.rows[:, Column.VOICE] == 0) & (table.steps == 3)
    one, other = (table.volume[mine & (table.song == song), 0] for song in (0, 1))
    assert one[0] != other[0]
    shares = common(table)[3, 0]  # P1's notes of three steps, at their beginning
    assert shares.sum() == pytest.approx(1)
    assert 1 < len(one) / len(other) * shares[other[0]] / shares[one[0]] < 3
