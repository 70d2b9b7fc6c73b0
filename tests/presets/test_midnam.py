"""A DAW finds in the MIDNAM file what each controller and note of a preset does."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nesvae_live.cli.main import main
from nesvae_live.presets.midnam import CONTROL_TYPES, preset_to_midnam
from nesvae_live.presets.preset import load_preset, preset_paths, read_preset

MINE = """[defaults]
channel = 2
[knobs]
density = { cc = 20 }
bass = { cc14 = 21 }
style1 = { nrpn = 300 }
focus = { cc = 30, channel = 5 }
[actions]
mute-P1 = { note = 36 }
"""


def controls(root: ET.Element, channel: int) -> dict[tuple[str, int], str]:
    """What a DAW shows for a channel: through the mode, the channel's set, and the set's list."""
    device = root.find("MasterDeviceNames")
    assert device is not None
    assigned = {
        one.attrib["Channel"]: one.attrib["NameSet"] for one in device.iter("ChannelNameSetAssign")
    }
    (names,) = (
        s for s in device.findall("ChannelNameSet") if s.attrib["Name"] == assigned[str(channel)]
    )
    used = names.find("UsesControlNameList")
    assert used is not None
    (listed,) = (
        each
        for each in device.findall("ControlNameList")
        if each.attrib["Name"] == used.attrib["Name"]
    )
    return {(c.attrib["Type"], int(c.attrib["Number"])): c.attrib["Name"] for c in listed}


def test_controllers_and_notes_are_named_on_their_channels(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    root = ET.fromstring(preset_to_midnam(read_preset(path)))
    second, fifth = controls(root, 2), controls(root, 5)
    assert second["7bit", 20] == "density"
    assert second["14bit", 21] == "bass"
    assert second["NRPN", 300] == "style1"
    assert ("7bit", 30) not in second
    assert fifth["7bit", 30] == "focus"
    assert ("7bit", 20) not in fifth
    assert fifth["7bit", 11] == "volume"
    notes = {each.attrib["Name"]: each for each in root.iter("NoteNameList")}
    assert [(n.attrib["Number"], n.attrib["Name"]) for n in notes["notes 2"]] == [("36", "mute-P1")]
    assert not list(notes["notes 5"])


@pytest.mark.parametrize("name", sorted(preset_paths()))
def test_every_control_with_a_number_is_in_it(name: str) -> None:
    preset = load_preset(name)
    root = ET.fromstring(preset_to_midnam(preset))
    for control in preset.layout.controls:
        if control.kind in CONTROL_TYPES:
            channel = 1 if control.channel is None else control.channel + 1
            named = controls(root, channel)
            assert named[CONTROL_TYPES[control.kind], control.number] == control.target


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ours.midnam"
    assert main(["presets", "midnam", "default", "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "DTD MIDINameDocument 1.0" in out.read_text()
    assert main(["presets", "midnam", "default", "-o", str(tmp_path / "no" / "x")]) == 1
    assert "No such file" in capsys.readouterr().err
