"""Every measure against a case worked out by hand, and the whole on tiny data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.chip.corpus import Corpus
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.evaluation.autorun import (
    KnownPhrases,
    auto_figures,
    copied,
    phrase_correlations,
    seams,
)
from nesvae_live.evaluation.bootstrap import bootstrap, flatten, interval, median_interval, to_json
from nesvae_live.evaluation.contexts import choose_phrases, encode, measure_spread
from nesvae_live.evaluation.features import FEATURES, features, histograms, jensen_shannon, to_bins
from nesvae_live.evaluation.knobtest import (
    F32,
    knob_figures,
    leaks,
    own_correlation,
    ranks,
    spearman,
    turn_knobs,
)
from nesvae_live.evaluation.song.songevaluate import load_song_model
from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from nesvae_live.music.phrase import Ints, tuples_to_phrases
from tests.support.songs import make_corpus, make_song
from tests.support.tiny import tiny_checkpoint


@pytest.fixture(scope="module")
def held_out() -> Corpus:
    return make_corpus(0, 5)


# Intervals.


def test_a_song_that_stands_alone_has_no_spread() -> None:
    assert interval([6.0], [4.0]) == {"value": 1.5, "low": 1.5, "high": 1.5, "n": 1}


def test_what_has_no_weight_is_undefined_and_null_in_json() -> None:
    found = interval([0.0, 0.0], [0.0, 0.0])
    assert np.isnan(found["value"])
    assert json.loads(to_json({"a": {"b": found}}))["a"]["b"]["value"] is None


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).standard_normal(400)
    found = interval(values, np.ones(400))
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_a_median_lies_in_its_interval() -> None:
    found = median_interval(np.arange(101.0))
    assert found["value"] == 50
    assert 35 < found["low"] < 50 < found["high"] < 65


def test_two_samples_are_resampled_each_on_its_own() -> None:
    one, other = np.ones((7, 1)), 2 * np.ones((3, 1))
    found = bootstrap(lambda a, b: a[..., 0] / b[..., 0], one, other)
    assert found["value"] == found["low"] == found["high"] == pytest.approx(7 / 6)


def test_a_centred_interval_leaves_out_what_resampling_adds() -> None:
    one, other = np.random.default_rng(0).multinomial(1, np.full(20, 0.05), (2, 60)) * 1.0
    raw = bootstrap(jensen_shannon, one, other)
    centred = bootstrap(jensen_shannon, one, other, centred=True)
    assert raw["value"] == centred["value"] < raw["low"]
    assert 0 <= centred["low"] < centred["value"] < centred["high"]


def test_flatten_names_every_figure_in_full() -> None:
    leaf = {"value": 1.0, "low": None, "high": None, "n": 2}
    tree = {"kl": leaf, "seam": {"held": {"P1": leaf}}, "copies": None}
    assert [name for name, _ in flatten(tree)] == ["kl", "seam.held.P1"]


# Knobs.


def test_equal_values_share_the_middle_of_their_ranks() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [1.5, 0, 1.5, 3]


def test_spearman_of_a_case_by_hand() -> None:
    # d = 0 1 1 0 over 4 ranks: 1 - 6 * 2 / (4 * 15)
    assert spearman(np.arange(4.0), np.array([1.0, 3, 2, 9])) == pytest.approx(0.8)


def test_spearman_is_0_where_it_is_undefined_and_leaves_out_nan() -> None:
    x = np.arange(5.0)
    assert spearman(x, np.full(5, 2.0)) == 0
    assert spearman(x, np.array([0.0, 1, np.nan, np.nan, np.nan])) == 0
    assert spearman(x, np.array([0.0, 1, np.nan, 5, 6])) == 1


class Contexts:
    """Where so many phrases go on from, which the decoders here don't look at."""

    def __init__(self, n: int) -> None:
        self.n = n

    def rows(self, index: NDArray[np.integer] | slice) -> Contexts:
        return Contexts(len(np.arange(self.n)[index]))


