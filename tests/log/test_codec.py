"""An entry of the log as a line, and back."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.control.inputs import (
    Input,
    MidiIn,
    Panic,
    SetKnob,
    SetLevel,
    SetMute,
    SetOne,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
)
from nesvae_live.log.codec import entry_to_line, line_to_entry
from nesvae_live.log.entries import (
    VERSION,
    Answered,
    Barred,
    Closed,
    Decoded,
    Entry,
    Heard,
    Noted,
    Opened,
    Placed,
    Rendered,
    Sent,
    Silenced,
    Sounded,
    Stepped,
    Turned,
)
from nesvae_live.log.names import INPUTS
from nesvae_live.music.events import NoteOff, NoteOn, Shape
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

START = 5000.0  # beat 0, on the stamps' scale

micros = st.integers(-(10**9), 10**12).map(lambda n: round(n / 1e6, 6))
numbers = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(max_size=20)
midi = st.integers(1, 127)
voices = st.sampled_from(Voice)
events = (
    st.builds(NoteOn, voices, midi, midi)
    | st.builds(NoteOff, voices, midi)
    | st.builds(Shape, voices, st.integers(0, 15), st.integers(0, 3), st.integers(-12_000, 12_000))
)
unit = st.floats(0, 1)
names = st.dictionaries(texts, texts, max_size=3)
inputs = st.one_of(
    st.builds(MidiIn, texts, st.lists(st.integers(0, 255), max_size=4).map(tuple), micros),
    st.builds(SetKnob, texts, unit | st.none(), at=micros),
    st.builds(SetMute, voices, st.booleans(), at=micros),
    st.builds(SetLevel, voices | st.none(), numbers, at=micros),
    st.builds(SetSolo, voices, st.booleans(), at=micros),
    st.builds(SetSwap, st.sampled_from(Swap), at=micros),
    st.builds(SetTempo, numbers, at=micros),
    st.builds(Tap, at=micros),
    st.builds(SetOne, at=micros),
    st.builds(Panic, at=micros),
    st.builds(Stop, at=micros, why=texts),
)
entries = st.one_of(
    st.builds(Heard, inputs),
    st.builds(Stepped, micros),
    st.builds(
        Answered,
        micros,
        integers,
        integers,
        st.lists(st.integers(0, 300), max_size=52).map(tuple),
        numbers,
    ),
    st.builds(Turned, micros, texts, unit | st.none()),
    st.builds(
        Decoded,
        micros,
        integers,
        integers,
        integers,
        st.lists(numbers, max_size=8).map(tuple),
        st.lists(st.integers(0, 1), max_size=8).map(tuple),
        st.lists(st.integers(0, 300), max_size=52).map(tuple),
        numbers,
    ),
    st.builds(Placed, micros, integers, numbers, numbers, st.booleans()),
    st.builds(Sent, micros, numbers, events, integers),
    st.builds(Sounded, integers, integers, integers),
    st.builds(Silenced, integers, st.booleans()),
    st.builds(Rendered, integers),
    st.builds(
        Barred,
        micros,
        integers,
        numbers,
        numbers,
        st.booleans(),
        st.dictionaries(texts, unit, max_size=3),
        st.lists(st.tuples(*[integers] * 5), max_size=4).map(tuple),
        integers,
    ),
    st.builds(Noted, micros, texts),
    st.builds(Closed, micros, numbers, texts),
    st.builds(
        Opened,
        micros,
        texts,
        numbers,
        texts,
        numbers,
        integers,
        integers,
        *[texts] * 3,
        names,
        names,
        numbers,
        st.dictionaries(texts, st.dictionaries(texts, numbers, max_size=2), max_size=2),
    ),
)


@given(entries)
def test_every_entry_comes_back_exactly(entry: Entry) -> None:
    line = entry_to_line(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    back = line_to_entry(line)
    assert back == entry
    assert repr(back) == repr(entry)  # 1 is not 1.0, True is not 1


@given(entries, st.data())
def test_a_line_cut_anywhere_is_a_value_error(entry: Entry, data: st.DataObject) -> None:
    line = entry_to_line(entry)
    cut = line[: data.draw(st.integers(0, len(line) - 2))]
    with pytest.raises(ValueError, match=r"."):
        line_to_entry(cut)


@given(st.binary(max_size=60))
def test_garbage_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        line_to_entry(line)


def test_times_are_relative_and_numpy_numbers_are_numbers() -> None:
    z = tuple(np.array([0.5, -1.25], np.float32))
    line = entry_to_line(Decoded(START + 1.2345678, 1, -1, 3, z, (1, 0), (5,), 0.01), START)
    record = json.loads(line)
    assert record["kind"] == "decoded"
    assert record["at"] == 1.234568
    assert record["z"] == [0.5, -1.25]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"kind":"sent","at":1,"beat":2,"event":"on","voice":"P9","note":60}', "P9"),
        (b'{"kind":"sent","at":1,"beat":2,"event":"off","voice":"P1","note":600}', "note 600"),
        (b'{"kind":"sent","at":1,"beat":"2","event":"off","voice":"P1","note":60}', "beat"),
        (b'{"kind":"turned","at":1,"knob":"density"}', "value is missing"),
        (b'{"kind":"turned","at":NaN,"knob":"density","value":null}', "NaN"),
        (b'{"kind":"sung","at":1}', "sung"),
        (b'{"kind":[],"at":1}', "kind"),
        (b"[1]", "not an object"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        line_to_entry(line)


def test_what_is_not_finite_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        entry_to_line(Turned(0.0, "density", float("nan")))


def test_the_version_in_the_file_is_the_journals() -> None:
    opened = Opened(0.0, "", 120.0, "4/4", 4.0, 48000, 7, "", "", "", {}, {})
    assert json.loads(entry_to_line(opened))["version"] == VERSION


def test_every_input_has_a_name_in_the_log() -> None:
    assert set(INPUTS.values()) == set(get_args(Input))
    assert len(set(INPUTS.values())) == len(INPUTS)
