"""Training on small data: reading it, streams, resuming, and the resulting nats."""

from __future__ import annotations

import io
import itertools
import json
import os
import pickle
import re
import signal
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nesvae_live.chip.corpus import Corpus, CorpusError, read_split, song_phrases
from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.evaluation.likelihood import nats_per_token
from nesvae_live.latent.attributes import measure
from nesvae_live.latent.walk import Spread
from nesvae_live.model.checkpoint import load_checkpoint
from nesvae_live.model.vae import Vae
from nesvae_live.music.voices import VOICES
from nesvae_live.training import train as training
from nesvae_live.training.batches import augment, make_epoch
from nesvae_live.training.bound import Settings
from nesvae_live.training.ranks import ALONE
from nesvae_live.training.run import Run, TrainingError
from nesvae_live.training.styleaxes import rotate_style
from nesvae_live.training.train import BEST, STATE, begin, train
from tests.support.small_train import SMALL
from tests.support.songs import write_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus on the disk."""
    root = tmp_path_factory.mktemp("nesmdb24_exprsco")
    write_corpus(root)
    return root


@pytest.fixture(scope="module")
def corpus(folder: Path) -> tuple[Corpus, Corpus]:
    return read_split(folder, "train"), read_split(folder, "valid")


def settings(**changes: Any) -> Settings:
    base = Settings(steps=8, streams=3, chunk=2, warmup=2, seed=4, precision="f32")
    return replace(base, **changes)


def run(folder: Path, corpus: tuple[Corpus, Corpus], s: Settings, every: int = 4) -> Path:
    train(s, *corpus, folder, check_every=every, save_every=every, quiet=True)
    return folder / STATE


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)  # as `train` does; with more, small steps wait for one another
    monkeypatch.setattr(training, "ModelConfig", lambda: SMALL)


def test_a_folder_and_its_archives_hold_the_same_songs(folder: Path, tmp_path: Path) -> None:
    for suffix, mode in ((".tar.gz", "w:gz"), (".tar.xz", "w:xz")):
        path = tmp_path / f"nesmdb24_exprsco{suffix}"
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            archive.add(folder, "nesmdb24_exprsco")
        one, other = read_split(folder, "valid"), read_split(path, "valid")
        assert one.names == other.names
        assert one.sha256 == other.sha256
        assert all(np.array_equal(a, b) for a, b in zip(one.songs, other.songs, strict=True))


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda root: root / "gone", "no such archive or folder"),
        (lambda root: root, "no split 'test'"),
    ],
)
def test_data_that_is_not_there_is_one_line(folder: Path, break_it: object, says: str) -> None:
    with pytest.raises(CorpusError, match=says):
        read_split(break_it(folder), "test")  # type: ignore[operator]


def test_a_corrupt_archive_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"\x1f\x8b garbage")
    with pytest.raises(CorpusError, match="not a readable archive") as caught:
        read_split(path, "train")
    assert "\n" not in str(caught.value)


def test_a_bad_song_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    song = tmp_path / "train" / "001_X_00_01Y.exprsco.pkl"
    song.write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(CorpusError, match=r"001_X_00_01Y\.exprsco\.pkl"):
        read_split(tmp_path, "train")


def test_an_archive_cut_short_is_one_line(folder: Path, tmp_path: Path) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        archive.add(folder, "nesmdb24_exprsco")
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(CorpusError, match="not a readable archive"):
        read_split(path, "train")


def test_an_epoch_is_a_function_of_seed_and_number(corpus: tuple[Corpus, Corpus]) -> None:
    quantiles = training.fit(corpus[0])
    one, same, other = (
        make_epoch(corpus[0].songs, quantiles, streams=3, chunk=2, seed=1, epoch=e)
        for e in (0, 0, 1)
    )
    assert np.array_equal(one.symbols, same.symbols)
    assert not np.array_equal(one.symbols[:, :4], other.symbols[:, :4])
    assert one.fresh[:, 0].all()
    assert one.batch(1).symbols.shape == (3, 2, 13, 4)
    assert np.array_equal(one.batch(1).a, one.a[:, 2:4])


def test_augmented_songs_stay_legal(corpus: tuple[Corpus, Corpus]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        song = augment(corpus[0].songs[0], rng)
        for i, voice in enumerate(VOICES):
            notes = song[:, i][song[:, i] > 0]
            assert ((notes >= voice.lowest) & (notes <= voice.highest)).all()
        assert ((song[:, 3] >= 1) & (song[:, 3] <= 32)).all()


def test_every_tuple_of_every_song_is_in_a_phrase_once(corpus: tuple[Corpus, Corpus]) -> None:
    songs = corpus[0].songs
    phrases, starts = song_phrases(songs)
    assert (phrases[:, :, 3] > 0).sum() == sum(map(len, songs))
    assert starts.sum() == len(songs)
    assert np.isfinite(measure(phrases)[:, 0]).all()


@pytest.mark.slow
def test_training_learns_and_leaves_a_checkpoint_that_loads(
    corpus: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    before = nats_per_token(Vae(SMALL).eval(), training.fit(corpus[0]), corpus[1])
    run(tmp_path, corpus, settings(steps=40))
    checkpoint = load_checkpoint(tmp_path / BEST)
    after = checkpoint.about["figures"]
    for case in ("no_context", "carried", "masked"):
        assert after["nats_per_token"][case]["value"] < before["nats_per_token"][case]["value"]
    assert checkpoint.about["data_sha256"] == corpus[0].sha256
    assert checkpoint.about["step"] == 40
    assert Spread.of(checkpoint.about, SMALL.style).means.shape[1] == 8 + SMALL.style
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {line["step"] for line in lines} == set(range(4, 41, 4))


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    corpus: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    paths = [run(tmp_path / n, corpus, settings()) for n in "ab"]
    other = run(tmp_path / "c", corpus, settings(seed=5))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].read_bytes() != other.read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_run_goes_on_to_the_bit_after_being_asked_to_end(
    corpus: tuple[Corpus, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = settings(steps=200, streams=2, chunk=1)
    whole = run(tmp_path / "whole", corpus, short, every=50)
    learn = Run.learn
    ask = at_call(101, learn, lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr(Run, "learn", ask)
    says = "interrupted after step 101: the same command resumes from there"
    with pytest.raises(TrainingError, match=says):
        run(tmp_path / "cut", corpus, short, every=50)
    monkeypatch.setattr(Run, "learn", learn)
    resumed = run(tmp_path / "cut", corpus, short, every=50)
    assert whole.read_bytes() == resumed.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "what", "call"),
    [
        (Run, "learn", 6),  # between two saves
        (Run, "save", 3),  # evaluated and kept the best, but not the state
        (Path, "replace", 4),  # the state is written but not yet renamed
        (training, "nats_per_token", 2),  # in an evaluation
        (training, "save_checkpoint", 2),  # before the best is kept
        (training, "make_bar", 1),  # before it has begun
    ],
)
def test_a_run_that_dies_at_any_moment_resumes_to_the_bit(
    corpus: tuple[Corpus, Corpus],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    what: str,
    call: int,
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    whole = run(tmp_path / "whole", corpus, settings(), every=2)
    with monkeypatch.context() as patch:
        patch.setattr(where, what, at_call(call, getattr(where, what), die))
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "cut", corpus, settings(), every=2)
    resumed = run(tmp_path / "cut", corpus, settings(), every=2)
    assert whole.read_bytes() == resumed.read_bytes()
    best = [load_checkpoint(tmp_path / name / BEST) for name in ("whole", "cut")]
    assert best[0].about == best[1].about
    assert all(np.array_equal(w, best[1].weights[name]) for name, w in best[0].weights.items())


def at_call(n: int, function: Callable[..., Any], do: Callable[[], None]) -> Callable[..., Any]:
    """The function; at its n-th call something happens first."""
    calls = itertools.count(1)

    def called(*arguments: Any, **more: Any) -> Any:
        if next(calls) == n:
            do()
        return function(*arguments, **more)

    return called


def test_training_ends_when_nothing_has_become_better(
    corpus: tuple[Corpus, Corpus], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = settings(steps=40, learning_rate=0.0)  # each check finds the same
    for _ in range(2):  # the second time it ends at once
        train(still, *corpus, tmp_path, check_every=4, save_every=4, patience=2)
        assert "step 12: no improvement since step 4; training ends" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 4, 8, 8, 12, 12]


def test_the_progress_bar_shows_the_parts_of_the_loss_and_the_time_left(
    corpus: tuple[Corpus, Corpus], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(settings(), *corpus, tmp_path, check_every=4)
    last = capsys.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]
    assert "8/8 [" in last
    assert re.search(r"\[\d\d:\d\d<\d\d:\d\d", last)  # elapsed < remaining
    assert all(f"{part}=" in last for part in ("tokens", "kl", "beta", "norm"))


def test_other_settings_do_not_resume_a_run(corpus: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    run(tmp_path, corpus, settings())
    with pytest.raises(TrainingError, match=r"other settings \(streams\)"):
        run(tmp_path, corpus, settings(streams=2))


def test_a_damaged_state_is_one_line(corpus: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    state = run(tmp_path, corpus, settings())
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="can't resume from it"):
        run(tmp_path, corpus, settings())


def test_a_state_that_can_not_be_kept_leaves_nothing_behind(
    corpus: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    state = tmp_path / STATE
    state.mkdir()  # a folder in its place, which is noticed only after everything was written
    begun = begin(settings(), corpus[0], None, "cpu", ALONE)
    with pytest.raises(OSError, match="directory"):
        begun.save(state)
    assert list(tmp_path.rglob("*")) == [state]


def test_an_untrained_model_pays_a_uniform_price_for_each_token(
    corpus: tuple[Corpus, Corpus],
) -> None:
    model = Vae(SMALL).eval()
    for name, weight in model.named_parameters():
        if name.startswith(("decoder.logits", "encoder.out")):
            torch.nn.init.zeros_(weight)
    figures = nats_per_token(model, training.fit(corpus[0]), corpus[1])
    uniform = float(np.mean(np.log([77, 77, 89, 32])))
    assert figures["cross_entropy"]["no_context"]["value"] == pytest.approx(uniform, abs=1e-5)
    assert figures["cross_entropy"]["carried"]["value"] == pytest.approx(uniform, abs=1e-5)
    assert figures["kl"]["value"] == pytest.approx(0.0, abs=1e-6)


def test_everything_counted_is_the_sum_of_its_parts(corpus: tuple[Corpus, Corpus]) -> None:
    torch.manual_seed(0)
    figures = nats_per_token(Vae(SMALL).eval(), training.fit(corpus[0]), corpus[1])
    songs = corpus[1].songs
    per_token = sum(-(-len(s) // 13) for s in songs) / (4 * sum(map(len, songs)))
    paid = figures["kl"]["value"] + figures["attributes"]["value"]
    parts = figures["cross_entropy"]["carried"]["value"] + paid * per_token
    assert figures["nats_per_token"]["carried"]["value"] == pytest.approx(parts)


def test_an_interval_holds_the_ratio_of_sums() -> None:
    rng = np.random.default_rng(1)
    weight = rng.integers(1, 50, 300)
    total = 2.0 * weight + rng.standard_normal(300)
    found = interval(total, weight)
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] == pytest.approx(2.0, abs=0.02)
    assert found["n"] == 300


@pytest.mark.corpus
def test_the_corpus_is_read_whole(corpus_archive: Path) -> None:
    valid = read_split(corpus_archive, "valid")
    assert len(valid.songs) == 403
    assert all((song[:, 3] <= 32).all() for song in valid.songs)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_checkpoint_trained_from_another_knows_how_its_axes_were_turned(
    corpus: tuple[Corpus, Corpus], tmp_path: Path, is_turned: bool
) -> None:
    run(tmp_path / "first", corpus, settings())
    init = load_checkpoint(tmp_path / "first" / BEST)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(SMALL.style, SMALL.style)))
    if is_turned:
        init = rotate_style(init, rotation.astype(np.float32))
    folder = tmp_path / "second"
    train(settings(), *corpus, folder, init=init, check_every=4, save_every=4, quiet=True)
    after = load_checkpoint(folder / BEST).turn
    if not is_turned:
        assert after is None
        return
    assert after is not None
    np.testing.assert_allclose(after, rotation, atol=1e-6)


def test_the_bound_of_turned_axes_is_that_of_the_axes_before_they_were_turned(
    corpus: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    run(tmp_path, corpus, settings())
    straight = load_checkpoint(tmp_path / BEST)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(SMALL.style, SMALL.style)))
    learnt = []
    for init in (straight, rotate_style(straight, rotation.astype(np.float32))):
        one = training.begin(settings(), corpus[0], init, "cpu", ALONE)
        learnt.append(one.learn(one.next_batch()))
    assert learnt[0]["tokens"] == pytest.approx(learnt[1]["tokens"], rel=1e-4)
    assert learnt[0]["kl"] == pytest.approx(learnt[1]["kl"], rel=1e-4)
