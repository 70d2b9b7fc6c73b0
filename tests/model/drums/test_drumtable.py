"""Drummed parts of songs: where they begin and end, which kind each stroke is, and which bars fill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nesvae_live.chip.corpus import CorpusError
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.model.drums.cells import NO_STROKE, Cell
from nesvae_live.model.drums.drumtable import DrumTable, drummed_parts, read_drummed, to_table
from nesvae_live.model.drums.fills import ends_section, find_fills
from nesvae_live.model.drums.reading import FILLED, PLAIN
from nesvae_live.music.metre.place import TICKS_PER_BEAT, tick_of_bar
from tests.support.tinydrummer import drummed_score, tiny_stroke_kit

pytestmark = pytest.mark.slow  # what is compiled takes seconds


@pytest.fixture(scope="module")
def table() -> DrumTable:
    return to_table([drummed_parts(drummed_score())])


def test_strokes_lie_on_the_ticks_of_their_bars(table: DrumTable) -> None:
    tick = tick_of_bar(table.cells[table.at, Cell.PLACE])
    plain = tick[tick < 24]
    assert set((plain % TICKS_PER_BEAT).tolist()) == {0, 6}
    assert np.bincount(plain // 12).tolist() == [24, 24]


def test_a_stroke_is_the_kind_that_it_sounds_like(table: DrumTable) -> None:
    cells = table.with_kinds(tiny_stroke_kit())
    bar = {int(t): int(k) for t, k in zip(table.at, cells[table.at, Cell.STROKE], strict=True)}
    assert [bar[t] for t in range(0, 48, 6)] == [1, 3, 2, 3, 1, 3, 2, 3]
    assert (cells[:, Cell.STROKE] != NO_STROKE).sum() == len(table.at)


def test_a_part_ends_where_the_drums_rest() -> None:
    score = drummed_score(16)
    score[4 * 48 : 9 * 48, 3] = 0
    parts = drummed_parts(score)
    assert len(parts) == 2
    assert [len(part[0]) // 48 for part in parts] == [4, 7]


def test_a_song_without_drums_has_no_part() -> None:
    score = drummed_score(4)
    score[:, 3] = 0
    assert drummed_parts(score) == []


def test_a_sweep_is_one_stroke_and_a_louder_note_another() -> None:
    score = drummed_score(8)
    plain = len(drummed_parts(score)[0][1])
    hits = np.flatnonzero(score[:, 3, 1] == 15)
    score[hits + 1, 3, 0] -= 1  # lower while it fades
    assert len(drummed_parts(score)[0][1]) == plain
    score[hits + 1, 3, 1] = 15
    assert len(drummed_parts(score)[0][1]) > plain


def test_the_bars_with_more_strokes_in_their_second_half_are_fills(table: DrumTable) -> None:
    fills = find_fills(table.cells, table.first)
    lines = np.flatnonzero(tick_of_bar(table.cells[:, Cell.PLACE]) == 0)
    found = [int(fills[line]) for line in lines]
    assert found[1:8] == [PLAIN, PLAIN, FILLED, PLAIN, PLAIN, PLAIN, FILLED]
    assert [bar for bar in range(9) if ends_section(bar)] == [3, 7]


def test_some_songs_are_taken_with_their_strokes(table: DrumTable) -> None:
    both = to_table([drummed_parts(drummed_score(8)), [], drummed_parts(drummed_score(9, 1))])
    kept = both.only(both.song == 2)
    alone = to_table([drummed_parts(drummed_score(9, 1))])
    assert (kept.cells == alone.cells).all()
    assert (kept.at == alone.at).all()
    assert kept.parts() == alone.parts() == [(0, len(alone))]
    del table


def test_what_is_kept_of_a_split_is_read_again(tmp_path: Path) -> None:
    score = drummed_score(8)
    (tmp_path / "valid").mkdir()
    song = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
    (tmp_path / "valid" / "007_Game_00_Song.exprsco.pkl").write_bytes(song)
    found = read_drummed(tmp_path, "valid", tmp_path)
    assert len(list(tmp_path.glob("drums-valid-*.npz"))) == 1
    again = read_drummed(tmp_path, "valid", tmp_path)
    assert (again.table.cells == found.table.cells).all()
    assert again.held_out().tolist() == [True]
    (tmp_path / "valid" / "008_Game_00_Song.seprsco.pkl").write_bytes(song)
    with pytest.raises(CorpusError, match="need expressive scores"):
        read_drummed(tmp_path, "valid")
