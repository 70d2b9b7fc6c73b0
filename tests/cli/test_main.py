"""The command line as a whole: every command and every verb explains itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nesvae_live.cli.main import main
from nesvae_live.take.export.export import EXPORT_KINDS

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
    (said,) = capsys.readouterr().err.splitlines()
    assert "argument --tempo: 'fast' is not a tempo: it must be 20 to 400 BPM" in said


def test_what_a_take_can_be_exported_to_is_said_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["jam", "export", "--to", "mid,mp3"])
    assert caught.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert f"'mp3' is none of {','.join(EXPORT_KINDS)}" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plya", "nesvae-live: there is no 'plya', did you mean 'play'?"),
        ("jam lst", "nesvae-live jam: there is no 'lst', did you mean 'list'?"),
        ("ctl recal 1", "nesvae-live ctl: there is no 'recal', did you mean 'recall'?"),
        ("play --tmpo 3", "nesvae-live play: there is no --tmpo, did you mean '--tempo'?"),
        ("play --midi-n 3", "nesvae-live play: there is no --midi-n, did you mean '--midi-in'?"),
        ("demo --midi-in 3", "nesvae-live demo: there is no --midi-in (see"),
        ("play --clock midy", "--clock: there is no 'midy', did you mean 'midi'?"),
        ("", "no command given: `nesvae-live play` plays"),
        ("ctl level P1", "nesvae-live ctl level: it needs DB"),
        ("play --block-frames 7", "'7' is not a block size: it must be a whole number from 16"),
        ("jam show --bars 5-2", "'5-2': the first bar comes after the last; 2-5?"),
    ],
)
def test_a_wrong_line_gets_one_line_that_says_what_was_meant(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(line.split())
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (only,) = printed.err.splitlines()
    assert said in only


def run(shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell, in which $N is the program."""
    program = f"{sys.executable} -m nesvae_live"
    return subprocess.run(
        ["bash", "-c", shell],
        env={**os.environ, "N": program, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_pipe_that_is_closed_and_a_full_disk_are_no_traceback() -> None:
    piped = run("$N presets list | head -1; exit ${PIPESTATUS[0]}")
    assert piped.stderr == ""
    assert piped.stdout.count("\n") == 1
    closed = run("$N play --help | head -1; exit ${PIPESTATUS[0]}")
    assert closed.stderr == ""
    for command in ("presets list", "--help", "play --help", "--version"):
        if not Path("/dev/full").exists():
            continue
        full = run(f"$N {command} > /dev/full")
        assert full.returncode == 1
        assert full.stderr.count("\n") == 1
        assert "the output can't be written" in full.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_output_that_is_not_utf_8_gets_what_it_has(encoding: str, tmp_path: Path) -> None:
    jams = tmp_path / "Łukasz 🎹"
    jams.mkdir()
    done = run(f"$N jam list --jams '{jams}'", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "no takes in" in done.stderr


def test_presets_show_without_a_name_says_which_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["presets", "show"]) == 0
    said = capsys.readouterr().out
    assert "eight-knobs" in said
    assert "presets show NAME" in said
