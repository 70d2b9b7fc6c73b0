"""A port or device is meant by its name, or by a part of it that is no other's."""

from __future__ import annotations

import pytest

from nesvae_live import NesvaeError
from nesvae_live.io.matching import match_name

NAMES = ["USB", "USB DAC", "Built-in Audio", "Usb"]


@pytest.mark.parametrize(
    ("wanted", "found"), [("usb dac", 1), ("USB", 0), ("Usb", 3), ("built", 2), ("in aud", 2)]
)
def test_a_part_is_enough_and_a_full_name_wins(wanted: str, found: int) -> None:
    assert match_name(NAMES, wanted, "output", NesvaeError) == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("us", "'us' matches several outputs: 'USB', 'USB DAC', 'Usb'; name one in full"),
        ("usb", "'usb' matches several outputs: 'USB', 'Usb'; name one in full"),
        ("hdmi", "no output matches 'hdmi'; there is: 'USB', 'USB DAC', 'Built-in Audio', 'Usb'"),
    ],
)
def test_none_or_several_are_the_callers_error(wanted: str, says: str) -> None:
    class DeviceError(NesvaeError):
        pass

    with pytest.raises(DeviceError) as caught:
        match_name(NAMES, wanted, "output", DeviceError)
    assert str(caught.value) == says


def test_where_nothing_is_the_line_says_so() -> None:
    with pytest.raises(NesvaeError, match="there is no output at all"):
        match_name([], "x", "output", NesvaeError)


def test_a_number_in_a_part_is_taken_as_a_whole() -> None:
    ports = ["X:Port 10", "X:Port 1", "X:Port 11"]
    assert match_name(ports, "Port 1", "port", NesvaeError) == 1
    assert match_name(ports, "x:port 1", "port", NesvaeError) == 1
    assert match_name(["FLÖTE ß", "x"], "flöte SS", "port", NesvaeError) == 0, "whatever the case"
    with pytest.raises(NesvaeError, match="no port matches 'X:Port 1'"):
        match_name(["X:Port 10"], "X:Port 1", "port", NesvaeError)
    with pytest.raises(NesvaeError, match="no port matches '0 out'"):
        match_name(["X:10 out"], "0 out", "port", NesvaeError)


def test_a_name_under_another_number_of_the_systems_is_found() -> None:
    ports = ["a2j:nano [32] (capture): nano MIDI 1", "a2j:keys [28] (capture): keys MIDI 1"]
    wanted = "a2j:nano [28] (capture): nano MIDI 1"
    assert match_name(ports, wanted, "port", NesvaeError) == 0
