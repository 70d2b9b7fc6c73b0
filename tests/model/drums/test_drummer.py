"""The live drummer: repeatable, on its lines, quick, the same network as torch's, and its file."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.latent.performing import Passage, Performance
from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.model.drums.cells import CELLS, HISTORY, UNKNOWN, Cell
from nesvae_live.model.drums.drumfile import DrumFile, load_drummer, save_drummer
from nesvae_live.model.drums.drummer import LearntDrummer
from nesvae_live.model.drums.drumming import drum_tables, play_ticks
from nesvae_live.model.drums.drumtable import drummed_parts, to_table
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.paths import find_checkpoint, find_drummer
from tests.support.tinydrummer import TINY, drummed_score, tiny_drummer, tiny_stroke_kit

pytestmark = pytest.mark.slow  # what is compiled takes seconds
SILENT = (0, 0, 0)
TUPLES = tuple((60 + i % 2, 64, 40 + i // 4 % 2, 6) for i in range(13))
TICKS = 13 * 6


@pytest.fixture(scope="module")
def tiny() -> LearntDrummer:
    return LearntDrummer(tiny_drummer())


@pytest.fixture(scope="module")
def shipped_file() -> DrumFile:
    return load_drummer(find_drummer())


@pytest.fixture(scope="module")
def shipped(shipped_file: DrumFile) -> LearntDrummer:
    return LearntDrummer(shipped_file)


def drummed(
    drummer: LearntDrummer, phrases: int, seed: int = 0, **asked: object
) -> list[Performance]:
    """Phrase after phrase, each of which goes on from the one before."""
    out: list[Performance] = []
    heard = b""
    for i in range(phrases):
        tick, before = TICKS * i, TUPLES[-1][:3] if i else SILENT
        passage = Passage(TUPLES, place_of(tick, 4), tick, before, (), (seed, i), drummed=heard)
        passage = replace(passage, **asked)  # type: ignore[arg-type]
        out.append(drummer.drum(passage, Performance(())))
        heard = out[-1].drummed_until(TICKS)
    return out


def ticks(performance: Performance, level: float = 0.5) -> list[int]:
    """On which tick of the phrase each stroke falls that the knob at `level` plays."""
    return [6 * s.number + s.tick for s in performance.strokes if s.rank < level]


def test_the_same_passage_is_always_drummed_in_the_same_way(tiny: LearntDrummer) -> None:
    assert drummed(tiny, 3) == drummed(tiny, 3)
    assert len({drummed(tiny, 1, seed)[0].strokes for seed in range(8)}) > 3, "by the seed"


def test_half_a_knob_plays_all_that_it_chose_and_more_of_it_only_adds(tiny: LearntDrummer) -> None:
    for performance in drummed(tiny, 3):
        cells = np.frombuffer(performance.drummed, np.uint8).reshape(-1, CELLS)
        assert ticks(performance) == np.flatnonzero(cells[:, Cell.STROKE]).tolist()
        before: set[int] = set()
        for level in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
            now = set(ticks(performance, level))
            assert before <= now
            before = now
        assert not ticks(performance, 0.0)
        assert len(before) > len(ticks(performance))


def test_strokes_are_in_order_and_each_dies_away(shipped: LearntDrummer) -> None:
    for performance in drummed(shipped, 6):
        assert ticks(performance, 1.0) == sorted(set(ticks(performance, 1.0)))
        for stroke in performance.strokes:
            assert 1 <= stroke.note <= 16
            assert stroke.volume.values[0] >= 1
            assert stroke.volume.values[-1] == 0, "nobody else ends it"
            assert stroke.volume.loop is None
            assert 0.0 <= stroke.rank < 1.0


def test_on_strict_cells_nothing_falls_between_them(tiny: LearntDrummer) -> None:
    for performance in drummed(tiny, 4, cell=3):
        assert performance.strokes
        assert not [tick for tick in ticks(performance, 1.0) if tick % 3]


def test_what_is_free_is_drummed_too(tiny: LearntDrummer) -> None:
    assert all(ticks(p) for p in drummed(tiny, 3, place=FREE))


def test_it_remembers_as_far_as_it_looks(tiny: LearntDrummer) -> None:
    found = drummed(tiny, 12)
    assert len(found[-1].heard) == HISTORY * CELLS
    assert found[3].heard == b"".join(p.drummed for p in found[:3])


def test_a_tail_goes_on_from_what_was_drummed_before_the_cut(tiny: LearntDrummer) -> None:
    whole = drummed(tiny, 2)[1]
    cut = 5 * 6 + 2  # after five tuples and two ticks of the sixth
    until = whole.drummed_until(cut)
    passage = Passage(TUPLES[6:], place_of(TICKS + cut, 4), TICKS + cut, SILENT, (), (5,))
    tail = tiny.drum(replace(passage, drummed=until), Performance(()))
    assert until.endswith(tail.heard)
    joined = whole.spliced(6, 2, cut, tail)
    assert joined.drummed == whole.drummed[: cut * CELLS] + tail.drummed
    kept = [s for s in whole.strokes if 6 * s.number + s.tick < cut]
    assert joined.strokes[: len(kept)] == tuple(kept)
    assert [s.number for s in joined.strokes[len(kept) :]] == [s.number + 6 for s in tail.strokes]
    assert joined.drummed_until(cut) == until


def test_the_knob_for_fills_adds_strokes_where_sections_end(shipped: LearntDrummer) -> None:
    found = {}
    for fill in (0.0, 1.0):
        count = np.zeros(2)
        for seed in range(12):
            for i, performance in enumerate(drummed(shipped, 20, seed, fill=fill)):
                at = TICKS * i + np.array(ticks(performance), np.int64)
                ends = (at // 48 % 4 == 3) & (at % 48 >= 24)
                count += ends.sum(), len(ends)
        found[fill] = count
    share = {fill: ends / whole for fill, (ends, whole) in found.items()}
    assert 0.5 < share[0.0] / (1 / 8) < 1.1, "an eighth of the time is such a half of a bar"
    assert share[1.0] > 1.3 * share[0.0]


def test_a_phrase_takes_less_than_a_millisecond(shipped: LearntDrummer) -> None:
    drummed(shipped, 2)
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        drummed(shipped, 10)
        best = min(best, (time.thread_time() - began) / 10)
    assert best < 0.005, "measured: docs/drums.md; this only notices a factor"


def test_it_weighs_as_torch_does() -> None:
    torch = pytest.importorskip("torch")
    from nesvae_live.model.drums.drumnet import DrumNet, Ticks

    file = tiny_drummer()
    net = DrumNet(TINY)
    net.load_state_dict({k: torch.from_numpy(w) for k, w in file.weights.items()})
    table = to_table([drummed_parts(drummed_score(10))])
    cells = table.with_kinds(tiny_stroke_kit())
    n = len(cells)
    picks, fills = np.arange(n), np.arange(n) % 2  # a fill that is asked for is exaggerated
    batch = Ticks(cells, TINY.kinds).read(picks, table.first, fills)
    with torch.no_grad():
        wanted = net(batch["rows"], batch["dense"], batch["counts"]).numpy()
    tables = drum_tables(file.weights, TINY)
    for i in range(0, n, 7):
        told, logits = cells[: i + 1].copy(), np.zeros(TINY.kinds + 1, np.float32)
        told[i, Cell.STROKE] = UNKNOWN
        one = np.zeros(1, np.uint8)
        fill, draw = fills[i : i + 1].astype(np.uint8), np.zeros(1, np.float32)
        play_ticks(told, i, 0, fill, 1, draw, 0.0, 0.0, 0.0, draw, tables, one, one, logits)
        assert logits == pytest.approx(wanted[i], abs=1e-4)


def test_its_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tiny_drummer()
    save_drummer(tmp_path / "a.drummer", file)
    found = load_drummer(tmp_path / "a.drummer")
    assert found.config == file.config
    assert all((found.weights[k] == w).all() for k, w in file.weights.items())
    assert (found.kit.envelopes == file.kit.envelopes).all()
    assert (found.ranks == file.ranks).all()


@pytest.mark.parametrize("cut", [0, 5, 200, -1])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    save_drummer(tmp_path / "a.drummer", tiny_drummer())
    data = (tmp_path / "a.drummer").read_bytes()
    (tmp_path / "b.drummer").write_bytes(data[:cut])
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        load_drummer(tmp_path / "b.drummer")


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a drummer of version 1"):
        load_drummer(find_checkpoint())
    file = tiny_drummer()
    file.weights.pop("lag.bias")
    save_drummer(tmp_path / "a.drummer", file)
    with pytest.raises(CheckpointError, match=r"lag\.bias is missing"):
        load_drummer(tmp_path / "a.drummer")
    with pytest.raises(CheckpointError, match="No such file"):
        load_drummer(tmp_path / "none.drummer")