def fake_play(slope: float, noise: float = 0.0) -> object:
    """A decoder whose holds shorten as density rises: perfect, broken or inverted."""
    rng = np.random.default_rng(0)

    def play(z: F32, mask: F32, past: Contexts) -> Ints:
        z = z[:, :N_ATTRIBUTES] * mask
        holds = np.rint(16 - 5 * slope * z[:, 0] + noise * rng.standard_normal(len(z)))
        tuples = np.zeros((len(z), 13, 4), np.int64)
        tuples[:, :, 0] = 60 + np.arange(13) % 2
        tuples[:, :, 3] = np.clip(holds, 1, 32)[:, None]
        return tuples

    return play


def turn(play: object, contexts: int = 4) -> dict[str, object]:
    past = Contexts(contexts)
    responses = turn_knobs(
        play,  # type: ignore[arg-type]
        tiny_checkpoint().quantiles,
        np.zeros((contexts, 2), np.float32),
        past,
        np.arange(contexts),
    )
    return knob_figures(responses, np.eye(N_ATTRIBUTES))


@pytest.mark.parametrize(("slope", "rho"), [(1.0, 1.0), (-1.0, -1.0), (0.0, 0.0)])
def test_a_knob_is_perfect_inverted_or_broken(slope: float, rho: float) -> None:
    figures = turn(fake_play(slope))
    found = figures["knob_spearman"]
    assert found["density"]["value"] == pytest.approx(rho, abs=0.01)  # type: ignore[index]
    assert found["register"]["value"] == 0  # type: ignore[index]
    mean = found["mean"]["value"]  # type: ignore[index]
    assert mean == pytest.approx(rho / 8, abs=0.01)


def test_the_worst_knob_is_named() -> None:
    worst = turn(fake_play(-1.0))["knob_spearman"]["worst"]  # type: ignore[index]
    assert worst["knob"] == "density"
    assert worst["value"] == pytest.approx(-1.0, abs=0.01)


def test_a_leak_is_what_lies_beyond_the_data_s_own_correlation() -> None:
    own, rho = np.eye(N_ATTRIBUTES), np.eye(N_ATTRIBUTES)
    own[0, 1], rho[0, 1] = 0.5, 0.7  # 0.2 more than in the data
    own[0, 2], rho[0, 2] = 0.5, 0.3  # less: no leak
    own[0, 3], rho[0, 3] = 0.5, -0.1  # the other way
    own[0, 4], rho[0, 4] = -0.4, -0.9
    found = leaks(rho, own)
    assert found[0] == pytest.approx([0, 0.2, 0, 0.1, 0.5, 0, 0, 0])
    assert not found[1:].any()


def test_own_correlation_leaves_out_what_was_not_measured() -> None:
    measured = np.random.default_rng(0).standard_normal((50, N_ATTRIBUTES))
    measured[:, 1] = -(measured[:, 0] ** 3)
    measured[::5, 1] = np.nan
    own = own_correlation(measured)
    assert own[0, 1] == own[1, 0] == pytest.approx(-1)
    assert np.array_equal(np.diag(own), np.ones(N_ATTRIBUTES))


# Features.


def a_phrase(p1: list[int], p2: list[int], tr: list[int], held: list[int]) -> Ints:
    return np.column_stack((p1, p2, tr, held)).astype(np.int64)[None]


def test_features_of_a_phrase_by_hand() -> None:
    found = features(a_phrase([60, 64, 0, 0], [67, 67, 0, 0], [0, 48, 48, 0], [1, 1, 2, 4]))[0]
    by_name = dict(zip([f.name for f in FEATURES], found, strict=True))
    assert by_name["onsets"] == pytest.approx(4 / 8 * 24)  # 60, 67, 64, 48
    assert by_name["length"] == 3  # log2 of 8 steps
    assert by_name["register"] == pytest.approx((60 + 64 + 67 + 67) / 4)
    assert by_name["triangle"] == pytest.approx(3 / 8)
    assert by_name["polyphony"] == pytest.approx((2 + 3 + 2 + 0) / 8)
    assert by_name["short"] == 0.5
    assert by_name["rhythm"] == pytest.approx(1.5)  # halves and two quarters
    assert by_name["interval"] == 4
    assert by_name["diatonic"] == 1  # C, E, G
    assert by_name["pitch_classes"] == pytest.approx(1.379, abs=0.001)  # C 4/7, G 2/7, E 1/7


