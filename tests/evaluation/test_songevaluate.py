"""The figures of a checkpoint of format 3."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.evaluation.songplaying import read_song
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from nesvae_live.model.song.songdecoder import SongDecoder
from tests.support.metresongs import steady
from tests.support.tinysong import TINY_SONG, tick_songs, tiny_song_checkpoint

torch = pytest.importorskip("torch")

from nesvae_live.evaluation.beat import Music  # noqa: E402
from nesvae_live.evaluation.songevaluate import (  # noqa: E402
    SongPlan,
    evaluate_song,
    load_song_model,
)

SMALL = SongPlan(contexts=3, settings=3, runs=2, phrases=9)


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


def test_every_figure_that_is_promised_is_there() -> None:
    checkpoint = tiny_song_checkpoint()
    figures = evaluate_song(
        checkpoint, tick_songs((120, 110, 40)), SMALL, sampling=Sampling(guidance=2.0, candidates=2)
    )
    assert {"carried", "no_context"} <= set(figures["nats_per_token"])
    assert {"carried", "no_context"} <= set(figures["nats_per_tuple"])
    assert {"carried", "no_context"} <= set(figures["nats_per_second"])
    assert {"median", "above_07"} <= set(figures["pulse"]["window"])
    assert {"median", "above_07"} <= set(figures["pulse"]["songs"])
    assert {"js_over_human", "lines_struck", "songs_lines_struck"} == set(figures["bar"])
    assert {"grams", "bars", "songs"} <= set(figures["recurrence"])
    assert all("less" in figures["given"][voice] for voice in ("P1", "P2", "TR"))
    assert "mean" in figures["knob_spearman"]
    per_tuple = figures["nats_per_tuple"]["carried"]["value"]
    assert per_tuple == pytest.approx(4 * figures["nats_per_token"]["carried"]["value"])


def test_where_a_song_left_off_is_where_the_decoder_goes_on() -> None:
    checkpoint, corpus = tiny_song_checkpoint(), tick_songs()
    model, piece = load_song_model(checkpoint), Music(*corpus.song(0))
    state, z = read_song(model, checkpoint.quantiles, piece, 2)
    assert len(state.memory) == 26
    assert state.place == piece.places[26]
    assert z.shape == (TINY_SONG.latent,)
    decoded = SongDecoder(checkpoint.weights, TINY_SONG).decode(
        z, np.ones(8, np.float32), state, np.full((13, 4), 0.5, np.float32)
    )
    assert decoded.state(13).memory.ticks[26] == piece.ticks[26]
    first, _ = read_song(model, checkpoint.quantiles, piece, 0)
    assert len(first.memory) == 0


def test_the_command_measures_a_checkpoint_of_this_format(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, replace(tiny_song_checkpoint(), about={}))
    monkeypatch.setattr(
        "nesvae_live.cli.network.QUICK_SONG", {"contexts": 2, "runs": 2, "settings": 3}
    )
    out = tmp_path / "figures.json"
    arguments = ["evaluate", "--data", str(archive), "--split", "valid", "--quick"]
    assert main([*arguments, "--checkpoint", str(path), "--json", str(out)]) == 0
    assert json.loads(out.read_text())["metre"]["sure"]["value"] > 0.5


def test_the_command_trains_a_checkpoint_of_this_format(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nesvae_live.training.songtrain.SongConfig", lambda: TINY_SONG)
    arguments = ["train", "--format", "3", "--data", str(archive), "--out", str(tmp_path / "run")]
    assert main([*arguments, "--steps", "2", "--streams", "2", "--precision", "f32"]) == 0
    assert (tmp_path / "run" / "average.safetensors").exists()


def test_separated_scores_say_too_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.seprsco.pkl").write_bytes(b"x")
    arguments = ["train", "--format", "3", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main(arguments) != 0
    assert "needs expressive scores" in capsys.readouterr().err
