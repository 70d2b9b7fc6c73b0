"""The figures of a checkpoint of format 3."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.chip.corpus import Corpus
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.cli.network.evaluate import SONG_PARTS
from nesvae_live.evaluation.autorun import KnownPhrases, copied
from nesvae_live.evaluation.bootstrap import flatten
from nesvae_live.evaluation.features import FEATURES
from nesvae_live.evaluation.song.heard import HEARD_STEPS
from nesvae_live.evaluation.song.songplaying import read_song
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.music.phrase import Ints
from tests.support.metresongs import steady
from tests.support.tinysong import TINY_SONG, tick_songs, tiny_song_checkpoint

torch = pytest.importorskip("torch")

from nesvae_live.evaluation.song.beat import Music  # noqa: E402
from nesvae_live.evaluation.song.songevaluate import (  # noqa: E402
    Part,
    SongPlan,
    evaluate_song,
    load_song_model,
    songs_heard,
)

SMALL = SongPlan(contexts=3, settings=3, runs=2, phrases=9, heard=2, timed=5)


def long_song() -> Ints:
    """64 s of notes, one every 6 steps."""
    rng = np.random.default_rng(8)
    notes = rng.integers(50, 80, (HEARD_STEPS // 6, 3))
    return np.column_stack((notes, np.full(len(notes), 6)))


def test_songs_that_are_shorter_than_what_is_heard_are_left_out() -> None:
    whole = long_song()
    assert len(songs_heard(Corpus(("a", "b"), (whole, whole[:-1]), "none"))) == 1


def test_copies_are_runs_of_the_training_songs_of_every_length() -> None:
    song = long_song()
    phrases = song[:104].reshape(8, 13, 4)
    strange = phrases.copy()
    strange[3:, :, 0] += 1
    for length, ours in ((13, 3 / 8), (26, 1 / 4), (52, 0.0)):
        known = KnownPhrases([song], length)
        assert copied([phrases], known)["value"] == 1.0
        assert copied([strange], known)["value"] == pytest.approx(ours)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder in the official layout, of songs whose metre is known."""
    for split in ("train", "valid"):
        (tmp_path / "data" / split).mkdir(parents=True)
        for seed in range(2):
            score = steady(np.random.default_rng(seed)).score
            data = dumps_exprsco(ExprScore(24.0, len(score) * 44100 // 24, score))
            (tmp_path / "data" / split / f"{seed:03}_Game.exprsco.pkl").write_bytes(data)
    return tmp_path / "data"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_figure_that_is_promised_is_there() -> None:
    checkpoint = tiny_song_checkpoint()
    figures = evaluate_song(
        checkpoint,
        tick_songs((120, 110, 40)),
        SMALL,
        songs_in_steps=Corpus(("a",), (long_song(),), "none"),
        train=tick_songs((120, 90), seed=5),
        sampling=Sampling(guidance=2.0, candidates=2),
    ).figures
    assert {"carried", "no_context"} <= set(figures["nats_per_token"])
    assert {"carried", "no_context"} <= set(figures["nats_per_tuple"])
    assert {"carried", "no_context"} <= set(figures["nats_per_second"])
    assert {"median", "above_07"} <= set(figures["pulse"]["window"])
    assert {"median", "above_07"} <= set(figures["pulse"]["songs"])
    lines = {"lines_struck", "songs_lines_struck", "on_line", "songs_on_line"}
    lines |= {"fifths", "songs_fifths"}
    assert {"js_over_human", *lines} == set(figures["bar"])
    assert {"grams", "bars", "songs"} <= set(figures["recurrence"])
    assert all("less" in figures["given"][voice] for voice in ("P1", "P2", "TR"))
    assert all("less" in figures["given_live"][voice] for voice in ("P1", "P2", "TR"))
    assert "mean" in figures["knob_spearman"]
    assert {"quote_0", "quote_1"} == set(figures["knobs_at"])
    assert set(figures["js_over_human"]) == {spec.name for spec in FEATURES}
    assert set(figures["copies_in_a_row"]) == {"13", "26", "52"}
    assert {"auto", "untouched", "songs"} == set(figures["heard"])
    assert figures["heard"]["songs"]["beat"]["n"] == 1
    assert {"held", "jump"} <= set(figures["seam"])
    for took in (figures["decode_ms"]["first_tuple"], figures["decode_ms"]["phrase"]):
        assert 0 < took["p50"]["value"] <= took["p99"]["value"]
    told = dict(flatten(figures))
    lonely = [name for name, leaf in told.items() if not {"value", "low", "high", "n"} <= set(leaf)]
    assert not lonely
    per_tuple = figures["nats_per_tuple"]["carried"]["value"]
    assert per_tuple == pytest.approx(4 * figures["nats_per_token"]["carried"]["value"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_where_a_song_left_off_is_where_the_decoder_goes_on() -> None:
    checkpoint, corpus = tiny_song_checkpoint(), tick_songs()
    model, piece = load_song_model(checkpoint), Music(*corpus.song(0))
    state, z = read_song(model, checkpoint.quantiles, piece, 2)
    assert len(state.memory) == 26
    assert state.place == piece.places[26]
    assert z.shape == (TINY_SONG.latent,)
    decoded = SongDecoder(checkpoint).decode(
        z, np.ones(8, np.float32), state, np.full((13, 4), 0.5, np.float32)
    )
    assert decoded.state(13).memory.ticks[26] == piece.ticks[26]
    first, _ = read_song(model, checkpoint.quantiles, piece, 0)
    assert len(first.memory) == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_command_measures_a_checkpoint_of_this_format_part_by_part(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, replace(tiny_song_checkpoint(), about={}))
    monkeypatch.setattr(
        "nesvae_live.cli.network.evaluate.QUICK_SONG",
        {"contexts": 2, "runs": 2, "settings": 3, "heard": 2, "timed": 2},
    )
    out = tmp_path / "figures.json"
    arguments = ["evaluate", "--data", str(archive), "--split", "valid", "--quick"]
    page = tmp_path / "report"
    arguments += ["--json", str(out), "--report", str(page)]
    arguments += ["--checkpoint", str(path), "--only"]
    assert main([*arguments, "knobs", "times"]) == 0
    assert not (page / "report.md").exists()
    knobs = json.loads(out.read_text())["knob_spearman"]
    assert main([*arguments, "nats", "auto", "heard"]) == 0
    assert json.loads(out.read_text())["knob_spearman"] == knobs
    text = (page / "report.md").read_text()
    for picture in ("knobs", "seams", "features", "rolls"):
        assert f"({picture}.png)" in text
        assert (page / f"{picture}.png").exists()
    figures = json.loads(out.read_text())
    assert figures["metre"]["sure"]["value"] > 0.5
    planned = {"contexts": 2, "settings": 3, "runs": 2, "phrases": 24, "heard": 2, "timed": 2}
    assert figures["about"]["plan"] == planned
    carried = f"{figures['nats_per_token']['carried']['value']:.3f}"
    assert f"everything counted, with the past | {carried} (" in (page / "card.md").read_text()
    assert main([*arguments, "times", "--seed", "1"]) != 0
    assert "another seed (0, now 1)" in capsys.readouterr().err


def test_the_command_knows_every_part() -> None:
    assert set(SONG_PARTS) == set(Part)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_command_trains_a_checkpoint_of_this_format(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nesvae_live.training.songtrain.SongConfig", lambda: TINY_SONG)
    arguments = ["train", "--data", str(archive), "--out", str(tmp_path / "run")]
    assert main([*arguments, "--steps", "2", "--streams", "2", "--precision", "f32"]) == 0
    assert (tmp_path / "run" / "best.safetensors").exists()


def test_separated_scores_say_too_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.seprsco.pkl").write_bytes(b"x")
    arguments = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main(arguments) != 0
    assert "needs expressive scores" in capsys.readouterr().err
