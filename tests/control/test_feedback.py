"""What the controller is sent, so that it shows how things stand; and no loops."""

from __future__ import annotations

from typing import Any

import pytest

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.feedback import ECHO_SECONDS, EVERY_SECONDS, STILL_SECONDS
from nesvae_live.control.layout import Page
from nesvae_live.music.voices import Voice
from tests.support.hands import Hands, density


def fader(number: int = 20, **options: Any) -> ControlSpec:
    return density(number, channel=0, feedback=True, **options)


def listening(*controls: ControlSpec, **options: Any) -> Hands:
    hands = Hands(*controls, **options)
    hands.surface.feedback.refresh(True)
    return hands


def test_nothing_is_sent_while_nobody_listens() -> None:
    hands = Hands(fader())
    hands.density = 0.5
    assert hands.shown() == []
    assert hands.surface.feedback.refresh()["ok"] is False


def test_a_fader_follows_a_recall_and_is_told_once() -> None:
    hands = listening(fader())
    assert hands.shown() == [], "a knob that is let go moves no fader"
    hands.density = 0.5
    assert hands.shown() == [(0xB0, 20, 64)]
    assert hands.shown() == []
    hands.density = 1.0
    assert hands.shown() == [(0xB0, 20, 127)]


def test_looks_are_some_way_apart() -> None:
    hands = listening(fader())
    hands.density = 0.5
    assert len(hands.shown()) == 1
    hands.density = 0.6
    assert hands.shown(EVERY_SECONDS / 3) == []
    assert len(hands.shown(EVERY_SECONDS)) == 1


def test_what_a_hand_turns_is_not_sent_back_to_it() -> None:
    hands = listening(fader())
    for value in range(20, 90):
        hands.send(0xB0, 20, value)
        assert hands.shown() == []
    assert hands.shown(2 * STILL_SECONDS) == []


def test_a_hand_on_the_fader_wins_until_it_is_still() -> None:
    hands = listening(fader())
    hands.send(0xB0, 20, 30)
    hands.density = 0.9  # a recall under the hand
    assert hands.shown(STILL_SECONDS / 2) == []
    assert hands.shown(STILL_SECONDS) == [(0xB0, 20, 114)]


def test_after_feedback_the_fader_has_hold_of_its_knob_and_nothing_jumps() -> None:
    hands = listening(fader(takeover=Takeover.PICKUP))
    hands.send(0xB0, 20, 10)
    hands.density = 0.5
    assert hands.shown(1.0) == [(0xB0, 20, 64)]
    hands.now += 1.0
    assert hands.cc(20, 66) == [pytest.approx(0.516, abs=1e-3)]


def test_a_controller_that_echoes_everything_it_is_sent_moves_nothing() -> None:
    hands = listening(
        fader(),
        density(22, channel=0, feedback=True, kind="cc14"),
        ControlSpec("focus", 300, 0, "nrpn", feedback=True),
        ControlSpec("motion", channel=0, kind="bend", feedback=True),
        ControlSpec("mute-P1", 36, 0, "note", feedback=True),
    )
    for value in (0.3, 0.31, 0.9):
        hands.density = value
        for knob in ("focus", "motion"):
            hands.live.turn(knob, value, hands.now)
        arrangement = hands.live.arrangement.with_mute(Voice.P1, muted=value > 0.5)
        hands.live.arrangement = arrangement
        sent = hands.shown(1.0)
        assert sent
        for message in sent:
            assert hands.send(*message) == []
        assert hands.shown() == [], "and nothing is sent again"
        assert hands.density == value


def test_an_echo_is_taken_for_one_only_for_a_while_and_only_once() -> None:
    hands = listening(fader())
    hands.density = 0.5
    hands.shown()
    hands.now += ECHO_SECONDS + 0.1
    hands.density = 0.1
    assert hands.cc(20, 64) == [0.1], "the fader stands there already"
    assert hands.cc(20, 65) == [pytest.approx(0.508, abs=1e-3)]


