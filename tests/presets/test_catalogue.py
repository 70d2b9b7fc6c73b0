"""The shipped presets: sound, playable, and drawn in the docs as they are."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from nesvae_live.app.watch import Hotplug, proposal
from nesvae_live.cli.main import main
from nesvae_live.control.inputs import MidiIn, TurnPage
from nesvae_live.control.layout import Layout
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.engine.live.config import PlayConfig, Setup
from nesvae_live.log.entries import Turned
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.music.events import NoteOn
from nesvae_live.paths import ConfigError, shipped_dir
from nesvae_live.presets import catalogue
from nesvae_live.presets import preset as config
from nesvae_live.presets.catalogue import check_preset, gesture, known_controllers, preset_to_text
from nesvae_live.presets.controllerpicture import moved_by
from nesvae_live.presets.controllersdoc import files
from nesvae_live.presets.preset import Preset, load_preset, read_preset
from tests.support.places import DOCS, PRESETS
from tests.support.rig import Rig, check_events

FILES = sorted(shipped_dir("presets").glob("*.toml"))
OWNED = {
    "korg-nanokontrol2",
    "akai-mpk-mini-mk3",
    "akai-midimix",
    "novation-launch-control-xl",
    "novation-launch-control-xl-3",
    "novation-launchkey",
    "behringer-x-touch-mini",
    "arturia-minilab-3",
    "arturia-beatstep",
    "faderfox-ec4",
    "eight-knobs",
}


@pytest.fixture(params=FILES, ids=lambda path: str(path.stem))
def preset(request: pytest.FixtureRequest) -> Preset:
    return read_preset(request.param)


def test_the_controllers_that_people_own_have_a_preset() -> None:
    assert {path.stem for path in FILES} >= OWNED


def test_every_preset_is_sound(preset: Preset) -> None:
    assert check_preset(preset) == []
    assert preset.name == preset.path.stem
    assert preset.description


def test_every_preset_turns_all_attributes_and_can_panic_or_release(
    preset: Preset,
) -> None:
    targets = {c.target for controls in preset.layout.sets() for c in controls}
    assert targets <= set(TARGET_BY_NAME)
    assert targets >= _ATTRIBUTES
    assert preset.name == "default" or {"panic", "release"} & targets


_ATTRIBUTES = {
    *("density", "register", "bass", "polyphony", "regularity", "motion", "consonance", "focus"),
}


def test_every_preset_plays_while_all_its_controls_are_moved(preset: Preset) -> None:
    rig = Rig()
    surface = rig.sequencer.dispatcher.surface
    surface.rearrange(preset.layout)
    rig.play(0.5)
    for page, controls in enumerate(preset.layout.sets()):
        for control in controls:
            rig.inbox.put(TurnPage(page, 0, at=rig.time.value))
            for message in gesture(control):
                rig.inbox.put(MidiIn("hands", message, rig.time.value))
            rig.play(0.01)
    rig.play(1.0)
    assert rig.sequencer.error is None
    check_events(rig.output.sent, ended=False)
    assert any(isinstance(event, NoteOn) for _, event in rig.output.sent)
    turned = {entry.knob for entry in rig.journal.entries if isinstance(entry, Turned)}
    assert turned >= _ATTRIBUTES


def test_a_log_holds_every_presets_controls(preset: Preset) -> None:
    """A jam is replayed from its log, so that must bring back the very same."""
    performance = PlayConfig(np.zeros(2, np.float32), np.tile([-1.0, 1.0], (8, 1)), 0)
    setup = Setup(performance, layout=preset.layout)
    again: Setup = to_value(json.loads(json.dumps(to_data(setup))), Setup)
    assert again.layout == preset.layout


@pytest.mark.parametrize("name", sorted(files()))
def test_the_docs_are_up_to_date(name: str) -> None:
    there = (DOCS / name).read_text(encoding="utf-8") if (DOCS / name).exists() else ""
    assert there == files()[name], "run: python -m nesvae_live.presets.controllersdoc docs"


def test_no_picture_is_of_a_preset_that_is_gone() -> None:
    there = {f"controllers/{path.name}" for path in (DOCS / "controllers").glob("*")}
    assert there == set(files()) - {"controllers.md"}


def test_a_picture_shows_each_control_once_with_what_it_moves() -> None:
    preset = load_preset("korg-nanokontrol2")
    svg = files()["controllers/korg-nanokontrol2.svg"]
    texts = [e.text for e in ET.fromstring(svg).iter() if e.tag.endswith("text")]
    for control in preset.layout.controls:
        assert texts.count(control.target) == 1
    assert "(reserved)" not in texts, "what they mean otherwise is given up"
    assert texts.count("CC 16") == 1


def test_dead_controls_of_a_controller_are_named() -> None:
    preset = load_preset("korg-nanokontrol2")
    controller, layout = preset.controller, preset.layout
    assert controller is not None
    assert controller.dead_controls(layout) == ""
    alive = tuple(
        c for c in layout.controls if c.gives_up not in {"bank select", "the sustain pedal"}
    )
    line = controller.dead_controls(replace(layout, controls=alive))
    assert "CC 0 (bank select), " not in line
    assert "CC 64 (the sustain pedal), CC 0 (bank select)" in line
    assert "gives_up" in line
    assert moved_by(replace(preset, layout=Layout()), controller.rows[4].places[0]) == [
        "(reserved)"
    ]


def test_presets_show_has_picture_and_controls() -> None:
    text = preset_to_text(load_preset("behringer-x-touch-mini"))
    assert "source: Behringer" in text
    assert "page 2: style" in text
    assert "relative CC 16 (sign bit), channel 1" in text


def test_a_known_controllers_preset_is_proposed_once_when_its_port_appears() -> None:
    said: list[str] = []
    ports = {"Midi Through", "nesvae_live_out:nesvae_live out"}
    poll = Hotplug(lambda: ports, known_controllers(), load_preset("default"), said.append).poll
    poll()
    assert said == []
    ports.add("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0")
    poll()
    poll()
    (line,) = said
    assert "Korg nanoKONTROL2" in line
    assert "--preset korg-nanokontrol2 --midi-in 'nanoKONTROL2'" in line
    ports.discard("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0")
    poll()
    ports.add("nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0")
    poll()
    assert len(said) == 2, "it was plugged in again"


def test_the_preset_that_plays_is_not_proposed_and_an_unknown_port_none() -> None:
    known = known_controllers()
    assert proposal("nanoKONTROL2 SLIDER/KNOB", known, "korg-nanokontrol2") is None
    assert proposal("Some Keys", known) is None


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[controller]\nnam = 'x'", "controller.nam: unknown key, did you mean 'name'"),
        ("[controller]\nports = 'x'", "controller.ports: expected a list in []"),
        ("[controller]\nrows = [{ shape = 'nob', cc = [1] }]", "rows[1].shape: 'nob' is none of"),
        ("[controller]\nrows = [{ shape = 'knob' }]", "rows[1]: needs controls, as in cc ="),
    ],
)
def test_a_fault_in_the_controllers_table_names_the_key(
    tmp_path: Path, toml: str, words: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_preset(path)
    assert words in str(caught.value)


def test_a_control_that_lies_nowhere_and_a_source_that_is_not_given_are_faults(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "[controller]\nname = 'x'\nunchecked = 'all'\nrows = [{ shape = 'knob', cc = [1] }]\n"
        "[knobs]\ndensity = { cc = 2 }",
        encoding="utf-8",
    )
    assert check_preset(read_preset(path)) == [
        "controller.source: it is missing",
        "density is on CC 2, which is in no row",
    ]


def test_a_copy_of_the_user_s_is_listed_as_one_and_reset_into_the_bin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "presets"
    own.mkdir()
    for module in (catalogue, config):
        monkeypatch.setattr(module, "user_presets_dir", lambda: own)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert main(["presets", "reset", "default"]) == 1
    assert "as it was shipped" in capsys.readouterr().err
    assert main(["presets", "reset", "defualt"]) == 1
    assert "did you mean 'default'?" in capsys.readouterr().err
    copy = own / "default.toml"
    copy.write_bytes((PRESETS / "default.toml").read_bytes())
    (own / "mine.toml").write_bytes(copy.read_bytes())
    assert main(["presets", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["default"].endswith(
        "(your copy; `presets reset default` goes back to the shipped one)"
    )
    assert lines["mine"].endswith("(yours)")
    assert not lines["korg-nanokontrol2"].endswith(")")
    if sys.platform == "win32":
        return
    assert main(["presets", "reset", "default"]) == 0
    assert not copy.exists()
    assert (tmp_path / "data" / "Trash" / "files" / "default.toml").exists()
