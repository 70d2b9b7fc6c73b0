"""What each key asks for."""

from __future__ import annotations

import msgspec
import pytest

from nesvae_live.control.target import tempo_to_value
from nesvae_live.io.remote.commands import decode_command
from nesvae_live.panel.terminal.hands import TRIGGERS, Command, Hands

KNOBS = ("density", "register", "bass")


def press(hands: Hands, *keys: str, **targets: float) -> list[Command]:
    """What the last of some keys asks for."""
    asked: list[Command] = []
    for key in keys:
        asked = hands.press(key, targets)
    return asked


@pytest.fixture
def hands() -> Hands:
    return Hands(KNOBS)


@pytest.mark.parametrize(
    ("keys", "target", "value"),
    [
        ("t", "tap", 1.0),
        (".", "panic", 1.0),
        ("h", "hold", 1.0),
        ("3", "recall-3", 1.0),
        ("s3", "store-3", 1.0),
        ("g9", "morph-9", 1.0),
        ("u1", "mute-P1", 1.0),
        ("u4", "mute-NO", 1.0),
        ("o3", "solo-TR", 1.0),
        ("ea", "mark-A", 1.0),
        ("EH", "return-H", 1.0),
        ("ei", None, None),
        ("ss", None, None),
        ("s3x", None, None),
        ("u5", None, None),
        ("x", None, None),
        ("qn", None, None),
        ("q.", None, None),
    ],
)
def test_a_key_or_two_move_a_target(
    hands: Hands, keys: str, target: str | None, value: float | None
) -> None:
    expected = [] if target is None else [{"do": "move", "target": target, "value": value}]
    assert press(hands, *keys) == expected


def test_every_command_is_one_that_the_instrument_takes(hands: Hands) -> None:
    firsts = [*TRIGGERS, *"hawb+-123", "up", "home", "backspace"]
    for keys in [*([key] for key in firsts), "s1", "g1", "u1", "o1", "ea", "EB", "qy"]:
        (asked,) = press(hands, *keys, tempo=0.5, swap=0.5)
        decode_command(msgspec.json.encode(asked))


def test_switches_turn_over(hands: Hands) -> None:
    assert press(hands, "h", hold=1.0)[0]["value"] == 0.0
    assert press(hands, "u", "1", **{"mute-P1": 1.0})[0]["value"] == 0.0


def test_to_end_it_takes_a_yes(hands: Hands) -> None:
    assert press(hands, "q") == []
    assert "end the performance" in hands.waits_for
    assert press(hands, "y") == [{"do": "stop"}]
    assert hands.waits_for == ""
    assert press(hands, "y") == []


def test_what_is_awaited_is_said_and_escape_takes_it_back(hands: Hands) -> None:
    press(hands, "g")
    assert "morph to which snapshot" in hands.waits_for
    assert press(hands, "escape") == []
    assert hands.waits_for == ""
    assert press(hands, "2")[0]["target"] == "recall-2"


def test_arrows_choose_a_knob_and_turn_it_from_where_it_stands(hands: Hands) -> None:
    assert press(hands, "up", density=0.3)[0] == {
        "do": "move",
        "target": "density",
        "value": 0.32,
    }
    assert press(hands, "up")[0]["value"] == 0.52  # a knob that is free begins in the middle
    press(hands, "right")
    assert hands.knob == "register"
    assert press(hands, "page down")[0] == {"do": "move", "target": "register", "value": 0.4}
    press(hands, "left", "left")
    assert hands.knob == "bass"
    assert press(hands, "end")[0]["value"] == 1.0
    assert press(hands, "up", bass=1.0)[0]["value"] == 1.0
    assert press(hands, "backspace")[0]["target"] == "release-bass"
    assert press(hands, "shift+up", bass=0.5)[0]["value"] == 0.505


def test_the_tempo_goes_by_whole_beats_a_minute(hands: Hands) -> None:
    asked = press(hands, "+", tempo=tempo_to_value(120.2))
    assert asked[0]["value"] == pytest.approx(tempo_to_value(121.0))
    assert press(hands, "-") == []  # of a clock that tells none


def test_the_swap_goes_round(hands: Hands) -> None:
    values = [press(hands, "b", swap=value)[0]["value"] for value in (0.0, 0.5, 1.0)]
    assert values == [0.5, 1.0, 0.0]
