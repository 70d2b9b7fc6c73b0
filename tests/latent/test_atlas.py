"""The map: between its points there are blends of them, and dragging never jumps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from nesvae_live.latent.atlas import BLENDED, Atlas
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint, save_song_checkpoint
from tests.support.tiny import TINY, rewrite, tiny_checkpoint

places = st.floats(-0.2, 1.2)


def make_atlas(n: int = 300) -> Atlas:
    rng = np.random.default_rng(4)
    xy = rng.random((n, 2), dtype=np.float32)
    z = rng.standard_normal((n, N_ATTRIBUTES + TINY.style), dtype=np.float32)
    z[:, 0] = 4.0 * xy[:, 0] - 2.0  # density grows to the right
    return Atlas(z, xy)


ATLAS = make_atlas()


@given(places, places)
def test_the_eight_nearest_share_a_weight_of_one(x: float, y: float) -> None:
    near, weights = ATLAS.near(x, y)
    distance = np.linalg.norm(ATLAS.xy - np.array([x, y]), axis=1)
    assert len(set(near.tolist())) == BLENDED
    assert distance[near].max() <= np.sort(distance)[BLENDED] + 1e-6
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-5)


def test_on_a_point_its_own_z_comes_back() -> None:
    for i in (0, 7, 299):
        z = ATLAS.blend(*ATLAS.xy[i].tolist())
        assert np.allclose(z, ATLAS.z[i], atol=0.02)


def test_dragging_moves_z_without_a_jump() -> None:
    line = np.stack([ATLAS.blend(x, 0.4) for x in np.linspace(0.0, 1.0, 20_001)])
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    assert steps.max() < 0.05 * np.linalg.norm(ATLAS.z, axis=1).mean()


def test_what_grows_along_the_map_grows_as_one_drags() -> None:
    line = np.array([ATLAS.blend(x, 0.5)[0] for x in np.linspace(0.1, 0.9, 9)])
    assert (np.diff(line) > 0).all()


@given(places, places)
def test_a_blended_style_is_as_long_as_the_styles_it_is_of(x: float, y: float) -> None:
    near, _ = ATLAS.near(x, y)
    lengths = np.linalg.norm(ATLAS.z[near, N_ATTRIBUTES:], axis=1)
    length = np.linalg.norm(ATLAS.blend(x, y)[N_ATTRIBUTES:])
    assert lengths.min() - 1e-4 <= length <= lengths.max() + 1e-4


def test_equal_points_are_no_division_by_zero() -> None:
    atlas = Atlas(ATLAS.z[:20], np.full((20, 2), 0.5, np.float32))
    assert np.isfinite(atlas.blend(0.5, 0.5)).all()
    assert np.isfinite(atlas.blend(0.0, 1.0)).all()


def test_a_point_of_the_map_is_placed_where_it_is() -> None:
    assert ATLAS.locate(ATLAS.z[3]) == pytest.approx(ATLAS.xy[3].tolist(), abs=1e-3)


@pytest.mark.parametrize("n", [0, 8, 5001])
def test_what_is_no_map_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="a map is 9 to 5000 rows"):
        Atlas(np.zeros((n, 40), np.float32), np.zeros((n, 2), np.float32))


def test_a_checkpoint_brings_its_map(tmp_path: Path) -> None:
    path = tmp_path / "finished.safetensors"
    finished = tiny_checkpoint()
    save_song_checkpoint(path, replace(finished, atlas=ATLAS))
    back = load_song_checkpoint(path)
    assert back.weights.keys() == finished.weights.keys()
    assert back.atlas is not None
    assert np.abs(back.atlas.z - ATLAS.z).max() < 2e-3
    assert np.abs(back.atlas.xy - ATLAS.xy).max() < 5e-4


def test_half_a_map_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_song_checkpoint(path, replace(tiny_checkpoint(), atlas=ATLAS))
    tensors = load_file(path)
    del tensors["map.xy"]
    rewrite(path, tensors)
    with pytest.raises(CheckpointError, match=r"its map is damaged \('map\.xy'\)"):
        load_song_checkpoint(path)
