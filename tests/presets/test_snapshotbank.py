"""The file of a preset's snapshots."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.latent.knobs import KNOB_BY_NAME
from nesvae_live.latent.setting import Setting
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.key import SCALES, Key
from nesvae_live.music.voices import Voice
from nesvae_live.paths import user_presets_dir
from nesvae_live.presets.preset import load_preset
from nesvae_live.presets.snapshotbank import (
    BankError,
    SnapshotFile,
    settings_to_text,
    text_to_settings,
)

SETTING = Setting(
    {"density": 0.25, "style3": 0.75, "noise": 0.5},
    np.linspace(-1, 1, 4).astype(np.float32),
    0.8,
    7,
    Arrangement(frozenset({Voice.TR, Voice.NO}), (0, -12, 7), Key(2, "dorian")),
)

SETTINGS = st.builds(
    Setting,
    st.dictionaries(st.sampled_from(sorted(KNOB_BY_NAME)), st.floats(0, 1)),
    st.lists(st.floats(-5, 5, width=32), min_size=4, max_size=4).map(
        lambda u: np.array(u, np.float32)
    ),
    st.floats(0.05, 4.0),
    st.integers(0, 2**31 - 1),
    st.builds(
        Arrangement,
        st.frozensets(st.sampled_from(Voice)),
        st.tuples(*[st.integers(-24, 24)] * 3),
        st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(SCALES))),
    ),
    st.sampled_from(["", "chorus", "Ré 2"]),
)


def same(one: Setting, two: Setting) -> None:
    assert dict(one.knobs) == pytest.approx(dict(two.knobs), abs=1e-6)
    assert one.style is not None
    assert two.style is not None
    assert one.style == pytest.approx(two.style, abs=1e-5)
    assert (one.temperature, one.seed) == (two.temperature, two.seed)
    assert one.arrangement == two.arrangement


@given(st.dictionaries(st.integers(1, 64), SETTINGS, max_size=3))
def test_a_bank_comes_back_whole_under_its_own_checkpoint(settings: dict[int, Setting]) -> None:
    found, dropped = text_to_settings(settings_to_text(settings, "abc"), "abc", 4)
    assert not dropped
    assert found.keys() == settings.keys()
    for slot, setting in settings.items():
        same(found[slot], setting)


def test_under_another_checkpoint_the_attributes_stay_the_style_goes_and_one_line_says_so() -> None:
    text = settings_to_text({1: SETTING, 12: SETTING}, "abc")
    found, dropped = text_to_settings(text, "another", 4)
    assert dropped == (
        "made with another checkpoint (snapshots 1, 12): attributes stay, style is dropped"
    )
    assert found[12].style is None
    assert dict(found[12].knobs) == {"density": 0.25, "noise": 0.5}
    assert found[12].arrangement == SETTING.arrangement


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format": "a diary"}, "its format is 'a diary'"),
        ({"version": 9}, "version 9: this program reads version 1"),
        ({"snapshots": {"0": {}}}, "missing required field `knobs`"),
        ({"extra": 1}, "unknown field `extra`"),
    ],
)
def test_what_is_no_bank_is_one_line(change: dict[str, object], error: str) -> None:
    table = json.loads(settings_to_text({1: SETTING}, "abc"))
    with pytest.raises(ValueError, match=error):
        text_to_settings(json.dumps(table | change), "abc", 4)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"knobs": {"loudness": 0.1}}, "snapshot 1: there is no knob 'loudness'"),
        ({"knobs": {"density": 2}}, "<= 1"),
        ({"style": [1.0]}, "snapshot 1: style: 4 numbers are needed"),
        ({"key": "H"}, "no key begins with 'H'"),
        ({"mute": ["DR"]}, "no voice 'DR'"),
        ({"transpose": [0, 0, 99]}, "transpose by 99"),
        ({"temperature": 0}, ">= 0.05"),
    ],
)
def test_what_a_snapshot_may_not_say_is_one_line(change: dict[str, object], error: str) -> None:
    table = json.loads(settings_to_text({1: SETTING}, "abc"))
    table["snapshots"]["1"] |= change
    with pytest.raises(ValueError, match=error) as caught:
        text_to_settings(json.dumps(table), "abc", 4)
    assert "\n" not in str(caught.value)


def test_a_keeper_writes_what_changed_and_reads_it_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mine.snapshots.json"
    keeper = SnapshotFile(path, "abc", 4)
    assert keeper.found == {}
    keeper.keep(keeper.found)
    assert not path.exists()
    keeper.keep({3: SETTING})
    same(SnapshotFile(path, "abc", 4).found[3], SETTING)
    assert "another checkpoint" in SnapshotFile(path, "abd", 4).dropped
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b"[]", b'{"format": "x"}'])
def test_a_bank_that_is_damaged_is_told_and_set_aside(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.snapshots.json"
    for n in (1, 2):
        path.write_bytes(damage)
        keeper = SnapshotFile(path, "abc", 4)
        assert keeper.found == {}
        aside = tmp_path / f"mine.snapshots.json.broken{n}"
        assert aside.read_bytes() == damage
        assert str(path) in keeper.dropped
        assert aside.name in keeper.dropped
        assert "\n" not in keeper.dropped
        keeper.keep({1: SETTING})
        same(SnapshotFile(path, "abc", 4).found[1], SETTING)


def test_a_damaged_bank_that_cannot_be_moved_stays_and_another_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.snapshots.json"
    path.write_text("{")

    def refuse(_: Path, to: Path) -> None:
        raise PermissionError(13, f"not to {to}")

    monkeypatch.setattr(Path, "rename", refuse)
    keeper = SnapshotFile(path, "abc", 4)
    keeper.keep({1: SETTING})
    assert path.read_text() == "{"
    assert keeper.path != path
    assert str(keeper.path) in keeper.dropped
    same(SnapshotFile(keeper.path, "abc", 4).found[1], SETTING)


def test_snapshots_that_are_given_are_written_only_when_they_change(tmp_path: Path) -> None:
    path = tmp_path / "tune.snapshots.json"
    keeper = SnapshotFile(path, "abc", 4, {1: SETTING})
    keeper.keep(keeper.found)
    assert not path.exists()
    keeper.keep({**keeper.found, 2: SETTING})
    assert sorted(SnapshotFile(path, "abc", 4).found) == [1, 2]


def test_a_bank_that_cannot_be_written_is_one_line_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keeper = SnapshotFile(tmp_path / "bank.json", "abc", 4)
    keeper.path = tmp_path / "file" / "bank.json"
    with pytest.raises(BankError, match="can't be written"):
        keeper.keep({1: SETTING})
    keeper.path = tmp_path / "bank.json"
    keeper.keep({1: SETTING})
    assert keeper.path.exists()


def test_a_write_that_fails_leaves_the_old_bank_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bank.json"
    keeper = SnapshotFile(path, "abc", 4)
    keeper.keep({1: SETTING})
    before = path.read_text()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BankError, match=r"can't be written \(No space left"):
        keeper.keep({2: SETTING})
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_presets_bank_is_beside_it_and_a_shipped_ones_in_the_users_folder(tmp_path: Path) -> None:
    assert load_preset().bank_path == user_presets_dir() / "default.snapshots.json"
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "mine"\n')
    assert load_preset(str(mine)).bank_path == tmp_path / "mine.snapshots.json"
