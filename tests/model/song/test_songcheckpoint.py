"""Checkpoints: what is written comes back; what is wrong is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint, save_song_checkpoint
from nesvae_live.model.song.songconfig import TURN
from tests.support.tiny import TINY, rewrite, tiny_checkpoint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, tiny_checkpoint())
    return path


def test_a_checkpoint_comes_back_whole(file: Path) -> None:
    before, after = tiny_checkpoint(), load_song_checkpoint(file)
    assert after.config == before.config
    assert after.about == before.about
    assert after.weights.keys() == before.weights.keys()
    for name, weight in before.weights.items():
        assert np.array_equal(weight, after.weights[name])
    assert np.array_equal(after.quantiles.values, before.quantiles.values)
    assert len(after.sha256) == 64


def test_a_checkpoint_that_can_not_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    path.mkdir()  # a folder in its place, which is noticed only after everything was written
    with pytest.raises(OSError, match="directory"):
        save_song_checkpoint(path, tiny_checkpoint())
    assert list(tmp_path.rglob("*")) == [path]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors: No such file"):
        load_song_checkpoint(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 100, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_one_line(file: Path, keep: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(CheckpointError, match="cut short") as caught:
        load_song_checkpoint(file)
    assert "\n" not in str(caught.value)


def test_a_foreign_file_is_refused(file: Path) -> None:
    file.write_bytes(b"RIFF" + bytes(1000))
    with pytest.raises(CheckpointError, match="not a nesvae_live checkpoint"):
        load_song_checkpoint(file)


def test_a_foreign_safetensors_file_is_refused(file: Path) -> None:
    save_file({"x": np.zeros(3, np.float32)}, file, {"format": "pt", "version": "1"})
    with pytest.raises(CheckpointError, match="not a nesvae_live checkpoint"):
        load_song_checkpoint(file)


def test_a_wrong_shape_is_named_with_both(file: Path) -> None:
    tensors = load_file(file)
    tensors["decoder.lift.0.weight"] = np.zeros((3, 3), np.float32)
    rewrite(file, tensors)
    with pytest.raises(CheckpointError, match=r"decoder\.lift\.0\.weight has shape \[3, 3\]"):
        load_song_checkpoint(file)


def test_a_missing_weight_is_named(file: Path) -> None:
    tensors = load_file(file)
    del tensors["encoder.out.bias"]
    rewrite(file, tensors)
    with pytest.raises(CheckpointError, match=r"encoder\.out\.bias is missing"):
        load_song_checkpoint(file)


def test_another_version_is_named(file: Path) -> None:
    rewrite(file, load_file(file), version="99")
    with pytest.raises(
        CheckpointError, match="version 99, and this program reads version 3: use the shipped one"
    ):
        load_song_checkpoint(file)


def test_a_checkpoint_that_was_never_turned_has_the_axes_of_its_training(file: Path) -> None:
    tensors = load_file(file)
    del tensors[TURN]
    rewrite(file, tensors)
    assert np.array_equal(load_song_checkpoint(file).weights[TURN], np.eye(TINY.style))


def test_what_else_a_file_holds_is_no_fault(file: Path) -> None:
    rewrite(file, load_file(file) | {"performer.extra": np.zeros(3, np.float32)})
    assert load_song_checkpoint(file).config == TINY


def test_another_vocabulary_is_refused(file: Path) -> None:
    rewrite(file, load_file(file), vocabulary="P1:12")
    with pytest.raises(CheckpointError, match="another vocabulary"):
        load_song_checkpoint(file)
