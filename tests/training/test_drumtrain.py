"""The drummer is trained, resumed and measured by the commands, and learns what comes again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.evaluation.drumming.drumfigures import again_figures, bar_figures, joint_figures
from nesvae_live.evaluation.drumming.drumplay import play_by_rule, play_parts
from nesvae_live.model.drums.cells import LINES, NO_STROKE, Cell
from nesvae_live.model.drums.drumconfig import DrumConfig
from nesvae_live.model.drums.drumfile import load_drummer
from nesvae_live.model.drums.drumtable import DrummedSongs, drummed_parts, to_table
from nesvae_live.training.drumtrain import BEST, DrumRun, place_ranks, train_drummer
from nesvae_live.training.songrun import TrainingError
from tests.support.tinydrummer import drummed_score, tiny_stroke_kit

pytestmark = pytest.mark.slow  # what is compiled takes seconds
QUICK = DrumRun(steps=60, batch=256, learning_rate=2e-2)
SMALL = DrumConfig(kinds=4, hidden=16)


def corpus() -> DrummedSongs:
    scores = [drummed_score(12, seed) for seed in range(6)]
    names = tuple(f"{7 + i % 3:03d}_Game_{i}" for i in range(6))
    return DrummedSongs(names, to_table([drummed_parts(s) for s in scores]), "hash")


def test_training_learns_what_comes_again_and_plays_it(tmp_path: Path) -> None:
    said: list[str] = []
    songs = corpus()
    figures = train_drummer(QUICK, songs, tmp_path, config=SMALL, check_every=5, say=said.append)
    assert figures["tick"] < 0.3 * float(said[1].split()[2])
    file = load_drummer(tmp_path / BEST)
    truth = songs.table.with_kinds(file.kit)
    played = play_parts(file, songs.table, calm=0.0, least=0.1)
    bars = bar_figures(played, songs.table, truth)
    assert bars["js"]["value"] < 0.05
    ours, theirs = (joint_figures(cells, songs.table) for cells in (played, truth))
    assert ours["any"]["value"] == pytest.approx(theirs["any"]["value"], abs=0.15)
    assert again_figures(played, songs.table)["rhythm"]["lately"]["value"] > 0.6


def test_a_run_resumes_and_ends_where_it_would_have(tmp_path: Path) -> None:
    run, songs = DrumRun(steps=12, batch=64), corpus()
    whole = train_drummer(run, songs, tmp_path / "a", config=SMALL, check_every=6)
    half = train_drummer(run, songs, tmp_path / "b", config=SMALL, check_every=6, most=6)
    assert half != whole
    assert train_drummer(run, songs, tmp_path / "b", config=SMALL, check_every=6) == whole
    with pytest.raises(TrainingError, match="other settings or data"):
        train_drummer(DrumRun(steps=13, batch=64), songs, tmp_path / "b", config=SMALL)


def test_where_the_corpus_strikes_most_ranks_lowest() -> None:
    songs = corpus()
    ranks = place_ranks(songs.table.with_kinds(tiny_stroke_kit()))
    on_beat, eighth, off = (ranks[0, int(LINES[1]) + t] for t in (0, 6, 1))
    assert on_beat[7] < 0.5
    assert max(on_beat.min(), eighth.min()) < off.min()
    assert (ranks[1, int(LINES[1]) + 1] == 1).all(), "what is never struck is not added"


def test_the_figures_are_those_of_a_song_that_is_known() -> None:
    table = corpus().table
    truth = table.with_kinds(tiny_stroke_kit())
    same = bar_figures(truth, table, truth)
    assert same["js"]["value"] == pytest.approx(0.0, abs=1e-9)
    again = again_figures(truth, table)
    assert again["bars"]["lately"]["value"] > 0.8, "all but the first ones"
    assert again["bars"]["4"]["value"] > 0.6
    joint = joint_figures(truth, table)
    assert joint["strokes"]["value"] == pytest.approx(2.25, abs=0.05)
    assert joint["P1"]["value"] == pytest.approx(8 / 9, abs=0.05)
    shifted = truth.copy()
    shifted[:, Cell.STROKE] = np.roll(shifted[:, Cell.STROKE], 1)
    assert bar_figures(shifted, table, truth)["js"]["value"] > 0.9
    assert joint_figures(shifted, table)["any"]["value"] < 0.1


def test_the_rule_drums_to_the_same_songs() -> None:
    table = corpus().table
    cells = play_by_rule(table, 1.0)
    struck = cells[:, Cell.STROKE] != NO_STROKE
    assert joint_figures(cells, table)["struck"]["value"] == pytest.approx(1.0)
    assert (cells[struck, Cell.STROKE] <= 16).all()


def test_the_commands_train_and_measure_one(tmp_path: Path) -> None:
    for split, numbers in (("train", range(5, 10)), ("valid", range(20, 22))):
        (tmp_path / "data" / split).mkdir(parents=True)
        for n in numbers:
            score = drummed_score(10, n)
            song = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
            name = f"{n:03d}_Game_00_01Song.exprsco.pkl"
            (tmp_path / "data" / split / name).write_bytes(song)
    data, out = str(tmp_path / "data"), tmp_path / "run"
    train = ["train", "--part", "drums", "--data", data, "--out", str(out), "--quiet"]
    assert main([*train, "--steps", "10"]) == 0
    figures = tmp_path / "figures.json"
    evaluate = ["evaluate", "--part", "drums", "--data", data, "--split", "valid"]
    assert main([*evaluate, "--drummer", str(out / BEST), "--json", str(figures)]) == 0
    found = json.loads(figures.read_text())
    assert set(found) == {"nats", "songs", "drummer", "rule", "fill_knob"}
    assert set(found["drummer"]) == {"bar", "joint", "again", "fills"}
