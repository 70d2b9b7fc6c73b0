"""Finishing: the axes do what their labels say, and decoding does not change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.chip.tickcorpus import read_ticks
from nesvae_live.cli.main import main
from nesvae_live.evaluation.contexts import EncodedPhrases, encode
from nesvae_live.evaluation.song.beat import Music
from nesvae_live.evaluation.song.songevaluate import load_song_model
from nesvae_live.evaluation.song.songnats import song_nats
from nesvae_live.evaluation.song.songplaying import F32, SongPast, read_song
from nesvae_live.latent.atlas import Atlas
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.axes import AXES, AxisSpec, axes_of, axes_to_about, labels
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.latent.walk import Spread, Walk
from nesvae_live.model.encoder import Encoder
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcheckpoint import (
    load_song_checkpoint,
    save_song_checkpoint,
)
from nesvae_live.model.song.songconfig import TURN as TURN_NAME
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.yours.turning import rotate_style
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints
from nesvae_live.training.finish import FINISHED, FinishError, card_lines, finish
from nesvae_live.training.maplayout import draw_atlas, measure_fidelity
from nesvae_live.training.styleaxes import (
    CorpusNorms,
    every_past,
    find_axes,
    measure_axes,
    varimax,
)
from nesvae_live.training.traits import TRAITS, traits
from tests.support.songs import make_score
from tests.support.tinysong import TINY_SONG, tick_songs, tiny_song_checkpoint

NAMES = [trait.name for trait in TRAITS]
TURN: F32 = np.linalg.qr(np.random.default_rng(3).standard_normal((5, 5)))[0].astype(np.float32)


def test_a_turned_checkpoint_plays_the_same_at_the_place_that_matches() -> None:
    before = tiny_song_checkpoint()
    after = rotate_style(before, TURN)
    rng = np.random.default_rng(0)
    states = [SongDecoder(c).initial_state(1) for c in (before, after)]
    for _ in range(20):
        u = rng.standard_normal(5).astype(np.float32)
        a = rng.standard_normal(N_ATTRIBUTES).astype(np.float32)
        mask = rng.integers(0, 2, N_ATTRIBUTES).astype(np.float32)
        draws = rng.random((13, 4), dtype=np.float32)
        one, other = (
            SongDecoder(c).decode(z, mask, state, draws, SAMPLING)
            for c, z, state in (
                (before, np.concatenate((a, u)), states[0]),
                (after, np.concatenate((a, TURN @ u)), states[1]),
            )
        )
        assert np.array_equal(one.symbols, other.symbols)
        states = [one.state(13), other.state(13)]


def test_a_turned_encoder_finds_the_place_that_matches() -> None:
    before = tiny_song_checkpoint()
    after = rotate_style(before, TURN)
    symbols = np.random.default_rng(1).integers(0, 30, (13, 4))
    (mean, _), (moved, _) = (Encoder(c).encode(symbols, 13) for c in (before, after))
    assert np.allclose(TURN @ mean, moved, atol=1e-5)


def test_a_turned_prior_goes_to_the_place_that_matches() -> None:
    before = tiny_song_checkpoint()
    after = rotate_style(before, TURN)
    rng = np.random.default_rng(2)
    priors = [SongPrior(c.weights, TINY_SONG) for c in (before, after)]
    forms = [prior.beginning() for prior in priors]
    for k in range(TINY_SONG.memory + 2):
        known = np.arange(TINY_SONG.latent) < k % 4  # attributes that a hand has set
        asked = rng.standard_normal(TINY_SONG.latent).astype(np.float32)
        drawn = [
            prior.mixture(form).given(asked, known).draw(np.random.default_rng(k))
            for prior, form in zip(priors, forms, strict=True)
        ]
        (z, which), (moved, same) = drawn
        assert which == same
        assert np.array_equal(z[known], asked[known])
        assert np.allclose(z[:N_ATTRIBUTES], moved[:N_ATTRIBUTES], atol=1e-4)
        assert np.allclose(TURN @ z[N_ATTRIBUTES:], moved[N_ATTRIBUTES:], atol=1e-4)
        top = rng.standard_normal(TINY_SONG.hidden).astype(np.float32)
        forms = [p.after(f, z, top) for p, f, z in zip(priors, forms, (z, moved), strict=True)]


def test_turning_changes_no_figure_also_when_done_twice() -> None:
    before, corpus = tiny_song_checkpoint(scale=0.3), tick_songs()
    after = rotate_style(rotate_style(before, TURN), TURN)
    figures = []
    for checkpoint in (before, after):
        torch.manual_seed(0)
        cpu = torch.device("cpu")
        nats = song_nats(
            load_song_model(checkpoint), Ranks(checkpoint.quantiles, cpu), DeviceCorpus(corpus, cpu)
        )
        figures.append(nats.summary())
    for name in ("carried", "no_context", "rate", "rate_alone"):
        assert figures[0][name] == pytest.approx(figures[1][name], abs=1e-3), name


def test_every_past_is_the_one_that_the_song_itself_leads_to() -> None:
    checkpoint, corpus = tiny_song_checkpoint(scale=0.3), tick_songs()
    model = load_song_model(checkpoint)
    encoded = encode(model, checkpoint.quantiles, corpus, np.random.default_rng(0))
    songs = [corpus.song(i) for i in range(len(corpus.lengths))]
    past = every_past(model, encoded, [places for _, places in songs])
    assert len(past.states) == len(encoded)
    starts = np.flatnonzero(encoded.first)
    for row in np.flatnonzero(encoded.counts == TUPLES_PER_PHRASE):
        song = int(encoded.song[row])
        phrase = int(row - starts[song])
        state, z = read_song(model, checkpoint.quantiles, Music(*songs[song]), phrase)
        found = past.states[row]
        assert np.allclose(found.hidden, state.hidden, atol=1e-5)
        assert (found.previous, found.place) == (state.previous, state.place)
        for name in ("symbols", "places", "ticks"):
            assert np.array_equal(getattr(found.memory, name), getattr(state.memory, name))
        assert np.allclose(found.memory.keys.rows(), state.memory.keys.rows(), atol=1e-5)
        assert np.allclose(z[N_ATTRIBUTES:], encoded.mu[row], atol=1e-5)


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


def fake_play(u: F32, past: SongPast) -> Ints:
    """Axis 1 turned up: pulse 1 higher; axis 3: the triangle rests at the upper end."""
    assert len(past.states) == len(u)
    phrases = np.tile(np.array([60, 64, 40, 2]), (len(u), 13, 1))
    phrases[:, ::2, 1] = 67
    phrases[:, :, 0] += np.rint(4 * u[:, 1]).astype(int)[:, None]
    phrases[:, :, 2] *= (u[:, 3] < 1.0)[:, None]
    return phrases


def test_an_axis_is_labelled_with_what_it_does() -> None:
    origin = SongState.beginning(2, 12, 6)
    u = np.zeros((6, 5), np.float32)
    usual = CorpusNorms(np.ones(len(TRAITS)), np.array([[-1e3] * 11, [1e3] * 11]))
    usual.ends[1, 2] = 66.0  # of the register of both pulses
    axes = measure_axes(fake_play, u, SongPast((origin,) * 6), usual)
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
    save_song_checkpoint(trained, tiny_song_checkpoint(scale=0.4))
    assert main(["finish", str(trained), "--data", str(archive), "-o", str(out)]) == 0
    finished = load_song_checkpoint(out)
    assert finished.config == TINY_SONG
    turn = finished.weights[TURN_NAME]
    assert np.allclose(turn @ turn.T, np.eye(5), atol=1e-5)
    assert not np.allclose(turn, np.eye(5), atol=0.1)
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
    again = finish(load_song_checkpoint(trained), read_ticks(archive, "train"), SAMPLING)
    assert again.about == finished.about
    assert np.array_equal(again.weights[TURN_NAME], turn)
    assert again.atlas is not None
    assert np.array_equal(again.atlas.xy, finished.atlas.xy)


def test_a_corpus_that_is_too_small_is_one_line() -> None:
    with pytest.raises(FinishError, match="are too few to find the axes"):
        finish(tiny_song_checkpoint(), tick_songs((13,)), SAMPLING)


def test_a_folder_that_is_not_there_is_one_line(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = tmp_path / "trained.safetensors"
    save_song_checkpoint(trained, tiny_song_checkpoint())
    out = tmp_path / "gone" / "x.safetensors"
    assert main(["finish", str(trained), "--data", str(archive), "-o", str(out)]) == 1
    assert capsys.readouterr().err.strip().endswith("no such folder for -o")
