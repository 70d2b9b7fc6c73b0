"""The shaper: envelopes worked out by hand, and that shapes lie within their notes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.music.drums import DRUM_PATCHES, KICK
from nesvae_live.music.events import (
    Event,
    NoteEvent,
    NoteOff,
    NoteOn,
    Shape,
    velocity_to_volume,
    volume_to_velocity,
)
from nesvae_live.music.patch import FRAME_SECONDS, Patch, table_to_patch
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import VOICES, Voice

P1, P2, TR, NO = Voice
Played = list[tuple[float, Event]]


def played(
    patch: Patch | Mapping[str, object],
    *steps: tuple[float, list[NoteEvent]],
    until: float = 1.0,
    voice: Voice = P1,
    knobs: dict[str, float] | None = None,
) -> list[tuple[float, Event]]:
    """What comes of events at their times, in frames of 1/60 s."""
    patch = patch if isinstance(patch, Patch) else table_to_patch(patch)
    shaper = Shaper({voice: patch}, DRUM_PATCHES)
    out: Played = []
    for frame, events in (*steps, (until * 60, [])):
        at = frame * FRAME_SECONDS
        out += shaper.due(at, knobs or {})
        out += [(at, event) for event in shaper.take(events, at, knobs or {})]
    return [(round(at / FRAME_SECONDS, 3), event) for at, event in out]


def test_an_envelope_is_said_where_it_changes() -> None:
    found = played({"volume": "15 12x2 9", "duty": "1"}, (3, [NoteOn(P1, 60)]))
    assert found == [
        (3, Shape(P1, 15, 1)),
        (3, NoteOn(P1, 60, 100)),
        (4, Shape(P1, 12, 1)),
        (6, Shape(P1, 9, 1)),
    ]


def test_velocity_is_the_volume_of_the_attack() -> None:
    for volume in range(1, 16):
        (_, on) = played({"volume": str(volume)}, (0, [NoteOn(P1, 60)]))[1]
        assert isinstance(on, NoteOn)
        assert velocity_to_volume(on.velocity) == volume
        assert on.velocity == volume_to_velocity(volume)


def test_a_release_is_a_share_of_the_volume_and_delays_the_end() -> None:
    found = played(
        {"volume": "10", "release": "12 6 3 1"}, (0, [NoteOn(P1, 60)]), (5, [NoteOff(P1, 60)])
    )
    assert found[2:] == [
        (5, Shape(P1, 8, 2)),
        (6, Shape(P1, 4, 2)),
        (7, Shape(P1, 2, 2)),
        (8, Shape(P1, 1, 2)),
        (9, NoteOff(P1, 60)),
    ]


def test_the_next_note_cuts_a_tail() -> None:
    found = played(
        {"volume": "15", "release": "10x20"},
        (0, [NoteOn(P1, 60)]),
        (5, [NoteOff(P1, 60)]),
        (7, [NoteOn(P1, 64)]),
    )
    assert found[2:] == [
        (5, Shape(P1, 10, 2)),
        (7, NoteOff(P1, 60)),
        (7, Shape(P1, 15, 2)),
        (7, NoteOn(P1, 64)),
    ]


def test_between_notes_that_touch_there_is_no_tail() -> None:
    found = played(
        {"release": "10x20"},
        (0, [NoteOn(P1, 60)]),
        (5, [NoteOff(P1, 60), NoteOn(P1, 62)]),
    )
    assert found[2:] == [(5, NoteOff(P1, 60)), (5, NoteOn(P1, 62))]


def test_a_volume_that_dies_ends_the_note_and_its_off_says_nothing_more() -> None:
    found = played({"volume": "15 7 0"}, (0, [NoteOn(P1, 60)]), (9, [NoteOff(P1, 60)]))
    assert found[2:] == [(1, Shape(P1, 7, 2)), (2, NoteOff(P1, 60))]


def test_a_voice_without_a_patch_is_played_as_it_comes() -> None:
    shaper = Shaper({P1: Patch()})
    events: list[NoteEvent] = [NoteOn(P2, 60, 90)]
    assert shaper.take(events, 0.0, {"duty2": 1.0}) == events
    assert shaper.due(10.0, {}) == []
    assert shaper.take([NoteOff(P2, 60)], 10.0, {}) == [NoteOff(P2, 60)]


def test_the_triangle_has_a_gate_and_bends_but_no_duty_and_no_arpeggio() -> None:
    table = {"volume": "9x3 4 0", "arpeggio": "| 0 7", "slide": {"cents": 200, "frames": 2}}
    found = played(table, (0, [NoteOn(TR, 40)]), voice=TR)
    assert found == [
        (0, Shape(TR, 15, 0, 200)),
        (0, NoteOn(TR, 40, 100)),
        (1, Shape(TR, 15, 0, 100)),
        (2, Shape(TR, 15, 0, 0)),
        (4, NoteOff(TR, 40)),
    ]


def test_a_drum_ends_by_itself() -> None:
    found = played({}, (0, [NoteOn(NO, KICK.note)]))
    assert [found[1], found[-1]] == [(0, NoteOn(NO, KICK.note)), (7, NoteOff(NO, KICK.note))]
    volumes = [event.volume for _, event in found if isinstance(event, Shape)]
    assert volumes == [15, 13, 10, 7, 4, 2, 1]


def test_the_duty_knob_stands_for_the_patchs_own_in_its_voice_only() -> None:
    for turned, duty in ((0.0, 0), (0.3, 1), (0.5, 2), (0.99, 3), (1.0, 3)):
        found = played({"duty": "0 1 2"}, (0, [NoteOn(P1, 60)]), knobs={"duty1": turned})
        assert {e.duty for _, e in found if isinstance(e, Shape)} == {duty}
    found = played({"duty": "0 1 2"}, (0, [NoteOn(P1, 60)]), knobs={"duty2": 1.0})
    assert [e.duty for _, e in found if isinstance(e, Shape)] == [0, 1, 2]


def test_the_decay_knob_runs_the_envelope_faster_and_slower() -> None:
    def when_half(decay: float) -> float:
        table = {"volume": "15x8 7"}
        found = played(table, (0, [NoteOn(P1, 60)]), knobs={"decay": decay})
        return next(at for at, e in found if isinstance(e, Shape) and e.volume == 7)

    assert [when_half(decay) for decay in (0.0, 0.5, 1.0)] == [2, 8, 32]


def test_the_vibrato_knob_wavers_a_patch_that_has_none_and_stills_one_that_has() -> None:
    found = played({}, (0, [NoteOn(P1, 60)]), knobs={"vibrato": 0.5})
    assert max(e.cents for _, e in found if isinstance(e, Shape)) == 48
    table = {"vibrato": {"cents": 30}}
    found = played(table, (0, [NoteOn(P1, 60)]), knobs={"vibrato": 0.0})
    assert {e.cents for _, e in found if isinstance(e, Shape)} == {0}


def test_a_cut_ends_tails_too_and_what_was_forgotten_is_said_again() -> None:
    shaper = Shaper({P1: table_to_patch({"release": "10x20"})})
    shaper.take([NoteOn(P1, 60)], 0.0, {})
    shaper.take([NoteOff(P1, 60)], 0.1, {})
    assert dict(shaper.sounding) == {P1: 60}
    assert shaper.cut({P2, TR}) == []
    assert shaper.cut() == [NoteOff(P1, 60)]
    assert not shaper.sounding
    assert shaper.due(9.0, {}) == []
    assert shaper.take([NoteOn(P1, 60)], 10.0, {}) == [NoteOn(P1, 60)]
    shaper.cut()
    shaper.forget()
    assert shaper.take([NoteOn(P1, 60)], 11.0, {}) == [Shape(P1, 15, 2), NoteOn(P1, 60)]


MACROS = st.tuples(st.lists(st.integers(0, 15), max_size=12), st.booleans())
KNOBS = st.dictionaries(
    st.sampled_from(["duty1", "duty2", "decay", "vibrato", "density"]), st.floats(0.0, 1.0)
)


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    first = draw(st.integers(1, 15))
    rest, loops = draw(MACROS)
    if loops and not rest:
        rest = [3]
    table: dict[str, object] = {
        "volume": " ".join([str(first), *(["|"] if loops else []), *map(str, rest)])
    }
    table["duty"] = draw(st.sampled_from(["0", "0 1 2", "| 3 1"]))
    table["arpeggio"] = draw(st.sampled_from(["0", "| 0 4 7", "12 0"]))
    if draw(st.booleans()):
        table["release"] = " ".join(map(str, draw(st.lists(st.integers(1, 15), min_size=1))))
    table["vibrato"] = {"cents": draw(st.integers(0, 100)), "hz": draw(st.floats(0.1, 30))}
    table["slide"] = {"cents": draw(st.integers(-500, 500)), "frames": draw(st.integers(0, 9))}
    return table_to_patch(table)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from([P1, P2, TR]), patches()),
    st.lists(
        st.tuples(st.floats(0.0, 0.4), st.sampled_from(list(Voice)), st.integers(0, 5), KNOBS)
    ),
)
def test_every_shape_lies_in_its_note_and_voices_are_monophonic(
    of: dict[Voice, Patch], steps: list[tuple[float, Voice, int, dict[str, float]]]
) -> None:
    shaper = Shaper(of, DRUM_PATCHES)
    lowest = {spec.voice: spec.lowest for spec in VOICES}
    out: Played = []
    at, book = 0.0, dict.fromkeys(Voice, 0)
    for wait, voice, move, knobs in steps:
        at += wait
        out += shaper.due(at, knobs)
        note = 0 if move == 0 else list(DRUM_PATCHES)[move - 1] if voice is NO else 40 + move
        events: list[NoteEvent] = []
        if book[voice] and book[voice] != note:
            events.append(NoteOff(voice, book[voice]))
        if note and book[voice] != note:
            events.append(NoteOn(voice, note))
        book[voice] = note
        out += [(at, event) for event in shaper.take(events, at, knobs)]
    out += shaper.due(at + 0.2, {})
    out += [(at + 0.2, event) for event in shaper.cut()]

    sounding: dict[Voice, int] = {}
    said: dict[Voice, Shape] = {}
    before = float("-inf")
    for i, (when, event) in enumerate(out):
        assert when >= before
        before = when
        if isinstance(event, NoteOn):
            assert event.voice not in sounding
            sounding[event.voice] = event.note
            assert event.note >= lowest.get(event.voice, 1)
            assert 1 <= event.velocity <= 100
            if event.voice in said and event.voice is not TR:
                assert velocity_to_volume(event.velocity) == said[event.voice].volume
        elif isinstance(event, NoteOff):
            assert sounding.pop(event.voice) == event.note
        else:
            follows = [e for w, e in out[i + 1 : i + 2] if w == when]
            assert event.voice in sounding or any(isinstance(e, NoteOn) for e in follows)
            assert 0 <= event.volume <= 15
            assert 0 <= event.duty <= (1 if event.voice is NO else 0 if event.voice is TR else 3)
            assert said.get(event.voice) != event, "only what changes is said"
            said[event.voice] = event
    assert not sounding


def test_a_long_silence_between_two_looks_loses_no_frame() -> None:
    found = played({"volume": "15 14 13 12"}, (0, [NoteOn(P1, 60)]), until=5.0)
    assert [at for at, event in found if isinstance(event, Shape)] == [0, 1, 2, 3]


def test_frames_fall_a_sixtieth_of_a_second_apart() -> None:
    shaper = Shaper({P1: table_to_patch({"volume": "15 14 13"})})
    shaper.take([NoteOn(P1, 60)], 2.5, {})
    assert [at for at, _ in shaper.due(9.0, {})] == pytest.approx([2.5 + 1 / 60, 2.5 + 2 / 60])
