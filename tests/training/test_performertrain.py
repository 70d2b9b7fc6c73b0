"""The performer is trained, resumed and measured by the commands, and gets better by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.model.performer.notes import song_to_notes
from nesvae_live.model.performer.notetable import Performances, to_table
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.training.performertrain import BEST, PerformerRun, train_performer
from nesvae_live.training.songrun import TrainingError
from tests.support.tinyperformer import TINY, performed_score

pytestmark = pytest.mark.slow  # what is compiled takes ten seconds of a core
QUICK = PerformerRun(steps=30, batch=96, learning_rate=1e-2)


def corpus() -> Performances:
    scores = tuple(performed_score(seed, 50) for seed in range(6))
    names = tuple(f"{7 + i % 3:03d}_Game_{i}" for i in range(6))
    return Performances(names, scores, to_table([song_to_notes(s) for s in scores]), "hash")


def test_songs_that_are_held_out_are_whole_games() -> None:
    assert corpus().held_out().tolist() == [True, False, False, True, False, False]


def test_training_learns_to_keep_to_a_patch(tmp_path: Path) -> None:
    said: list[str] = []
    figures = train_performer(
        QUICK, corpus(), tmp_path, config=TINY, check_every=2, say=said.append
    )
    first = float(said[1].split()[2])
    assert figures["step"] < 0.6 * first
    assert load_performer(tmp_path / BEST).about["step"] > 2


def test_a_run_resumes_and_ends_where_it_would_have(tmp_path: Path) -> None:
    whole = train_performer(QUICK, corpus(), tmp_path / "a", config=TINY, check_every=10)
    half = train_performer(QUICK, corpus(), tmp_path / "b", config=TINY, check_every=10, most=10)
    assert half != whole
    assert train_performer(QUICK, corpus(), tmp_path / "b", config=TINY, check_every=10) == whole
    other = PerformerRun(steps=31, batch=96)
    with pytest.raises(TrainingError, match="other settings or data"):
        train_performer(other, corpus(), tmp_path / "b", config=TINY)


def test_the_commands_train_and_measure_one(tmp_path: Path) -> None:
    for split, numbers in (("train", range(5, 11)), ("valid", range(20, 23))):
        (tmp_path / "data" / split).mkdir(parents=True)
        for n in numbers:
            score = performed_score(n, 140)
            song = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
            name = f"{n:03d}_Game_00_01Song.exprsco.pkl"
            (tmp_path / "data" / split / name).write_bytes(song)
    data, out = str(tmp_path / "data"), tmp_path / "run"
    train = ["train", "--part", "performer", "--data", data, "--out", str(out), "--quiet"]
    assert main([*train, "--steps", "90", "--check-every", "30"]) == 0
    figures = tmp_path / "figures.json"
    evaluate = ["evaluate", "--part", "performer", "--data", data, "--split", "valid", "--quick"]
    assert main([*evaluate, "--performer", str(out / BEST), "--json", str(figures)]) == 0
    found = json.loads(figures.read_text())
    parts = (
        "nats",
        "kit",
        "forced",
        "hinted",
        "alone",
        "apart",
        "live",
        "knobs",
        "changes",
        "sound",
    )
    assert set(found) == set(parts)
    forced = {row: found["forced"][row] for row in ("performer", "guessed")}
    assert forced["guessed"]["velocity"] == forced["performer"]["velocity"]
    assert forced["performer"]["timbre"]["P1"]["value"] > 0.9
    hinted = found["hinted"]
    for row, least in (
        ("performer", 0.9),
        ("hint_majority", 0.99),
    ):  # each voice keeps to one patch
        assert hinted[row]["velocity"]["P1"]["value"] > least
        assert hinted[row]["timbre"]["P2"]["value"] > least
    assert hinted["nearest_song"]["velocity"]["P1"]["value"] < 0.9
    assert found["knobs"]["brightness"]["brightness"]["rho"]["value"] > 0.5
    assert len(found["knobs"]["instrument"]) == len(load_performer(out / BEST).casts) == 8
    sound = {name: way["mean"]["value"] for name, way in found["sound"].items()}
    assert sound["hinted"] < sound["flat"] / 2