@pytest.mark.parametrize(
    ("control", "messages"),
    [
        ({"kind": "cc14"}, [(0xB2, 20, 32), (0xB2, 52, 0)]),
        ({"kind": "nrpn"}, [(0xB2, 99, 0), (0xB2, 98, 20), (0xB2, 6, 32), (0xB2, 38, 0)]),
        ({"kind": "bend"}, [(0xE2, 0, 32)]),
        ({"kind": "pressure"}, [(0xD2, 32)]),
        ({"kind": "twos"}, [(0xB2, 20, 32)]),
        ({"low": 0.5, "high": 0.0}, [(0xB2, 20, 64)]),
    ],
)
def test_each_kind_is_told_as_it_speaks_itself(
    control: dict[str, Any], messages: list[tuple[int, ...]]
) -> None:
    hands = listening(density(channel=2, feedback=True, **control))
    hands.density = 0.25
    assert hands.shown() == messages


def test_a_ring_of_leds_on_a_cc_of_its_own_follows_its_encoder() -> None:
    hands = listening(density(16, channel=0, kind="twos", feedback=48))
    hands.density = 0.5
    assert hands.shown() == [(0xB0, 48, 64)]
    hands.send(0xB0, 16, 1)
    assert hands.shown() == [(0xB0, 48, 65)]


def test_a_ring_with_values_of_its_own_gets_those() -> None:
    hands = listening(density(16, channel=0, kind="sign", feedback=48, unlit=33, lit=43))
    seen = []
    for value in (0.0, 0.5, 1.0):
        hands.density = value
        seen += hands.shown()
    assert seen == [(0xB0, 48, 33), (0xB0, 48, 38), (0xB0, 48, 43)]


def test_a_button_is_lit_while_its_switch_is_on_in_its_own_colours() -> None:
    button = ControlSpec("mute-P1", 41, 8, "note", feedback=True, lit=60, unlit=12)
    hands = listening(button)
    assert hands.shown() == [(0x98, 41, 12)]
    hands.send(0x98, 41, 127)
    hands.now += 1.0
    assert hands.shown() == [(0x98, 41, 60)]
    hands.now += 1.0
    hands.send(0x98, 41, 0)
    assert hands.shown() == [(0x98, 41, 60)], "it may have gone out as it was let go"
    assert hands.shown() == []


def test_the_button_of_the_choice_that_is_made_is_lit() -> None:
    hands = listening(
        ControlSpec("swap", 1, 0, "button", pick="bar", feedback=True),
        ControlSpec("swap", 2, 0, "button", pick="now", feedback=True),
    )
    assert hands.shown() == [(0xB0, 1, 0), (0xB0, 2, 127)]
    hands.send(0xB0, 1, 127)
    hands.now += 1.0
    assert hands.shown() == [(0xB0, 1, 127), (0xB0, 2, 0)]


def test_turning_the_page_shows_the_other_page() -> None:
    hands = listening(
        ControlSpec("page-next", 40, kind="button"),
        pages=(
            Page("one", (fader(),)),
            Page("two", (ControlSpec("motion", 20, 0, feedback=True),)),
        ),
    )
    hands.live.turn("density", 0.25, 0.0)
    hands.live.turn("motion", 0.75, 0.0)
    assert hands.shown() == [(0xB0, 20, 32)]
    hands.send(0xB0, 40, 127)
    assert hands.shown() == [(0xB0, 20, 96)]


def test_on_request_everything_is_sent_again() -> None:
    hands = listening(fader())
    hands.density = 0.5
    hands.shown()
    assert hands.surface.feedback.refresh() == {"ok": True}
    assert hands.shown() == [(0xB0, 20, 64)]


def test_a_control_on_any_channel_is_answered_on_the_one_that_it_speaks_on() -> None:
    hands = listening(density(feedback=True))
    hands.cc(20, 5, channel=6)
    hands.density = 0.5
    assert hands.shown(1.0) == [(0xB6, 20, 64)]


def test_a_lit_buttons_echo_may_be_late_unless_it_is_being_pressed() -> None:
    hands = listening(ControlSpec("mute-P1", 36, 0, "note", feedback=True))
    arrangement = hands.live.arrangement
    hands.shown()
    hands.live.arrangement = arrangement.with_mute(Voice.P1, muted=True)
    assert hands.shown() == [(0x90, 36, 127)]
    hands.now += 0.3
    assert hands.send(0x90, 36, 127) == [], "nobody presses it: an echo"
    for _ in range(4):
        hands.now += 0.2
        assert len(hands.send(0x90, 36, 127)) == 1, "a quick hand"
        hands.send(0x90, 36, 0)
        hands.shown()
