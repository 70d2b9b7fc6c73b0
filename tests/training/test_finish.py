"""Finishing: the axes do what their labels say, and decoding does not change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.chip.corpus import read_split
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.evaluation.batchdecode import F32, Past, load_model, no_past
from nesvae_live.evaluation.contexts import EncodedPhrases, encode, true_past
from nesvae_live.evaluation.likelihood import nats_per_token
from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.axes import AXES, AxisSpec, axes_of, axes_to_about, labels
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.latent.walk import Spread, Walk
from nesvae_live.model.checkpoint import load_checkpoint, save_checkpoint
from nesvae_live.model.decoder import Decoder
from nesvae_live.model.encoder import Encoder
from nesvae_live.music.phrase import Ints
from nesvae_live.training.finish import FINISHED, FinishError, card_lines, finish
from nesvae_live.training.maplayout import draw_atlas, measure_fidelity
from nesvae_live.training.styleaxes import (
    CorpusNorms,
    every_past,
    find_axes,
    measure_axes,
    rotate_style,
    varimax,
)
from nesvae_live.training.traits import TRAITS, traits
from tests.support.songs import make_corpus, make_score
from tests.support.tiny import TINY, tiny_checkpoint

NAMES = [trait.name for trait in TRAITS]
TURN: F32 = np.linalg.qr(np.random.default_rng(3).standard_normal((5, 5)))[0].astype(np.float32)


def test_a_turned_checkpoint_plays_the_same_at_the_place_that_matches() -> None:
    before = tiny_checkpoint()
    after = rotate_style(before, TURN)
    rng = np.random.default_rng(0)
    for _ in range(20):
        u = rng.standard_normal(5).astype(np.float32)
        a = rng.standard_normal(N_ATTRIBUTES).astype(np.float32)
        mask = rng.integers(0, 2, N_ATTRIBUTES).astype(np.float32)
        draws = rng.random((13, 4), dtype=np.float32)
        one, other = (
            decoder.decode(z, mask, decoder.initial_state(), draws, SAMPLING).symbols
            for decoder, z in (
                (Decoder(before), np.concatenate((a, u))),
                (Decoder(after), np.concatenate((a, TURN @ u))),
            )
        )
        assert np.array_equal(one, other)


def test_a_turned_encoder_finds_the_place_that_matches() -> None:
    before = tiny_checkpoint()
    after = rotate_style(before, TURN)
    symbols = np.random.default_rng(1).integers(0, 30, (13, 4))
    (mean, _), (moved, _) = (Encoder(c).encode(symbols, 13) for c in (before, after))
    assert np.allclose(TURN @ mean, moved, atol=1e-5)


def test_turning_changes_no_figure_also_when_done_twice() -> None:
    before, corpus = tiny_checkpoint(scale=0.3), make_corpus(0, 3)
    after = rotate_style(rotate_style(before, TURN), TURN)
    one, other = (
        nats_per_token(load_model(c), c.quantiles, corpus)["nats_per_token"]["carried"]["value"]
        for c in (before, after)
    )
    assert one == pytest.approx(other, abs=1e-4)


def test_every_past_is_the_true_one() -> None:
    checkpoint = tiny_checkpoint(scale=0.3)
    model = load_model(checkpoint)
    encoded = encode(model, checkpoint.quantiles, make_corpus(0, 4), np.random.default_rng(0))
    rows = np.arange(len(encoded))
    one, other = every_past(model, encoded), true_past(model, encoded, rows)
    assert np.allclose(one.state, other.state, atol=1e-5)
    assert np.array_equal(one.previous, other.previous)


def test_varimax_finds_loadings_that_are_simple() -> None:
    rng = np.random.default_rng(0)
    simple = np.kron(np.eye(3), np.ones((4, 1))) + 0.05 * rng.standard_normal((12, 3))
    mixed = simple @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
    found = mixed @ varimax(mixed)
    assert (np.sort(np.abs(found), 1)[:, :2] < 0.2).all()  # one large one a row


def test_the_axes_found_are_those_along_which_traits_move() -> None:
    rng = np.random.default_rng(0)
    u = rng.standard_normal((4000, 5)).astype(np.float32)
    decoded = 0.3 * rng.standard_normal((4000, len(TRAITS)))
    decoded[:, 4] += 2.0 * (u @ TURN[0])
    decoded[:, 9] -= 1.0 * (u @ TURN[1])
    decoded[::7, 9] = np.nan
    axes = find_axes(u, decoded)
    assert np.allclose(axes @ axes.T, np.eye(5), atol=1e-5)
    assert axes[0] @ TURN[0] > 0.98  # and up is more
    assert axes[1] @ TURN[1] < -0.98


def fake_play(u: F32, past: Past) -> Ints:
    """Axis 1 turned up: pulse 1 higher; axis 3: the triangle rests at the upper end."""
    assert len(past.previous) == len(u)
    phrases = np.tile(np.array([60, 64, 40, 2]), (len(u), 13, 1))
    phrases[:, ::2, 1] = 67
    phrases[:, :, 0] += np.rint(4 * u[:, 1]).astype(int)[:, None]
    phrases[:, :, 2] *= (u[:, 3] < 1.0)[:, None]
    return phrases


def test_an_axis_is_labelled_with_what_it_does() -> None:
    model = load_model(tiny_checkpoint())
    u = np.zeros((6, 5), np.float32)
    usual = CorpusNorms(np.ones(len(TRAITS)), np.array([[-1e3] * 11, [1e3] * 11]))
    usual.ends[1, 2] = 66.0  # of the register of both pulses
    axes = measure_axes(fake_play, u, no_past(model, 6), usual)
    assert axes[1].label.startswith("pulse 1 higher")
    assert (axes[1].does or {})["p1_register"] == pytest.approx(1.0)
    assert "triangle rests more" in axes[3].label
    assert axes[3].tokens == 13
    for i in (0, 2, 4):
        assert axes[i] == AxisSpec("", 0.0, 0.0, {}, 0.0)
    assert axes[1].effect > 5
    assert axes[1].strays == 0.5  # at the upper end


def test_of_the_corpus_a_phrase_in_a_hundred_strays_by_each_feature() -> None:
    rng = np.random.default_rng(0)
    phrases = np.tile(np.array([60, 64, 40, 2]), (1000, 13, 1))
    phrases[:, :, 2] = rng.permutation(1000)[:, None] % 60 + 30
    phrases[:, :, 3] = rng.integers(1, 9, (1000, 13))
    assert 0.0 < CorpusNorms.of(phrases).strays(phrases) < 0.11
    assert CorpusNorms.of(phrases).strays(phrases * np.array([0, 0, 0, 1])) == 1.0


def phrase_of(*tuples: tuple[int, int, int, int]) -> Ints:
    return np.array([[*tuples] * (12 // len(tuples))])


@pytest.mark.parametrize(
    ("trait", "less", "more"),
    [
        ("density", [(60, 0, 0, 4), (62, 0, 0, 4)], [(60, 0, 0, 2), (62, 0, 0, 2)]),
        ("together", [(60, 64, 0, 2), (62, 64, 0, 2)], [(60, 64, 0, 2), (62, 66, 0, 2)]),
        ("p2_register", [(0, 50, 0, 2)], [(0, 57, 0, 2)]),
        ("tr_sounds", [(60, 0, 40, 2), (60, 0, 0, 2)], [(60, 0, 40, 3), (60, 0, 0, 1)]),
        ("p1_moves", [(60, 0, 0, 2), (60, 55, 0, 2)], [(60, 0, 0, 2), (61, 0, 0, 2)]),
        ("p1_leaps", [(60, 0, 0, 2), (62, 0, 0, 2)], [(60, 0, 0, 2), (67, 0, 0, 2)]),
        ("apart", [(60, 57, 0, 2)], [(72, 57, 0, 2)]),
        ("repeats", [(50 + i, 0, 0, 1) for i in range(12)], [(60, 0, 0, 1), (62, 0, 0, 1)]),
        ("major", [(60, 63, 67, 2)], [(60, 64, 67, 2)]),
        ("key_c", [(66, 70, 61, 2)], [(60, 64, 67, 2)]),
        ("key_a", [(63, 67, 58, 2)], [(57, 61, 64, 2)]),
        ("slowing", [(60, 0, 0, 4)] * 6 + [(62, 0, 0, 2)] * 6, [(60, 0, 0, 3)]),
        ("rising", [(60, 0, 0, 1)], [(60, 0, 0, 1)] * 6 + [(65, 0, 0, 1)] * 6),
    ],
)
def test_a_trait_grows_with_what_it_is_named_for(
    trait: str, less: list[tuple[int, int, int, int]], more: list[tuple[int, int, int, int]]
) -> None:
    i = NAMES.index(trait)
    low, high = (traits(phrase_of(*tuples))[0, i] for tuples in (less, more))
    assert low < high


def test_silence_has_no_register_and_no_key() -> None:
    found = dict(zip(NAMES, traits(phrase_of((0, 0, 0, 2)))[0], strict=True))
    assert np.isnan([found[n] for n in ("p1_register", "apart", "key_c", "rising")]).all()
    assert found["tr_sounds"] == 0


def test_axes_travel_in_about_and_foreign_ones_are_plain() -> None:
    axes = (AxisSpec("pulse 1 higher", 1.5, 30.0, {"p1_register": 0.6}, 0.01), AxisSpec())
    assert axes_of({AXES: axes_to_about(axes)}, 2) == axes
    assert axes_of({}, 2) == axes_of({AXES: axes_to_about(axes)}, 3)[:2] == (AxisSpec(),) * 2
    assert labels(axes) == {"style1": "pulse 1 higher"}
    newer = [axis | {"colour": 7} for axis in axes_to_about(axes)]
    assert axes_of({AXES: newer}, 2) == axes


def clustered() -> EncodedPhrases:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((12, N_ATTRIBUTES + 5))
    song = np.repeat(np.arange(12), 20)
    z = (centres[song] + 0.1 * rng.standard_normal((240, 13))).astype(np.float32)
    whole = np.full(240, 13)
    whole[::10] = 5  # a last phrase, which is not drawn
    nothing = np.zeros((240, 13, 4), np.int64)
    a, u = z[:, :N_ATTRIBUTES], z[:, N_ATTRIBUTES:]
    return EncodedPhrases(nothing, whole, song, np.diff(song, prepend=-1) > 0, a, u, 0 * u, u)


def test_on_the_map_a_phrase_lies_among_its_like() -> None:
    encoded, effects = clustered(), np.ones(5)
    atlas = draw_atlas(encoded, effects, np.random.default_rng(0))
    assert atlas is not None
    assert len(atlas.z) == 216
    assert atlas.xy.min() == 0.0
    assert atlas.xy.max() == 1.0
    fidelity = measure_fidelity(atlas, effects, np.random.default_rng(0))
    assert fidelity.attributes > 0.9
    shuffled = Atlas(atlas.z, np.random.default_rng(1).permutation(atlas.xy))
    assert measure_fidelity(shuffled, effects, np.random.default_rng(0)).attributes < 0.2


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "train"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(16):
        score: NDArray[np.uint8] = make_score(rng, 500)
        data = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
        (folder / f"{i:03d}_Game_00_01Song.exprsco.pkl").write_bytes(data)
    return folder.parent


@pytest.mark.slow
def test_finish_writes_a_checkpoint_with_axes_spread_and_map(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained, out = tmp_path / "trained.safetensors", tmp_path / "finished.safetensors"
    save_checkpoint(trained, tiny_checkpoint(scale=0.4))
    assert main(["finish", str(trained), "--data", str(archive), "-o", str(out)]) == 0
    finished = load_checkpoint(out)
    assert finished.config == TINY
    assert finished.turn is not None
    assert np.allclose(finished.turn @ finished.turn.T, np.eye(5), atol=1e-5)
    axes = axes_of(finished.about, 5)
    assert [a.effect for a in axes] == sorted((a.effect for a in axes), reverse=True)
    assert axes[0].effect > 0
    assert finished.atlas is not None
    assert finished.about[FINISHED]["map"]["points"] == len(finished.atlas.z)
    spread = Spread.of(finished.about, 5)
    assert np.isfinite(Walk(0, spread, finished.quantiles.reach()).at(3)).all()
    shown = capsys.readouterr()
    assert "| `style5` |" in shown.out
    assert card_lines(finished).strip() == shown.out.strip()
    assert "finishing: drawing the map" in shown.err
    again = finish(load_checkpoint(trained), read_split(archive, "train"), SAMPLING)
    assert again.about == finished.about
    assert again.turn is not None
    assert np.array_equal(again.turn, finished.turn)
    assert again.atlas is not None
    assert np.array_equal(again.atlas.xy, finished.atlas.xy)


def test_a_corpus_that_is_too_small_is_one_line() -> None:
    with pytest.raises(FinishError, match="are too few to find the axes"):
        finish(tiny_checkpoint(), make_corpus(0, 1), SAMPLING)


def test_a_folder_that_is_not_there_is_one_line(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = tmp_path / "trained.safetensors"
    save_checkpoint(trained, replace(tiny_checkpoint()))
    out = tmp_path / "gone" / "x.safetensors"
    assert main(["finish", str(trained), "--data", str(archive), "-o", str(out)]) == 1
    assert capsys.readouterr().err.strip().endswith("no such folder for -o")
