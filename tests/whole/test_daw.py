"""The DAW's side: templates and steps that are true to what our ports and channels are called."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from nesvae_live.io.midi.ports import (
    CLOCK_CLIENT,
    CLOCK_PORT,
    IN_CLIENT,
    IN_PORT,
    OUT_CLIENT,
    OUT_PORT,
)
from nesvae_live.music.voices import CHANNELS, Voice
from tests.support.places import DOCS

ALL_MIDI_INPUTS = 4096 + 63 * 32
"""Reaper's number for a track's input: every MIDI input, and on top of it the channel."""


def test_the_steps_name_the_ports_as_they_are_called() -> None:
    text = (DOCS / "daw.md").read_text()
    for client, port in ((IN_CLIENT, IN_PORT), (OUT_CLIENT, OUT_PORT), (CLOCK_CLIENT, CLOCK_PORT)):
        assert f"`{port}`" in text
        assert f"`{client}:{port}`" in text
    named = set(re.findall(r"nesvae_live[_ ](?:in|out|clock|audio)\w*", text))
    ports = {IN_PORT, OUT_PORT, CLOCK_PORT}
    assert named <= {IN_CLIENT, OUT_CLIENT, CLOCK_CLIENT, "nesvae_live_audio"} | ports


def test_ardours_session_records_each_voice_from_its_channel() -> None:
    root = ET.parse(DOCS / "daw" / "nesvae_live.ardour").getroot()
    routes = {route.get("name"): route for route in root.iter("Route")}
    for voice in Voice:
        route = routes[voice.name]
        assert route.get("capture-channel-mode") == "FilterChannels"
        assert int(str(route.get("capture-channel-mask")), 16) == 1 << CHANNELS[voice]
    connections = {str(c.get("other")) for c in root.iter("Connection")}
    ours = {other for other in connections if "nesvae" in other}
    outputs = {f"nesvae_live_audio:output_{n}" for n in (1, 2)}
    assert ours == {f"{OUT_CLIENT}:{OUT_PORT}", f"{IN_CLIENT}:{IN_PORT}"} | outputs


@pytest.mark.parametrize("name", ["nesvae_live.RPP", "nesvae_live.RTrackTemplate"])
def test_reapers_tracks_record_each_voice_from_its_channel(name: str) -> None:
    text = (DOCS / "daw" / name).read_text()
    assert text.count("<") == len(re.findall(r"^ *>$", text, flags=re.MULTILINE))
    tracks = dict(re.findall(r'NAME "(\w+)".*?REC 1 (\d+) ', text, flags=re.DOTALL))
    wanted = {voice.name: str(ALL_MIDI_INPUTS + CHANNELS[voice] + 1) for voice in Voice}
    assert {name: tracks[name] for name in wanted} == wanted
