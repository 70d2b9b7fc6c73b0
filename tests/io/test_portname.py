"""A port is known by its name without the system's numbers, and by no other number than its own."""

from __future__ import annotations

import pytest

from nesvae_live.io.portname import KnownPort, plain_name

SYSTEMS = {
    "ALSA": "nano:nano MIDI 1 {}:0",
    "a2jmidid": "a2j:nano [{}] (capture): nano MIDI 1",
    "PipeWire": "Midi-Bridge:nano {}:(capture_0) nano MIDI 1",
    "PipeWire, two alike": "Midi-Bridge:nano at usb-0000:00:14-0-{}- full speed:(capture_0) nano",
    "FluidSynth": "FLUID Synth ({}):Synth input port (77:0) 128:0",
    "JACK": "synth-{}:midi in",
}
"""Names as the systems make them, with a place for their number."""


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_port_is_known_whatever_number_the_system_gives_it(system: str) -> None:
    first, second = (SYSTEMS[system].format(number) for number in (24, 32))
    known = KnownPort(first)
    assert known.find([first, "other"]) == first
    assert known.find(["other"]) is None
    assert known.find(["other", second]) == second
    assert known.find(["other", first]) == first


@pytest.mark.parametrize(
    "name",
    [
        "X:Port 1",
        "X:Port 10",
        "MPK mini 3",
        "loop 1",
        "system:midi_capture_3",
        "Midi-Bridge:nano:(capture_0) nano MIDI 2",
        "ardour:P1/midi_in 1",
        "REAPER:MIDI Input 2",
    ],
)
def test_a_number_of_the_ports_own_stays(name: str) -> None:
    assert plain_name(name) == name


def test_a_name_without_a_number_is_that_of_the_port_that_has_one() -> None:
    bare, numbered = "Midi-Bridge:nano:(capture_0) nano", "Midi-Bridge:nano 3:(capture_0) nano"
    assert KnownPort(bare).find([numbered]) == numbered
    assert KnownPort(numbered).find([bare]) == bare


def test_where_the_system_counts_its_ports_the_last_number_is_its_own() -> None:
    assert KnownPort("loop 1 0", indexed=True).find(["loop 2 0", "loop 1 1"]) == "loop 1 1"
    assert KnownPort("loop 1").find(["loop 2"]) is None


def test_what_another_of_ours_has_taken_is_left() -> None:
    one, two, three = (f"nano:nano {n}:0" for n in (24, 28, 32))
    known = KnownPort(one)
    assert known.find([]) is None
    assert known.find([two, three], taken=[two]) == three
