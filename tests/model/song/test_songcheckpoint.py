"""Checkpoints of format 3 on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nesvae_live.model.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
    version_of,
)
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint, save_song_checkpoint
from tests.support.tiny import rewrite, tiny_checkpoint
from tests.support.tinysong import tiny_song_checkpoint


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path, saved = tmp_path / "c.safetensors", tiny_song_checkpoint()
    save_song_checkpoint(path, saved)
    loaded = load_song_checkpoint(path)
    assert loaded.config == saved.config
    assert loaded.about == saved.about
    assert version_of(path) == "3"
    assert all((loaded.weights[k] == v).all() for k, v in saved.weights.items())


def test_a_checkpoint_of_the_former_format_is_refused_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    save_checkpoint(path, tiny_checkpoint())
    assert version_of(path) == "2"
    with pytest.raises(CheckpointError, match="version 2, this program reads 3"):
        load_song_checkpoint(path)


def test_the_former_loader_refuses_this_format_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "new.safetensors"
    save_song_checkpoint(path, tiny_song_checkpoint())
    with pytest.raises(CheckpointError, match="version 3, this program reads 2"):
        load_checkpoint(path)


def test_a_weight_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    saved = tiny_song_checkpoint()
    save_song_checkpoint(path, saved)
    rewrite(path, {k: v for k, v in saved.weights.items() if k != "pointer.same"})
    with pytest.raises(CheckpointError, match=r"pointer\.same is missing"):
        load_song_checkpoint(path)


@pytest.mark.parametrize("data", [b"", b"nothing", np.arange(9).tobytes()])
def test_a_foreign_file_is_no_checkpoint(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(data)
    assert version_of(path) == ""
    with pytest.raises(CheckpointError, match="not a nesvae_live checkpoint"):
        load_song_checkpoint(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        load_song_checkpoint(tmp_path / "none.safetensors")
