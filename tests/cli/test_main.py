"""The command line as a whole: every command and every verb explains itself."""

from __future__ import annotations

import re

import pytest

from nesvae_live.cli.main import main

VERB = re.compile(r"^    (?P<name>[a-z]+)(?:  .*|$)", re.MULTILINE)
"""A command in a help text: a line of its own, indented by four."""


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main([*words, "--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_every_command_and_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    waiting: list[tuple[str, ...]] = [()]
    seen = []
    while waiting:
        words = waiting.pop()
        seen.append(" ".join(words))
        text = help_of(capsys, *words)
        assert text.startswith(f"usage: {' '.join(('nesvae-live', *words))} [-h]")
        if re.search(r"^  (COMMAND|VERB|WHAT)$", text, re.MULTILINE):
            below = [(*words, found["name"]) for found in VERB.finditer(text)]
            assert below, words
            waiting += below
    assert {"play", "ctl morph", "jam export", "bench timing", "presets check"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_wrong_number_is_one_line_that_names_the_option_and_the_range(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["play", "--tempo", "fast"])
    assert caught.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("argument --tempo: 'fast' is not a tempo: 20 to 400 BPM")


def test_what_a_take_can_be_exported_to_is_said_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["jam", "export", "--to", "mid,mp3"])
    assert caught.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    kinds = "mid,wav,stems,vgm,nsf,nes,ftm,ftmtxt,famistudio,exprsco,png,dawproject,rpp,ardour"
    assert said.endswith(f"'mp3' is none of {kinds}")
