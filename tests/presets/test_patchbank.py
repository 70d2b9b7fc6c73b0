"""The patches that ship, and what presets and the command line say of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nesvae_live.music.events import NoteOn
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import Voice
from nesvae_live.paths import ConfigError, shipped_dir
from nesvae_live.presets.patchbank import PatchBank, parse_choices
from nesvae_live.presets.preset import load_preset, read_preset
from tests.support.places import DOCS

SHIPPED = shipped_dir("presets") / "patches" / "shipped.toml"
DOC = DOCS / "patches.md"


def preset(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_24_patches_and_more_and_each_is_told_of() -> None:
    bank = PatchBank.read(SHIPPED)
    assert len(bank.patches) >= 24
    told = DOC.read_text(encoding="utf-8").split("## Shipped patches")[1].split("## Writing one")[0]
    listed = set(re.findall(r"^\| `(\w+)`", told, re.MULTILINE))
    assert listed == set(bank.patches)


def test_no_two_patches_sound_the_same() -> None:
    patches = PatchBank.read(SHIPPED).patches
    heard = {
        name: (*(patch.frame(age) for age in range(120)), patch.release, patch.end)
        for name, patch in patches.items()
    }
    assert len(set(heard.values())) == len(heard)


@pytest.mark.parametrize("name", PatchBank.read(SHIPPED).patches)
def test_every_patch_can_be_played_on_every_voice(name: str) -> None:
    patch = PatchBank.read(SHIPPED).patches[name]
    shaper = Shaper(dict.fromkeys((Voice.P1, Voice.P2, Voice.TR), patch))
    for voice in (Voice.P1, Voice.P2, Voice.TR):
        assert shaper.take([NoteOn(voice, 60)], 0.0, {})
    assert all(-4800 <= getattr(e, "cents", 0) <= 4800 for _, e in shaper.due(5.0, {}))


def test_the_default_preset_has_a_patch_on_every_voice() -> None:
    assert load_preset().voice_patches().keys() == {Voice.P1, Voice.P2, Voice.TR}


def test_the_command_line_comes_before_the_preset() -> None:
    bank = load_preset().bank
    chosen = load_preset().voice_patches(["P1=pluck", "TR=off"])
    assert chosen[Voice.P1] == bank.patches["pluck"]
    assert Voice.TR not in chosen
    assert Voice.P2 in chosen
    assert load_preset().voice_patches(["off"]) == {}
    assert load_preset().voice_patches(["off", "P2=harp"]) == {Voice.P2: bank.patches["harp"]}


def test_a_preset_changes_a_patch_and_adds_one(tmp_path: Path) -> None:
    text = """
        [voices]
        patch = { P1 = "pluck", P2 = "mine" }
        [patches.pluck]
        duty = "3"
        [patches.mine]
        volume = "12 | 6 7"
    """
    found = read_preset(preset(tmp_path, text)).voice_patches()
    pluck = PatchBank.read(SHIPPED).patches["pluck"]
    assert found[Voice.P1].volume == pluck.volume
    assert found[Voice.P1].duty.values == (3,)
    assert [found[Voice.P2].volume.at(i) for i in range(4)] == [12, 6, 7, 6]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[voices]\npatch = { P1 = "pluk" }', "voices.patch.P1: no patch 'pluk', did you mean"),
        ('[voices]\npatch = { NO = "pluck" }', "voices.patch.NO: unknown key"),
        ("[voices]\npatch = { P1 = 3 }", "voices.patch.P1: expected"),
        ('[patches.pluck]\nduty = "4"', "patches.pluck.duty: 4 is out of range, 0 to 3"),
        ("[patches]\npluck = 3", "patches.pluck: a patch is a table"),
        ("[patches.off]\n", "patches.off: this name means no patch"),
        ("[patches.performer]\n", "patches.performer: this name means any patch"),
        (
            '[voices]\npatch = { TR = "performer" }',
            "voices.patch.TR: the performer plays P1 and P2: TR has no volume or duty",
        ),
        ('[midi]\ndialect = "roland"', "midi.dialect: 'roland' is none of general, nesmdb"),
    ],
)
def test_what_a_preset_may_not_say_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = preset(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read_preset(path)
    assert str(error.value).startswith(f"preset {path}: {says}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (
            "pluck",
            "--patch: 'pluck' gives no voice a patch: write P1=lead, P1=off, off or performer",
        ),
        ("TR=performer", "--patch: the performer plays P1 and P2: TR has no volume or duty"),
        ("P3=pluck", "--patch: 'P3' can have no patch: one of P1, P2, TR"),
        ("P1=pluk", "--patch: no patch 'pluk', did you mean 'pluck'?"),
        ("P1=", "--patch: 'P1=' gives no voice a patch"),
    ],
)
def test_what_the_command_line_may_not_say_is_named(word: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_preset().voice_patches([word])
    assert str(error.value).startswith(says)


def test_the_performer_plays_the_pulses_from_the_presets_patches_on() -> None:
    preset = load_preset()
    assert preset.performed() == preset.performed(["performer"]) == {Voice.P1, Voice.P2}
    assert preset.performed(["performer", "P1=lead"]) == {Voice.P2}
    assert preset.performed(["P2=off", "P1=performer"]) == {Voice.P1}
    assert preset.performed(["performer", "off"]) == frozenset()
    hand_made = preset.voice_patches(["P1=lead", "P2=comp"])
    assert preset.voice_patches(["performer"]) == preset.voice_patches() == hand_made
    assert preset.voice_patches(["off", "performer"]).keys() == {Voice.P1, Voice.P2}


def test_a_preset_may_say_who_performs(tmp_path: Path) -> None:
    found = read_preset(preset(tmp_path, '[voices]\npatch = { P2 = "performer", TR = "bass" }'))
    assert found.performed() == {Voice.P2}
    assert found.voice_patches() == {
        Voice.P2: found.bank.patches["comp"],
        Voice.TR: found.bank.patches["bass"],
    }
    assert found.performed(["P2=off"]) == frozenset()


def test_later_choices_win() -> None:
    assert parse_choices(["P1=lead", "P1=pluck"]) == {Voice.P1: "pluck"}
