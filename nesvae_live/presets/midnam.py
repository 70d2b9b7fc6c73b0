"""A preset's controls as a MIDNAM file, so that a DAW shows our controllers and notes by name.

MIDNAM is the MIDI Manufacturers Association's XML for the names of a device; Ardour, Digital Performer
and Pro Tools read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.music.dialect import DUTY_CC, VOLUME_CC
from nesvae_live.presets.preset import Preset

DOCTYPE = (
    '<!DOCTYPE MIDINameDocument PUBLIC "-//MIDI Manufacturers Association//DTD MIDINameDocument 1.0//EN" '
    '"http://www.midi.org/dtds/MIDINameDocument10.dtd">'
)
MAKER = "nesvae_live"
CHANNELS = range(1, 17)

CONTROL_TYPES = {
    **dict.fromkeys(("cc", "button", "twos", "offset", "sign"), "7bit"),
    "cc14": "14bit",
    **dict.fromkeys(("nrpn", "nrpn_steps", "nrpn_twos", "nrpn_offset", "nrpn_sign"), "NRPN"),
}
"""Kinds of controls with a number, and what MIDNAM calls their type; notes are named elsewhere."""

SAID = ((VOLUME_CC, "volume"), (DUTY_CC, "duty"))
"""Controllers that go out with the notes."""


def preset_to_midnam(preset: Preset) -> str:
    """The text of a MIDNAM file for the controls that are always there, not those of pages."""
    controls = preset.layout.controls
    root = ET.Element("MIDINameDocument")
    ET.SubElement(root, "Author").text = MAKER
    device = ET.SubElement(root, "MasterDeviceNames")
    ET.SubElement(device, "Manufacturer").text = MAKER
    ET.SubElement(device, "Model").text = f"{MAKER} {preset.name}"
    mode = ET.SubElement(device, "CustomDeviceMode", Name="Default")
    assigned = ET.SubElement(mode, "ChannelNameSetAssignments")
    for channel in CHANNELS:
        named = {"Channel": str(channel), "NameSet": f"channel {channel}"}
        ET.SubElement(assigned, "ChannelNameSetAssign", named)
    for channel in CHANNELS:
        _name_set(device, channel)
    for channel in CHANNELS:
        heard = [c for c in controls if c.channel in {None, channel - 1}]
        _control_names(device, channel, heard)
        notes = ET.SubElement(device, "NoteNameList", Name=f"notes {channel}")
        for control in sorted(heard, key=lambda control: control.number):
            if control.kind == "note":
                ET.SubElement(notes, "Note", Number=str(control.number), Name=control.target)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{text}\n'


def _name_set(device: ET.Element, channel: int) -> None:
    names = ET.SubElement(device, "ChannelNameSet", Name=f"channel {channel}")
    available = ET.SubElement(names, "AvailableForChannels")
    for other in CHANNELS:
        flag = str(other == channel).lower()
        ET.SubElement(available, "AvailableChannel", Channel=str(other), Available=flag)
    ET.SubElement(names, "UsesControlNameList", Name=f"controls {channel}")
    ET.SubElement(names, "UsesNoteNameList", Name=f"notes {channel}")


def _control_names(device: ET.Element, channel: int, heard: Iterable[ControlSpec]) -> None:
    names = ET.SubElement(device, "ControlNameList", Name=f"controls {channel}")
    named = [(CONTROL_TYPES[c.kind], c.number, c.target) for c in heard if c.kind in CONTROL_TYPES]
    taken = {number for kind, number, _ in named if kind == "7bit"}
    named += [("7bit", number, name) for number, name in SAID if number not in taken]
    for kind, number, name in sorted(named):
        ET.SubElement(names, "Control", Type=kind, Number=str(number), Name=name)
