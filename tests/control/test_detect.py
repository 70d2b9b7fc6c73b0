"""MIDI learn: what gear says while it is moved, and what it is taken for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.detect import ENOUGH_MESSAGES, REST_SECONDS, ControlDetector, Verdict
from nesvae_live.control.kinds import KIND_BY_NAME, Form, reserved_because


def cc(number: int, *values: int, channel: int = 0) -> list[tuple[int, ...]]:
    return [(0xB0 | channel, number, value) for value in values]


def pairs(*raws: int, lsb_first: bool = False) -> list[tuple[int, ...]]:
    order = (1, 0) if lsb_first else (0, 1)
    halves = [((0xB0, 20, raw >> 7), (0xB0, 52, raw & 127)) for raw in raws]
    return [pair[i] for pair in halves for i in order]


def nrpn(number: int, *values: int) -> list[tuple[int, ...]]:
    start = [(0xB0, 99, number >> 7), (0xB0, 98, number & 127)]
    return [m for value in values for m in (*start, (0xB0, 6, value >> 7), (0xB0, 38, value & 127))]


def coarse(number: int, *values: int) -> list[tuple[int, ...]]:
    """Data entry without its lower half."""
    return [message for message in nrpn(number, *(v << 7 for v in values)) if message[1] != 38]


def clicks(number: int, *controllers: int) -> list[tuple[int, ...]]:
    """Data increments and decrements; the number is selected once."""
    return [*nrpn(number, 0)[:2], *((0xB0, cc, 0) for cc in controllers)]


def heard(messages: Iterable[Sequence[int]], wants: Form = Form.ABSOLUTE) -> ControlDetector:
    detector = ControlDetector(wants)
    for i, message in enumerate(messages):
        detector.receive("keys", message, i * 0.02)
    return detector


def verdict(messages: Sequence[Sequence[int]], wants: Form = Form.ABSOLUTE) -> Verdict | None:
    return heard(messages, wants).verdict(len(messages) * 0.02 + REST_SECONDS)


@pytest.mark.parametrize(
    ("messages", "kind", "number"),
    [
        (cc(21, 12, 13, 15, 18), "cc", 21),
        (cc(21, 0, 60, 127), "cc", 21),
        (cc(21, 90, 124, 127, 127, 127), "cc", 21),
        (cc(21, 3, 6, 12, 20, 33), "cc", 21),
        (cc(21, 60, 66, 71, 81, 97), "cc", 21),
        (cc(21, 3, 2, 1, 0, 0, 0), "cc", 21),
        (cc(41, 127, 0), "button", 41),
        (cc(41, 127), "button", 41),
        (cc(41, 127, 0, 127, 0), "button", 41),
        (cc(16, 1, 1, 2, 127, 126), "twos", 16),
        (cc(16, 127, 127, 127), "twos", 16),
        (cc(16, 1, 1, 65, 65), "sign", 16),
        (cc(16, 65, 65, 63, 63), "offset", 16),
        (cc(16, 63, 63, 62), "offset", 16),
        (pairs(5000, 5100, 5300), "cc14", 20),
        (nrpn(300, 5000, 5100, 5200), "nrpn", 300),
        (coarse(300, 1, 1, 127, 127), "nrpn_twos", 300),
        (coarse(300, 1, 2, 4, 9, 3, 1, 127, 126, 120), "nrpn_twos", 300),
        (coarse(300, 65, 65, 63, 63), "nrpn_offset", 300),
        (coarse(300, 1, 1, 65, 65), "nrpn_sign", 300),
        (coarse(300, 20, 40, 90), "nrpn", 300),
        (clicks(300, 96, 96, 97, 97), "nrpn_steps", 300),
        ([(0x90, 36, 100), (0x80, 36, 0)], "note", 36),
        ([(0x99, 36, 100), (0xD9, 50), (0xD9, 60), (0x99, 36, 0)], "note", 36),
        ([(0xC0, 5)], "program", 5),
        ([(0xE0, 0, 64), (0xE0, 10, 66), (0xE0, 0, 70)], "bend", 0),
        ([(0xD0, 1), (0xD0, 30), (0xD0, 60)], "pressure", 0),
    ],
)  # fmt: skip
def test_gear_is_known_by_what_it_says(
    messages: list[tuple[int, ...]], kind: str, number: int
) -> None:
    press = KIND_BY_NAME[kind].form is Form.PRESS
    found = verdict(messages, Form.PRESS if press else Form.ABSOLUTE)
    assert found is not None
    assert (found.kind, found.number) == (kind, number)


def test_the_channel_is_the_one_that_was_heard() -> None:
    found = verdict(cc(21, 21, 5, 9, channel=15))
    assert found == Verdict("cc", 21, 15)
    assert found.label == "CC 21, channel 16"


def test_a_pair_that_comes_lsb_first_is_marked_so() -> None:
    found = verdict(pairs(5000, 5100, 5300, lsb_first=True))
    assert found is not None
    assert found.lsb_first


@pytest.mark.parametrize(("values", "hint"), [((1, 1, 1), "other way"), ((65, 65), "other way"), ((12, 13), "further")])  # fmt: skip
def test_what_is_not_clear_yet_asks_for_more(values: tuple[int, ...], hint: str) -> None:
    detector = heard(cc(16, *values))
    assert detector.verdict(9.0) is None
    assert hint in detector.hint


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, 2, 4, 9, 3, 1, 127, 126, 120, 127), "twos"),
        ((127, 124, 118, 127, 1, 3, 9), "twos"),
        ((1, 2, 5, 1, 65, 66, 69, 65), "sign"),
        ((66, 70, 65, 2, 5, 1), "sign"),
    ],
)
def test_an_encoder_that_accelerates_is_known_when_it_turns_back(
    values: tuple[int, ...], kind: str
) -> None:
    assert verdict(cc(16, *values)) == Verdict(kind, 16, 0)


@pytest.mark.parametrize(
    ("values", "more", "kind"),
    [
        ((1, 2, 4, 9, 3), (7, 7, 2, 127), "twos"),
        ((65, 66, 70, 65, 63, 62, 58, 63), (62, 60, 60, 63), "offset"),
        ((120, 124, 127, 127, 127), (119, 90, 60), "cc"),
        ((3, 5, 8, 12), (19, 30, 45), "cc"),
        ((66, 68, 71, 75), (82, 90), "cc"),
    ],
)
def test_what_may_be_a_knob_near_its_end_or_an_encoder_is_asked_for_more(
    values: tuple[int, ...], more: tuple[int, ...], kind: str
) -> None:
    detector = heard(cc(16, *values))
    assert detector.verdict(9.0) is None
    assert "turn it further" in detector.hint
    found = verdict(cc(16, *values, *more))
    assert found is not None
    assert found.kind == kind


def test_a_hand_that_still_turns_is_waited_for_but_noise_is_not() -> None:
    detector = heard(cc(21, 1, 5, 9))
    assert detector.verdict(0.05) is None
    noisy = heard(cc(21, *[*range(10, 30), 60, 61] * 2))
    assert noisy.verdict(0.0) is not None
    assert len(range(10, 30)) * 2 + 4 >= ENOUGH_MESSAGES


def test_a_faders_touch_note_does_not_hide_the_fader() -> None:
    touch = [(0x90, 104, 127), (0xE0, 0, 10), (0xE0, 0, 20), (0xE0, 0, 33), (0x90, 104, 0)]
    found = verdict(touch)
    assert found == Verdict("bend", 0, 0)
    assert verdict(touch, Form.PRESS) == Verdict("note", 104, 0)


@pytest.mark.parametrize("number", [n for n in range(128) if reserved_because(n)])
def test_a_reserved_controller_is_refused_and_why_is_said(number: int) -> None:
    detector = heard(cc(number, 1, 30, 60, 100))
    assert detector.verdict(9.0) is None
    if not 98 <= number <= 101:
        assert f"CC {number}" in detector.hint
        assert "reserved" in detector.hint


def test_what_a_daw_sends_at_play_is_not_learnt_and_does_not_get_in_the_way() -> None:
    at_play = [m for channel in range(16) for n in (120, 123) for m in cc(n, 0, channel=channel)]
    assert verdict([*at_play, *cc(21, 3, 9, 30), *at_play]) == Verdict("cc", 21, 0)


@given(st.lists(st.lists(st.integers(0, 255), max_size=4), max_size=60))
def test_whatever_is_heard_a_verdict_is_a_control_that_can_be(stream: list[list[int]]) -> None:
    detector = heard(stream)
    found = detector.verdict(99.0)
    assert isinstance(detector.heard, str)
    if found is not None:
        ControlSpec("density", found.number, found.channel, found.kind)
