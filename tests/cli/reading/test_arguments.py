"""Numbers on the command line, and parsers that fill themselves when their command is given."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from nesvae_live.cli.reading.arguments import number, span
from nesvae_live.cli.reading.parser import CommandParser
from nesvae_live.music.ranges import SEEDS, SHARE, TEMPO, TRANSPOSE


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (number("a tempo", TEMPO), "20", 20.0),
        (number("a tempo", TEMPO), "1.335e2", 133.5),
        (number("a transposition", TRANSPOSE, whole=True), "-24", -24),
        (number("a seed", SEEDS, whole=True, word="next"), str(2**31 - 1), 2**31 - 1),
        (number("a seed", SEEDS, whole=True, word="next"), "next", None),
    ],
)
def test_a_number_in_its_range_is_taken_ends_included(convert: Any, text: str, value: Any) -> None:
    assert convert(text) == value
    assert type(convert(text)) is type(value)


@pytest.mark.parametrize("text", ["x", "", "19.99", "400.01", "nan", "inf", "-inf", "next"])
def test_another_number_is_refused_in_a_line_that_names_it_and_the_range(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        number("a tempo", TEMPO)(text)
    assert str(caught.value) == f"{text!r} is not a tempo: it must be 20 to 400 BPM"


@pytest.mark.parametrize("text", ["1.5", "-1", str(2**31), "9" * 400, "9" * 9000])
def test_a_whole_number_is_whole_and_of_any_length(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        number("a seed", SEEDS, whole=True, word="next")(text)
    assert str(caught.value) == (
        f"{text!r} is not a seed: it must be a whole number from 0 to 2147483647, or next"
    )


def test_a_range_is_shown_with_its_ends() -> None:
    assert (span(TEMPO), span(SHARE), span(TRANSPOSE)) == ("20..400", "0..1", "-24..24")


def test_a_command_is_filled_once_and_only_when_it_is_given() -> None:
    filled = []

    def fill(p: argparse.ArgumentParser) -> None:
        filled.append(p.prog.split()[-1])
        p.add_argument("--tempo", type=number("a tempo", TEMPO))

    top = argparse.ArgumentParser("top")
    commands = top.add_subparsers(dest="command", parser_class=CommandParser)
    for name in ("one", "other"):
        commands.add_parser(name, fill=fill)
    assert filled == []
    for _ in range(2):
        assert vars(top.parse_args(["one", "--tempo", "90"])) == {"command": "one", "tempo": 90.0}
    assert filled == ["one"]
