"""The codec: steps <-> tuples <-> symbols <-> tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nesvae_live.music.phrase import (
    LONGEST_HOLD,
    SLOT_TABLE,
    TUPLES_PER_PHRASE,
    VOCABULARY,
    Phrase,
    steps_to_tuples,
    symbols_to_tuples,
    tokens_to_tuples,
    tuples_to_phrase,
    tuples_to_phrases,
    tuples_to_steps,
    tuples_to_symbols,
    tuples_to_tokens,
)
from nesvae_live.music.voices import VOICES

NOTES = [st.just(0) | st.integers(v.lowest, v.highest) for v in VOICES]
STEPS = st.lists(st.tuples(*NOTES), max_size=60)
HELD = st.lists(st.tuples(st.tuples(*NOTES), st.integers(1, 100)), max_size=20)
TUPLES = st.lists(st.tuples(*NOTES, st.integers(1, LONGEST_HOLD)), min_size=1, max_size=40)


def as_steps(rows: Sequence[tuple[int, ...]]) -> NDArray[np.uint8]:
    return np.array(rows, np.uint8).reshape(-1, 3)


@given(STEPS)
def test_steps_come_back_from_tuples(rows: list[tuple[int, ...]]) -> None:
    steps = as_steps(rows)
    assert np.array_equal(tuples_to_steps(steps_to_tuples(steps)), steps)


@given(HELD)
def test_long_holds_are_split_and_come_back(runs: list[tuple[tuple[int, int, int], int]]) -> None:
    steps = as_steps([notes for notes, held in runs for _ in range(held)])
    tuples = steps_to_tuples(steps)
    assert np.array_equal(tuples_to_steps(tuples), steps)
    assert (tuples[:, 3] <= LONGEST_HOLD).all()
    same = (tuples[1:, :3] == tuples[:-1, :3]).all(1)
    assert (tuples[:-1, 3][same] == LONGEST_HOLD).all(), "only a full hold goes on in the next"


@given(TUPLES)
def test_tuples_come_back_from_tokens_and_symbols(rows: list[tuple[int, ...]]) -> None:
    tuples = np.array(rows)
    tokens = tuples_to_tokens(tuples)
    assert np.array_equal(tokens_to_tuples(tokens), tuples)
    assert np.array_equal(symbols_to_tuples(tuples_to_symbols(tuples)), tuples)
    assert tokens.min() >= 0
    assert tokens.max() < VOCABULARY


def test_the_vocabulary_is_the_posts_275_without_a_gap() -> None:
    assert VOCABULARY == 275
    ends = [slot.token_base + slot.n_symbols for slot in SLOT_TABLE]
    assert [slot.token_base for slot in SLOT_TABLE] == [0, 77, 154, 243]
    assert ends == [77, 154, 243, 275]


def test_a_tuple_is_spelt_as_the_table_says() -> None:
    assert tuples_to_tokens(np.array([[60, 0, 21, 2]])).tolist() == [28, 77, 155, 244]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ([0, 77, 154], "3 tokens do not make whole tuples"),
        ([0, 77, 154, 243, 77, 77, 154, 243], "token 4 is 77: a P1 token is 0 to 76"),
        ([0, 76, 154, 243], "token 1 is 76: a P2 token is 77 to 153"),
        ([0, 77, 243, 243], "token 2 is 243: a TR token is 154 to 242"),
        ([0, 77, 154, 275], "token 3 is 275: a duration token is 243 to 274"),
        ([-1, 77, 154, 243], "token 0 is -1"),
    ],
)
def test_bad_tokens_are_named_by_position(tokens: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tokens_to_tuples(np.array(tokens))


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([[60, 60, 60], [32, 0, 0]], "step 1: P1 has note 32"),
        ([[0, 109, 0]], "step 0: P2 has note 109"),
        ([[0, 0, 20]], "step 0: TR has note 20"),
    ],
)
def test_a_note_that_a_voice_lacks_is_named_by_step_and_voice(
    steps: list[list[int]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        steps_to_tuples(np.array(steps))


def test_a_hold_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match="tuple 1 is held for 33 steps"):
        tuples_to_tokens(np.array([[0, 0, 0, 1], [0, 0, 0, 33]]))


def test_steps_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \[n, 3\]"):
        steps_to_tuples(np.zeros((4, 4), np.uint8))


def test_no_steps_are_no_tuples() -> None:
    assert steps_to_tuples(np.zeros((0, 3), np.uint8)).shape == (0, 4)


def test_a_song_is_cut_into_phrases_with_a_short_last_one() -> None:
    tuples = np.tile([60, 0, 40, 3], (30, 1))
    phrases, counts = tuples_to_phrases(tuples)
    assert phrases.shape == (3, TUPLES_PER_PHRASE, 4)
    assert counts.tolist() == [13, 13, 4]
    assert (phrases[2, 4:] == 0).all()


def test_a_phrase_knows_its_length_and_its_tokens() -> None:
    tuples = np.tile([60, 0, 40, 3], (TUPLES_PER_PHRASE, 1))
    phrase = tuples_to_phrase(tuples)
    assert phrase == Phrase(((60, 0, 40, 3),) * 13)
    assert phrase.steps == 39
    assert phrase.tokens == tuple(tuples_to_tokens(tuples))
    with pytest.raises(ValueError, match=r"a phrase is \[13, 4\]"):
        tuples_to_phrase(tuples[:5])
