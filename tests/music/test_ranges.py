"""Ranges: one table of what a performer may set."""

from __future__ import annotations

import math

import pytest

from nesvae_live.music.ranges import LEVEL, SEEDS, SNAPSHOTS, TEMPERATURE, TEMPO, Range


@pytest.mark.parametrize("value", [20.0, 120.0, 400.0])
def test_both_ends_belong_to_a_range(value: float) -> None:
    assert TEMPO.check("tempo", value) == value


@pytest.mark.parametrize("value", [19.99, 400.01, math.nan, math.inf])
def test_what_lies_outside_is_named_with_the_range(value: float) -> None:
    with pytest.raises(ValueError, match=r"^tempo (19\.99|400\.01|nan|inf): 20 to 400 BPM$"):
        TEMPO.check("tempo", value)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (LEVEL, "-90 to 12 dB"),
        (TEMPERATURE, "0.05 to 4"),
        (SNAPSHOTS, "1 to 64"),
        (SEEDS, "0 to 2147483647"),
    ],
)
def test_a_range_reads_as_a_message_says_it(limits: Range, text: str) -> None:
    assert str(limits) == text


def test_the_whole_numbers_of_a_range_include_both_ends() -> None:
    assert list(Range(0.25, 3.0).whole) == [1, 2, 3]
    assert len(SEEDS.whole) == 2**31
