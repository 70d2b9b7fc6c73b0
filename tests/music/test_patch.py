"""Patches frame by frame, against cases worked out by hand and for any text."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.music.patch import MOST_FRAMES, Macro, Patch, Slide, Vibrato, table_to_patch


def test_a_macro_holds_its_last_value_or_loops_from_the_bar() -> None:
    held = Macro.parse("15 12x2 9", 0, 15)
    assert [held.at(i) for i in range(6)] == [15, 12, 12, 9, 9, 9]
    looped = Macro.parse("15 | 10 8 6", 0, 15)
    assert [looped.at(i) for i in range(8)] == [15, 10, 8, 6, 10, 8, 6, 10]
    assert [Macro.parse("| 0 4 7", -48, 48).at(i) for i in range(4)] == [0, 4, 7, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no values"),
        ("|", "has no values"),
        ("3 |", "nothing follows"),
        ("3 | 4 | 5", "'|' is not a number"),
        ("16", "16 is out of range, 0 to 15"),
        ("-1", "-1 is out of range"),
        ("loud", "'loud' is not a number"),
        ("1x0", "has no values"),
        ("1x999", "999 frames are too many"),
    ],
)
def test_what_is_no_macro_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        Macro.parse(text, 0, 15)
    assert says in str(error.value)


def test_an_envelope_by_hand() -> None:
    patch = table_to_patch({"volume": "15 10 | 5 4", "duty": "0x2 1 2"})
    assert [patch.frame(age)[:2] for age in range(6)] == [
        *[(15, 0), (10, 0), (5, 1), (4, 2), (5, 2), (4, 2)]
    ]


def test_a_slide_begins_off_the_note_and_gets_there() -> None:
    patch = Patch(slide=Slide(cents=-400, frames=4))
    assert [patch.cents(age) for age in range(6)] == [-400, -300, -200, -100, 0, 0]


def test_vibrato_waits_and_then_goes_both_ways_at_its_rate() -> None:
    patch = Patch(vibrato=Vibrato(cents=20, hz=6.0, delay=10))
    cents = [patch.cents(age) for age in range(130)]
    assert not any(cents[:11])
    assert max(cents) == 19
    assert min(cents) == -19
    assert cents[20:30] == cents[30:40], "10 frames a cycle are 6 Hz"
    assert max(patch.cents(age, depth=50) for age in range(30)) == 48
    assert not any(patch.cents(age, depth=0) for age in range(60))


def test_an_arpeggio_is_in_semitones_and_adds_to_the_rest() -> None:
    patch = Patch(arpeggio=Macro((0, 3, 7), 0), slide=Slide(cents=10, frames=1))
    assert [patch.cents(age) for age in range(4)] == [10, 300, 700, 0]


@pytest.mark.parametrize(
    ("volume", "end"),
    [("15", None), ("15 0", 1), ("15 3x2 0x4", 3), ("15 | 8 0", None), ("9 0 5", None)],
)
def test_a_volume_that_stays_0_ends_the_note(volume: str, end: int | None) -> None:
    assert table_to_patch({"volume": volume}).end == end


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('volum = "3"', "volum: unknown key; allowed: about, volume, duty"),
        ('volume = "3 16"', "volume: 16 is out of range, 0 to 15"),
        ("volume = [3, 4]", "volume: write it as text"),
        ("volume = true", "volume: write it as text"),
        ('volume = "0 5"', "volume: a note can't begin with 0"),
        ('duty = "4"', "duty: 4 is out of range, 0 to 3"),
        ('release = "| 5"', "release: it has to end"),
        ("vibrato = 3", "vibrato: write it as vibrato = { cents, hz, delay }"),
        ("vibrato = { cent = 3 }", "vibrato.cent: unknown key; allowed: cents, hz, delay"),
        ("vibrato = { hz = 0 }", "vibrato.hz: 0 is not a number from 0.1 to 30"),
        ("slide = { frames = 1.5 }", "slide.frames: 1.5 is not a whole number from 0 to 600"),
        ("slide = { cents = nan }", "slide.cents: nan is not a whole number"),
    ],
)
def test_what_a_table_may_not_say_is_named(toml: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        table_to_patch(tomllib.loads(toml))
    assert str(error.value).startswith(says)


@given(
    st.lists(st.integers(1, 15), min_size=1, max_size=20),
    st.integers(0, 19) | st.none(),
    st.integers(0, 2000),
)
def test_a_macro_gives_only_its_own_values(values: list[int], loop: int | None, frame: int) -> None:
    if loop is not None and loop >= len(values):
        loop = None
    macro = Macro(tuple(values), loop)
    assert macro.at(frame) in values
    if loop is not None and frame >= len(values):
        assert macro.at(frame) in values[loop:]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )
)
def test_whatever_a_table_says_it_is_a_patch_or_one_line(given_value: Any) -> None:
    for key in ("volume", "duty", "release", "arpeggio", "vibrato", "slide"):
        try:
            patch = table_to_patch({key: given_value})
        except ValueError as error:
            named = str(error).startswith(key)
        else:
            volume, duty, cents = patch.frame(MOST_FRAMES)
            named = 0 <= volume <= 15 and 0 <= duty <= 3 and isinstance(cents, int)
        assert named
