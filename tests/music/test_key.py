"""Musical keys, and what an arrangement does to notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.key import ROOTS, SCALES, Key
from nesvae_live.music.voices import VOICES, Voice

KEYS = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(SCALES)))


@given(KEYS, st.integers(0, 127))
def test_the_nearest_note_is_in_the_key_and_none_is_nearer(key: Key, note: int) -> None:
    found = key.nearest(note)
    in_key = [n for n in range(-12, 140) if (n - key.root) % 12 in SCALES[key.scale]]
    assert found in in_key
    assert abs(found - note) == min(abs(n - note) for n in in_key)
    assert key.nearest(found) == found


@given(KEYS)
def test_a_key_is_read_as_it_is_written(key: Key) -> None:
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Eb", Key(3)),
        ("d# MINOR", Key(3, "minor")),
        ("f-dorian", Key(5, "dorian")),
        ("Cb", Key(11)),
    ],
)
def test_other_spellings_are_read_too(text: str, key: Key) -> None:
    assert Key.parse(text) == key


@pytest.mark.parametrize("text", ["", "H major", "C#b", "A sharp", "minor"])
def test_what_is_no_key_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"one of .*"):
        Key.parse(text)


def test_of_two_as_near_the_lower_note_is_taken() -> None:
    assert [Key.parse("C").nearest(note) for note in range(60, 73)] == [
        *(60, 60, 62, 62, 64, 65, 65, 67, 67, 69, 69, 71, 72)
    ]
    assert len(ROOTS) == 12


@given(
    st.tuples(st.integers(-24, 24), st.integers(-24, 24), st.integers(-24, 24)),
    st.none() | KEYS,
    st.tuples(*(st.just(0) | st.integers(s.lowest, s.highest) for s in VOICES)),
)
def test_what_is_arranged_stays_in_range_and_in_key_and_silence_stays_silent(
    transpose: tuple[int, int, int], key: Key | None, notes: tuple[int, int, int]
) -> None:
    out = Arrangement(transpose=transpose, key=key).notes(notes)
    for spec, was, now, by in zip(VOICES, notes, out, transpose, strict=True):
        assert (was == 0) == (now == 0)
        if now:
            assert spec.lowest <= now <= spec.highest
            assert (now - was - by) % 12 == 0 if key is None else key.nearest(now) == now


def test_the_drums_cannot_be_transposed() -> None:
    with pytest.raises(ValueError, match="NO has no notes"):
        Arrangement().with_transpose(Voice.NO, 1)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Dm", "D minor"),
        ("dm", "D minor"),
        ("F#m", "F# minor"),
        ("Bbmin", "Bb minor"),
        ("Ebmaj", "Eb major"),
        ("CM", "C major"),
        ("d-minor", "D minor"),
    ],
)
def test_a_key_may_be_written_as_musicians_do(short: str, long: str) -> None:
    assert str(Key.parse(short)) == long
