"""Files that people have from release 0.1.0 are read as it read them, and written as it wrote them.

`golden/release` holds the files, and beside each, in JSON, what the release made of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np
import pytest

from nesvae_live.presets.controltables import control_to_table
from nesvae_live.presets.patchbank import PatchBank
from nesvae_live.presets.preset import read_preset
from nesvae_live.presets.snapshotbank import read_bank, settings_to_text, text_to_settings
from tests.support.grown import lost
from tests.support.places import RELEASE

N_STYLE = 5
"""Style axes of the checkpoint that the bank was kept with."""

PARTS = ("name", "description", "layout", "muted", "play", "patches", "dialect", "controller")
"""What a preset says; beside it, `bank` has its patches and `path` where it was read."""


def plain(value: Any) -> Any:
    """A value as JSON has it: what it holds, whatever its classes are called."""
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Collection) and not isinstance(value, str):
        items = [plain(item) for item in value]
        return sorted(items) if isinstance(value, frozenset) else items
    return value


def stored(name: str) -> Any:
    return json.loads((RELEASE / name).read_text(encoding="utf-8"))


def bank_sha256() -> str:
    return str(stored("bank.json")["checkpoint_sha256"])


def preset_as_data() -> dict[str, Any]:
    preset = read_preset(RELEASE / "preset.toml")
    said = {part: plain(getattr(preset, part)) for part in PARTS}
    return said | {
        "bank_path": preset.bank_path.name,
        "voice_patches": plain(preset.voice_patches()),
        "chosen": plain(preset.voice_patches(["P1=lead", "TR=bass"])),
        "tables": [
            control_to_table(control, preset.layout.defaults)
            for controls in preset.layout.sets()
            for control in controls
        ],
    }


def patches_as_data() -> dict[str, Any]:
    return {name: plain(p) for name, p in PatchBank.read(RELEASE / "patches.toml").patches.items()}


def bank_as_data() -> dict[str, Any]:
    """As its own checkpoint has it, and another."""
    own, none = read_bank(RELEASE / "bank.json", bank_sha256(), N_STYLE)
    other, dropped = text_to_settings((RELEASE / "bank.json").read_text(), "another", N_STYLE)
    assert not none
    return {"own": plain(own), "other": plain(other), "dropped": dropped}


@pytest.mark.parametrize("part", stored("preset_read.json"))
def test_a_preset_with_every_section_says_what_it_said(part: str) -> None:
    assert lost(preset_as_data()[part], stored("preset_read.json")[part]) == []


def test_every_patch_has_the_frames_that_it_had() -> None:
    assert patches_as_data() == stored("patches_read.json")


def test_a_bank_of_snapshots_is_read_under_its_own_checkpoint_and_another() -> None:
    assert lost(bank_as_data(), stored("bank_read.json")) == []


def test_a_bank_of_snapshots_is_written_to_the_byte() -> None:
    text = (RELEASE / "bank.json").read_text(encoding="utf-8")
    settings, _ = text_to_settings(text, bank_sha256(), N_STYLE)
    assert settings_to_text(settings, bank_sha256()) == text
