"""Bytes as real gear sends them, and what they ask of the instrument."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.inputs import MidiIn, Panic, SetKnob, SetMute, Tap, TurnPage
from nesvae_live.control.kinds import CONTROL_KINDS, raw_to_place, reserved_because
from nesvae_live.control.layout import Layout, Page
from nesvae_live.control.target import Kind
from nesvae_live.control.targets import TARGETS
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.hands import Hands, density
from tests.support.rig import Rig

# Kinds


def test_a_control_on_any_channel_hears_all_sixteen_and_one_on_a_channel_only_that() -> None:
    hands = Hands(density())
    assert [hands.cc(20, c, channel=c)[0] for c in range(16)] == [c / 128 for c in range(16)]
    one = Hands(density(channel=3), ControlSpec("focus", 20, channel=4))
    assert one.cc(20, 127, channel=5) == [None]
    assert one.cc(20, 127, channel=3) == [1.0]
    assert "focus" not in one.live.knobs.values


def test_a_14_bit_pair_takes_both_halves_and_an_lsb_alone_is_a_fine_move() -> None:
    hands = Hands(density(kind="cc14"))
    hands.cc(20, 64)
    hands.cc(52, 0)
    assert hands.density == 0.5
    (after,) = hands.cc(52, 100)
    assert after == pytest.approx(0.5 + 100 / (2 * 8191))


def test_a_new_msb_zeroes_the_lsb_and_the_same_one_does_not() -> None:
    hands = Hands(density(kind="cc14"))
    hands.cc(20, 10)
    hands.cc(52, 99)
    assert hands.cc(20, 10) == [pytest.approx((10 * 128 + 99) / 16384)]
    assert hands.cc(20, 11) == [pytest.approx(11 * 128 / 16384)]


def test_a_pair_that_only_sends_msbs_reaches_both_ends() -> None:
    assert Hands(density(kind="cc14")).cc(20, 0, 64, 127) == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("lsb_first", [False, True])
def test_gear_that_sends_the_lsb_first_is_followed(lsb_first: bool) -> None:
    """Marked so, to the last bit; unmarked, to a step of seven bits."""
    hands = Hands(density(kind="cc14", lsb_first=lsb_first))
    for raw in range(0, 16384, 777):
        hands.cc(52, raw & 127)
        hands.cc(20, raw >> 7)
        assert hands.density == pytest.approx(raw / 16384, abs=2e-4 if lsb_first else 1 / 127)


@pytest.mark.parametrize(
    ("kind", "up", "down"),
    [("twos", (1, 1, 2), (127, 126, 127)), ("offset", (65, 65, 66), (63, 62, 63)),
     ("sign", (1, 1, 2), (65, 66, 65))],
)  # fmt: skip
def test_an_encoder_goes_on_from_where_its_knob_stands(
    kind: str, up: tuple[int, ...], down: tuple[int, ...]
) -> None:
    hands = Hands(density(kind=kind))
    hands.density = 0.25
    assert hands.cc(20, *up) == pytest.approx([0.25 + n / 127 for n in (1, 2, 4)])
    assert hands.cc(20, *down) == pytest.approx([0.25 + n / 127 for n in (3, 1, 0)])


def test_an_encoder_stops_at_the_ends_and_starts_a_knob_that_is_let_go_in_the_middle() -> None:
    hands = Hands(density(kind="twos", speed=4.0))
    assert hands.cc(20, 1) == pytest.approx([0.5 + 4 / 127])
    assert hands.cc(20, *[63] * 3)[-1] == 1.0
    assert hands.cc(20, *[65] * 9)[-1] == 0.0


def nrpn(number: int) -> tuple[tuple[int, int], ...]:
    return (99, number >> 7), (98, number & 127)


def test_an_nrpn_is_selected_and_then_takes_data_of_7_or_14_bits() -> None:
    hands = Hands(density(300, kind="nrpn"))
    for cc, value in (*nrpn(300), (6, 127)):
        hands.send(0xB0, cc, value)
    assert hands.density == 1.0
    for cc, value in ((6, 64), (38, 1)):
        hands.send(0xB0, cc, value)
    assert hands.density == pytest.approx(0.5 + 1 / (2 * 8191))
    for cc, value in (*nrpn(301), (6, 0)):
        hands.send(0xB0, cc, value)
    assert hands.density == pytest.approx(0.5 + 1 / (2 * 8191)), "another number is not ours"


def test_data_increment_moves_an_nrpn_and_the_null_number_an_rpn_or_another_channel_none() -> None:
    hands = Hands(density(300, kind="nrpn", channel=0))
    for cc, value in (*nrpn(300), (6, 10), (96, 0), (96, 0), (97, 0)):
        hands.send(0xB0, cc, value)
    assert hands.density == pytest.approx(11 / 128)
    for cc, value in ((99, 127), (98, 127), (6, 99)):
        hands.send(0xB0, cc, value)
    for cc, value in (*nrpn(300), (101, 0), (100, 0), (6, 99)):
        hands.send(0xB0, cc, value)
    for cc, value in (*nrpn(300), (6, 99)):
        hands.send(0xB1, cc, value)
    assert hands.density == pytest.approx(11 / 128)


@pytest.mark.parametrize(
    ("kind", "up", "down"),
    [("nrpn_twos", (1, 1, 2), (127, 126, 127)), ("nrpn_offset", (65, 65, 66), (63, 62, 63)),
     ("nrpn_sign", (1, 1, 2), (65, 66, 65))],
)  # fmt: skip
def test_an_encoder_on_an_nrpn_goes_on_from_where_its_knob_stands(
    kind: str, up: tuple[int, ...], down: tuple[int, ...]
) -> None:
    hands = Hands(density(300, kind=kind))
    hands.density = 0.25
    for cc, value in nrpn(300):
        hands.send(0xB0, cc, value)
    turned = []
    for value in (*up, *down):
        hands.send(0xB0, 6, value)
        hands.send(0xB0, 38, 0)  # a lower half says nothing more
        turned.append(hands.density)
    assert turned == pytest.approx([0.25 + n / 127 for n in (1, 2, 4, 3, 1, 0)])


@pytest.mark.parametrize("kind", ["nrpn_steps", "nrpn_twos", "nrpn_offset", "nrpn_sign"])
def test_increments_turn_an_encoder_on_an_nrpn_though_no_value_ever_came(kind: str) -> None:
    hands = Hands(density(300, kind=kind))
    for cc, value in (*nrpn(300), (96, 0), (96, 1), (97, 127)):
        hands.send(0xB0, cc, value)
    assert hands.density == pytest.approx(0.5 + 1 / 127)
    for _ in range(200):
        hands.send(0xB0, 96, 0)
    assert hands.density == 1.0
    hands.send(0xB0, 97, 0)
    assert hands.density == pytest.approx(1.0 - 1 / 127), "no wind-up"
    for cc, value in (*nrpn(301), (97, 0), (6, 1)):
        hands.send(0xB0, cc, value)
    assert hands.density == pytest.approx(1.0 - 1 / 127), "another number is not ours"
    if kind == "nrpn_steps":
        for cc, value in (*nrpn(300), (6, 1), (6, 127)):
            hands.send(0xB0, cc, value)
        assert hands.density == pytest.approx(1.0 - 1 / 127), "data entry says nothing here"


def test_a_pitch_wheel_and_pressure_are_knobs_too() -> None:
    hands = Hands(density(kind="bend"), ControlSpec("focus", kind="pressure"))
    hands.send(0xE0, 0, 64)
    assert hands.density == 0.5
    hands.send(0xE0, 127, 127)
    hands.send(0xD0, 64)
    assert dict(hands.live.knobs.values) == {"density": 1.0, "focus": 0.5}


def test_a_button_acts_once_when_it_comes_to_64() -> None:
    hands = Hands(ControlSpec("mute-P1", 41, kind="button"))
    for value in (0, 63, 64, 127, 90, 63, 0, 127, 0):
        hands.send(0xB0, 41, value)
    assert [(i.muted) for i in hands.asked if isinstance(i, SetMute)] == [True, False]


def test_a_pad_acts_at_its_note_on_and_a_momentary_one_lasts_while_it_is_held() -> None:
    hands = Hands(
        ControlSpec("mute-P1", 36, kind="note"), ControlSpec("mute-P2", 37, kind="note", momentary=True)
    )  # fmt: skip
    for message in ((0x90, 36, 1), (0x80, 36, 64), (0x90, 37, 100)):
        hands.send(*message)
    assert hands.live.muted == {Voice.P1, Voice.P2}
    hands.send(0x90, 37, 0)
    assert hands.live.muted == {Voice.P1}


def test_each_program_change_is_a_press() -> None:
    hands = Hands(ControlSpec("tap", 5, kind="program"))
    for _ in range(3):
        hands.send(0xC0, 5)
    hands.send(0xC0, 4)
    assert [type(item) for item in hands.asked] == [Tap] * 3


def test_a_choice_steps_round_or_is_picked_or_dialled() -> None:
    hands = Hands(
        ControlSpec("swap", 41, kind="button"),
        ControlSpec("swap", 42, kind="button", pick="beat"),
        ControlSpec("swap", 43),
        ControlSpec("swap", 44, kind="twos"),
    )
    seen = []
    for cc, value in ((41, 127), (41, 0), (41, 127), (42, 127), (43, 0), (43, 127), (44, 127)):
        hands.send(0xB0, cc, value)
        seen.append(hands.live.swap)
    now, bar, beat = Swap.NOW, Swap.BAR, Swap.BEAT
    assert seen == [bar, bar, beat, beat, bar, now, beat]


def test_a_latching_button_switches_on_and_off_and_a_trigger_fires_when_it_rises() -> None:
    hands = Hands(ControlSpec("mute-TR", 41), ControlSpec("panic", 42))
    for cc, value in ((41, 127), (41, 0), (41, 127), (42, 127), (42, 0), (42, 127)):
        hands.send(0xB0, cc, value)
    assert [i.muted for i in hands.asked if isinstance(i, SetMute)] == [True, False, True]
    assert sum(isinstance(i, Panic) for i in hands.asked) == 2


# Takeover, deadband


def test_a_noisy_pot_between_two_values_moves_its_knob_once() -> None:
    hands = Hands(density())
    hands.cc(20, 60)
    assert hands.cc(20, *[63, 64] * 50)[1:] == [0.5] * 99


def test_a_slow_turn_loses_no_step_and_both_ends_are_reached() -> None:
    hands = Hands(density())
    up, down = list(range(128)), list(range(127, -1, -1))
    assert len(set(hands.cc(20, *up))) == 128
    assert hands.cc(20, *down)[-1] == 0.0
    hands.cc(20, 1, 0)
    assert hands.density == 0.0


def test_a_deadband_of_more_steps_bears_more_noise() -> None:
    hands = Hands(density(deadband=3))
    hands.cc(20, 60, 64)
    assert set(hands.cc(20, 62, 63, 61, 64, 61)) == {0.5}
    assert hands.cc(20, 60) == [60 / 128]


def test_pickup_waits_until_the_knob_is_crossed_even_in_one_throw() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    hands.density = 0.25
    assert hands.cc(20, 100, 90, 60) == [0.25] * 3
    assert hands.cc(20, 10) == [10 / 128], "crossed"
    assert hands.cc(20, 127) == [1.0], "and held"


def test_a_knob_thrown_from_0_to_127_in_three_messages_is_picked_up_on_the_way() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    hands.density = 0.6
    assert hands.cc(20, 0, 50, 127) == [0.6, 0.6, 1.0]


def test_the_first_touch_of_a_knob_that_nobody_has_set_takes_it() -> None:
    assert Hands(density(takeover=Takeover.PICKUP)).cc(20, 100) == [pytest.approx(0.786, abs=1e-3)]


def test_the_first_touch_takes_a_knob_that_the_instrument_has_set_for_it_to_stay() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    hands.live.knobs.set("density", 0.6)
    hands.live.knobs.steadied = frozenset({"density"})
    assert not hands.surface.waiting(hands.live)
    assert hands.cc(20, 0) == [0.0]
    hands.live.turn("density", 0.5, hands.now)
    assert hands.cc(20, 1) == [0.5], "what a hand has set is picked up"


def test_whatever_else_moves_the_knob_arms_pickup_again() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    hands.cc(20, 100, 101)
    hands.density = 0.1  # a recall, a morph, a command
    assert hands.cc(20, 102, 103) == [0.1, 0.1]
    hands.density = None  # let go: whoever comes first has it
    assert hands.cc(20, 104)[0] == pytest.approx(0.817, abs=1e-3)


def test_a_second_controller_on_the_same_cc_has_to_pick_up_too() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    hands.cc(20, 32)
    hands.send(0xB0, 20, 120, port="another")
    assert hands.density == 0.25
    assert hands.cc(20, 40) == [40 / 128]


@given(
    st.floats(0.0, 1.0),
    st.lists(st.integers(0, 127), min_size=2, max_size=30),
    st.booleans(),
)
@settings(max_examples=200)
def test_pickup_never_moves_a_knob_farther_than_the_hand_went(
    start: float, values: list[int], turned_round: bool
) -> None:
    low, high = (1.0, 0.0) if turned_round else (0.0, 1.0)
    hands = Hands(density(takeover=Takeover.PICKUP, deadband=0, low=low, high=high))
    hands.density = start
    stands = [start, *hands.cc(20, *values)]
    steps = [0, *(abs(b - a) for a, b in pairwise(values))]
    for (was, now), step in zip(pairwise(stands), steps, strict=True):
        assert was is not None
        assert now is not None
        assert abs(now - was) <= (step + 1) / 126


@given(st.floats(0.02, 0.98), st.integers(1, 126), st.integers(1, 40))
@settings(max_examples=200)
def test_scale_moves_at_once_meets_at_both_ends_and_never_jumps(
    start: float, place: int, stride: int
) -> None:
    def turned(end: int) -> list[float | None]:
        hands = Hands(density(takeover=Takeover.SCALE, deadband=0))
        hands.density = start
        step = stride if end else -stride
        values = [*range(place, end, step), end]
        stands = [start, *hands.cc(20, *values)]
        set_out = raw_to_place(place, 127)
        steepest = abs(end / 127 - start) / abs(end / 127 - set_out)
        for was, now in pairwise(stands[1:]):
            assert was is not None
            assert now is not None
            assert (now - was) * step >= 0, "it follows the hand"
            assert abs(now - was) <= steepest * stride / 126 + 1e-9
        return stands

    assert turned(127)[-1] == 1.0
    assert turned(0)[-1] == 0.0


# Pages


def pages() -> Hands:
    first = Page("one", (density(takeover=Takeover.PICKUP), ControlSpec("focus", 21)))
    second = Page("two", (ControlSpec("motion", 20, takeover=Takeover.PICKUP),))
    actions = (
        ControlSpec("page-next", 40, kind="button"),
        ControlSpec("page-1", 41, kind="button"),
    )
    return Hands(*actions, pages=(first, second, Page("three", ())))


def test_a_page_gives_the_same_control_another_knob_and_pickup_keeps_both_from_jumping() -> None:
    hands = pages()
    hands.cc(20, 30, 32)
    hands.send(0xB0, 40, 127)
    hands.cc(20, 34, 96)
    assert hands.live.knobs.values == {
        "density": 0.25,
        "motion": pytest.approx(0.754, abs=1e-3),
    }
    hands.send(0xB0, 41, 127)
    assert hands.cc(20, 97, 90) == [0.25, 0.25], "armed again"
    assert hands.cc(20, 20) == [20 / 128]


def test_a_control_that_was_moved_where_its_page_has_no_use_for_it_does_not_jump_back() -> None:
    hands = pages()
    hands.cc(20, 30, 32)
    hands.send(0xB0, 40, 127)
    hands.send(0xB0, 40, 0)
    hands.send(0xB0, 40, 127)
    hands.cc(20, 100, 120)
    hands.send(0xB0, 41, 127)
    assert hands.cc(20, 121, 119) == [0.25, 0.25]


def test_pages_end_at_the_first_and_the_last() -> None:
    hands = pages()
    for _ in range(5):
        hands.send(0xB0, 40, 127)
        hands.send(0xB0, 40, 0)
    assert hands.live.page == 2
    hands.surface.turn_page(TurnPage(None, -9, at=0.0))
    assert hands.surface.page == 0


# Whatever comes


def everything() -> Hands:
    """As many controls as there are kinds, each with a number that it can have, on any channel."""
    knobs = iter(spec.name for spec in TARGETS if spec.kind is Kind.KNOB)
    presses = iter(spec.name for spec in TARGETS if spec.name.startswith(("mute", "solo", "page")))
    controls = [
        ControlSpec(
            next(presses) if kind.name in {"button", "note", "program"} else next(knobs),
            0 if kind.top is None else 7 + i,
            kind=kind.name,
            takeover=list(Takeover)[i % 3],
        )
        for i, kind in enumerate(CONTROL_KINDS)
    ]
    return Hands(*controls)


ANY_BYTES = st.lists(st.integers(0, 255), max_size=5)
CHANNEL_MESSAGES = st.tuples(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127))
LIKELY = st.tuples(st.integers(0xB0, 0xB1), st.integers(0, 127), st.integers(0, 127))


@given(st.lists(st.one_of(ANY_BYTES, CHANNEL_MESSAGES, LIKELY), max_size=60))
@settings(max_examples=300)
def test_any_bytes_are_read_without_an_exception_and_values_stay_in_range(
    stream: list[Sequence[int]],
) -> None:
    hands = everything()
    hands.surface.feedback.refresh(True)
    for data in stream:
        hands.send(*data)
        hands.surface.due(hands.live, hands.now)
    assert all(0.0 <= v <= 1.0 for v in hands.live.knobs.values.values() if v is not None)


RESERVED_CCS = [cc for cc in range(128) if reserved_because(cc)]


@given(
    st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(RESERVED_CCS), st.integers(0, 127)),
        max_size=40,
    )
)
def test_reserved_controllers_turn_nothing_unless_they_select_an_nrpn_that_a_preset_has(
    messages: list[tuple[int, int, int]],
) -> None:
    hands = Hands(*(ControlSpec(spec.name, 8 + i) for i, spec in enumerate(TARGETS[:20])))
    for channel, cc, value in messages:
        assert hands.send(0xB0 | channel, cc, value) == []


def test_a_reserved_controller_is_a_control_where_its_meaning_is_given_up() -> None:
    fader = ControlSpec("density", 0, channel=0, gives_up="bank select")
    hands = Hands(fader, ControlSpec("focus", 300, kind="nrpn"))
    assert hands.send(0xB0, 0, 127) == [SetKnob("density", 1.0, at=hands.now)]
    assert hands.send(0xB1, 0, 0) == [], "on its own channel alone"
    for cc, value in ((99, 2), (98, 44), (6, 127)):
        sent = hands.send(0xB0, cc, value)
    assert sent == [SetKnob("focus", 1.0, at=hands.now)], "what others mean is as ever"


def test_what_a_daw_sends_at_play_on_every_channel_is_nothing_to_us() -> None:
    hands = everything()
    for channel in range(16):
        for cc in (120, 121, 123, 64, 0, 32):
            assert hands.send(0xB0 | channel, cc, 0) == []


def test_a_target_with_coarser_steps_is_held_and_an_encoder_gets_over_them() -> None:
    rig = Rig()
    layout = (
        ControlSpec("transpose-P1", 20, takeover=Takeover.PICKUP),
        ControlSpec("transpose-P2", 21, kind="twos"),
    )
    rig.sequencer.dispatcher.surface.rearrange(Layout(layout))

    def send(cc: int, *values: int) -> None:
        for value in values:
            rig.inbox.put(MidiIn("keys", (0xB0, cc, value), rig.time.value))
            rig.play(0.01)

    send(20, 64, 66, 68, 70, 72, 127)
    assert rig.live.arrangement.transpose[Voice.P1] == 24
    send(21, *[1] * 127)
    assert rig.live.arrangement.transpose[Voice.P2] == 24


def test_a_control_that_has_to_take_over_says_where_it_stands() -> None:
    hands = Hands(density(takeover=Takeover.PICKUP))
    assert hands.surface.waiting(hands.live) == {}
    hands.cc(20, 64)
    assert hands.surface.waiting(hands.live) == {}, "it holds what it has set"
    hands.density = 0.9
    assert hands.surface.waiting(hands.live) == {"density": 0.5}
    hands.cc(20, 70)
    assert hands.surface.waiting(hands.live)["density"] == pytest.approx(0.55, abs=0.01)
    hands.cc(20, 127)
    assert hands.surface.waiting(hands.live) == {}, "it has been turned past it"
    hands.density = 0.2
    hands.density = None
    assert hands.surface.waiting(hands.live) == {}, "a knob that is free is any control's"
