"""The corpus: archives and folders read, and one line for what can't be."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.chip.corpus import Corpus, CorpusError, read_split, song_phrases
from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.latent.attributes import measure
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


def test_every_tuple_of_every_song_is_in_a_phrase_once(corpus: tuple[Corpus, Corpus]) -> None:
    songs = corpus[0].songs
    phrases, starts = song_phrases(songs)
    assert (phrases[:, :, 3] > 0).sum() == sum(map(len, songs))
    assert starts.sum() == len(songs)
    assert np.isfinite(measure(phrases)[:, 0]).all()


def test_an_interval_holds_the_ratio_of_sums() -> None:
    rng = np.random.default_rng(1)
    weight = rng.integers(1, 50, 300)
    total = 2.0 * weight + rng.standard_normal(300)
    found = interval(total, weight)
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] == pytest.approx(2.0, abs=0.02)
    assert found["n"] == 300


@pytest.mark.slow
@pytest.mark.corpus
def test_the_corpus_is_read_whole(corpus_archive: Path) -> None:
    valid = read_split(corpus_archive, "valid")
    assert len(valid.songs) == 403
    assert all((song[:, 3] <= 32).all() for song in valid.songs)