def test_a_phrase_out_of_every_scale_is_not_diatonic() -> None:
    chromatic = list(range(60, 72))
    found = features(a_phrase(chromatic, [0] * 12, [0] * 12, [1] * 12))[0]
    assert found[-1] == pytest.approx(7 / 12)


def test_a_silent_phrase_has_bins_too() -> None:
    found = features(a_phrase([0] * 13, [0] * 13, [0] * 13, [32] * 13))
    assert np.isnan(found).any()
    counts = histograms(found, np.zeros(1, int), 1)
    assert (counts.sum((1, 2)) == 1).all()
    assert to_bins(found).max() == 40


def test_jensen_shannon_of_known_histograms() -> None:
    same, other = np.array([2.0, 2, 0, 0]), np.array([0, 0, 5.0, 5])
    assert jensen_shannon(same, 7 * same) == pytest.approx(0)
    assert jensen_shannon(same, other) == pytest.approx(1)
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): (log2 4/3 + (log2 2/3 + log2 2) / 2) / 2
    by_hand = (np.log2(4 / 3) + (np.log2(2 / 3) + 1) / 2) / 2
    assert jensen_shannon(np.array([1.0, 0]), np.array([3.0, 3])) == pytest.approx(by_hand)


# Seams, copies, correlation.


def seam_song(*borders: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Ints:
    """Phrases that end and begin as said: `(last, first)` at each border."""
    phrases = np.full((len(borders) + 1, 13, 4), 1)
    for i, (last, first) in enumerate(borders):
        phrases[i, -1, :3], phrases[i + 1, 0, :3] = last, first
    return phrases


def test_seams_by_hand() -> None:
    song = seam_song(
        ((60, 60, 40), (60, 62, 40)),
        ((60, 60, 0), (63, 0, 40)),
        ((0, 60, 40), (0, 60, 28)),
    )
    found = seams([song])
    held = {k: v["value"] for k, v in found["held"].items()}
    assert held == pytest.approx({"P1": 1 / 2, "P2": 1 / 3, "TR": 1 / 2})
    jumps = {k: v["value"] for k, v in found["jumps"].items()}
    assert jumps == pytest.approx({"P1": 1.5, "P2": 1.0, "TR": 6.0})
    assert found["jump"]["value"] == pytest.approx((1.5 + 1 + 6) / 3)


def test_songs_do_not_join() -> None:
    apart = [seam_song(((60, 60, 60), (60, 60, 60))), seam_song(((60, 60, 60), (70, 70, 70)))]
    assert seams(apart)["held"]["P1"]["value"] == 0.5
    assert seams([phrases[:1] for phrases in apart] + apart)["held"]["P1"]["value"] == 0.5


def test_a_planted_copy_is_found_wherever_it_starts() -> None:
    songs = [make_song(i) for i in range(4)]
    known = KnownPhrases(songs)
    planted = songs[2][17:30]
    fresh = make_song(99, 13)
    other = planted.copy()
    other[5, 3] += 1
    assert known.holds(np.stack((planted, fresh, other))).tolist() == [True, False, False]
    assert copied([np.stack((planted, fresh)), np.stack((fresh, fresh))], known)["value"] == 0.25


def test_a_phrase_cut_short_is_no_copy_and_not_counted() -> None:
    known = KnownPhrases([make_song(1)])
    short, _ = tuples_to_phrases(make_song(1)[:5])
    whole, _ = tuples_to_phrases(make_song(1)[:13])
    assert copied([short, whole], known)["value"] == 1.0
    assert np.isnan(copied([short], known)["value"])


def test_known_songs_may_be_shorter_than_a_phrase() -> None:
    assert not KnownPhrases([make_song(1)[:5]]).holds(make_song(2, 13)[None]).any()


def test_phrase_correlation_is_pearson_s() -> None:
    songs = [tuples_to_phrases(make_song(i, 130))[0] for i in range(6)]
    density = [measure(song)[:, 0] for song in songs]
    before = np.concatenate([d[:-1] for d in density])
    after = np.concatenate([d[1:] for d in density])
    expected = np.corrcoef(before, after)[0, 1]
    assert phrase_correlations(songs)["density"]["value"] == pytest.approx(expected)


def test_music_like_the_held_out_one_diverges_less_than_other_music() -> None:
    songs = [tuples_to_phrases(make_song(i, 130))[0] for i in range(30)]
    low = [phrases.copy() for phrases in songs]
    for phrases in low:
        phrases[:, :, 0][phrases[:, :, 0] > 0] -= 12
    train_songs = [tuples_to_phrases(make_song(50 + i, 130))[0] for i in range(30)]
    same = auto_figures(np.stack(songs[:15]), songs[15:], train_songs, None)
    other = auto_figures(np.stack(low[:15]), songs[15:], train_songs, None)
    assert same["js_over_human"]["register"]["value"] < 2
    assert other["js_over_human"]["register"]["value"] > 3
    assert same["copies"] is None


# Decoding and encoding many phrases at once.


def test_chosen_phrases_are_whole_and_have_a_past_if_wanted(held_out: Corpus) -> None:
    checkpoint = tiny_checkpoint()
    encoded = encode(
        load_song_model(checkpoint), checkpoint.quantiles, held_out, np.random.default_rng(0)
    )
    rows = choose_phrases(encoded, 999, np.random.default_rng(0), with_past=True)
    assert (encoded.counts[rows] == 13).all()
    assert not encoded.first[rows].any()
    spread = measure_spread(encoded)
    assert spread.covariances.shape == (1, 13, 13)


# The whole.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in the official layout with 3 held-out songs, and a checkpoint beside it."""
    root = tmp_path_factory.mktemp("data")
    (root / "nesmdb24_exprsco" / "test").mkdir(parents=True)
    for i in range(3):
        notes: NDArray[np.int64] = np.repeat(make_song(i)[:, :3], make_song(i)[:, 3], axis=0)
        score = np.zeros((len(notes), 4, 3), np.uint8)
        score[:, :3, 0] = notes
        score[:, :2, 1] = 15 * (notes[:, :2] > 0)
        name = f"{i:03d}_Game_00_01Song.exprsco.pkl"
        data = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
        (root / "nesmdb24_exprsco" / "test" / name).write_bytes(data)
    save_song_checkpoint(root / "tiny.safetensors", tiny_checkpoint())
    return root


def run(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--split": "valid"}, "no split 'valid'"),
        ({"--data": "gone.tar.xz"}, "no such archive or folder"),
        ({"--data": "corrupt.tar.xz"}, "not a readable archive"),
        ({"--data": "badpickle"}, "001_X_00_01Y.exprsco.pkl"),
        ({"--checkpoint": "old.safetensors"}, "version 0"),
        ({"--checkpoint": "corrupt.tar.xz"}, "not a nesvae_live checkpoint"),
        ({"--json": "gone/out.json"}, "no such folder for --json"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    says: str,
) -> None:
    (tmp_path / "corrupt.tar.xz").write_bytes(b"\xfd7zXZ garbage" * 9)
    (tmp_path / "badpickle" / "test").mkdir(parents=True)
    (tmp_path / "badpickle" / "test" / "001_X_00_01Y.exprsco.pkl").write_bytes(b"\x80\x02nonsense")
    data = (folder / "tiny.safetensors").read_bytes()
    assert data.count(b'"version":"3"') == 1
    (tmp_path / "old.safetensors").write_bytes(data.replace(b'"version":"3"', b'"version":"0"'))
    given = {
        "--data": str(folder),
        "--split": "test",
        "--checkpoint": str(folder / "tiny.safetensors"),
    }
    given |= {
        key: value if key == "--split" else str(tmp_path / value) for key, value in changes.items()
    }
    assert run(*(part for pair in given.items() for part in pair)) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1, said
    assert said[0].startswith("nesvae-live: ")
    assert says in said[0]


def test_quantiles_of_the_tiny_checkpoint_leave_the_knobs_room() -> None:
    quantiles: Quantiles = tiny_checkpoint().quantiles
    assert (np.diff(quantiles.reach(), axis=1) > 2).all()
