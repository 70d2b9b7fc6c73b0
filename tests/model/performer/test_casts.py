"""Casts: found from songs' notes, told as notes that were never played, and what knobs make of them."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.latent.performing import LEARNT, Manner
from nesvae_live.model.performer.casts import N_KINDS, hint, kinds_of
from nesvae_live.model.performer.leaning import Knobs, brightness_of, cast_of, ring_of
from nesvae_live.model.performer.notes import COLUMNS, Column, song_to_notes
from nesvae_live.model.performer.notetable import to_table
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.training.performercasts import find_casts, song_casts
from tests.support.tinyperformer import performed_score, tiny_kit

CAST = np.arange(2 * N_KINDS * 3, dtype=np.uint8).reshape(2, N_KINDS, 3)


def test_a_hint_ends_before_what_is_played_and_has_every_kind_of_note() -> None:
    rows, patches = hint(CAST, -100)
    assert rows.shape == (4 * N_KINDS, COLUMNS)
    assert (rows[:, Column.BEGINS] + rows[:, Column.TICKS] <= -100).all()
    assert (np.diff(rows[:, Column.BEGINS]) >= 0).all()
    for row, patch, kind in zip(rows, patches, kinds_of(rows), strict=True):
        assert patch.tolist() == CAST[row[Column.VOICE], kind].tolist()
    assert {(v, k) for v, k in zip(rows[:, 0], kinds_of(rows), strict=True)} == {
        (v, k) for v in (0, 1) for k in range(N_KINDS)
    }


def test_what_has_no_metre_is_never_on_a_beat() -> None:
    rows = np.zeros((3, COLUMNS), np.int64)
    rows[:, Column.TICKS] = (3, 4, 48)
    rows[:, Column.PLACE] = (FREE, place_of(12, 4), place_of(13, 4))
    assert kinds_of(rows).tolist() == [0, 1 + N_KINDS // 2, 3]


def test_a_songs_cast_is_what_it_plays_and_the_most_typical_comes_first() -> None:
    kit = tiny_kit()
    notes = to_table([song_to_notes(performed_score(seed, 60)) for seed in (1, 1, 1, 2)])
    patches = notes.patches(kit)
    found = song_casts(notes, patches)
    assert len(found) == 4
    for cast, song in zip(found, range(4), strict=True):
        mine = (notes.song == song) & (notes.rows[:, 0] == 0)
        assert (cast[0, :, 2] == np.bincount(patches[mine, 2]).argmax()).all()
    casts = find_casts(notes, patches, kit, 3)
    assert casts.shape == (3, 2, N_KINDS, 3)
    assert (casts[0] == found[0]).all()
    assert any((cast == found[3]).all() for cast in casts[1:])
    assert len(find_casts(notes.only(notes.song < 0), patches[:0], kit, 3)) == 0


def test_the_knob_for_instruments_goes_through_the_casts_and_leaves_them_as_they_are() -> None:
    found = [cast_of(Manner(instrument=i / 7), 8, 3) for i in range(8)]
    assert found == list(range(8))
    assert cast_of(LEARNT, 8, 3) == 3
    assert cast_of(Manner(instrument=1.0), 0, 0) == 0


def test_knobs_lean_towards_what_they_name() -> None:
    kit = tiny_kit()
    knobs, rows = Knobs(kit), np.zeros((2, COLUMNS), np.int64)
    rows[:, Column.PLACE] = (place_of(0, 4), place_of(3, 4))
    base = np.array([9, 6], np.float32)
    assert not knobs.leaning(LEARNT, rows, base).on
    assert not knobs.leaning(Manner(instrument=1.0), rows, base).on
    bright = knobs.leaning(Manner(brightness=1.0), rows, base)
    assert brightness_of(kit.duties)[np.argmax(bright.duties)] == 1.0
    assert not bright.shapes.any()
    assert not bright.levels
    dull = knobs.leaning(Manner(ring=0.0), rows, base)
    assert np.argmax(dull.shapes) == np.argmin(ring_of(kit.shapes))
    accented = knobs.leaning(Manner(accent=1.0), rows, base)
    assert accented.levels
    assert accented.accent == pytest.approx(5.0)
    assert accented.strength.tolist() == [1.0, -1.0]
