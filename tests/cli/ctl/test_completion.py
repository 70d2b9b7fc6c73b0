"""Tab in a shell: bash, zsh and fish, each with the script that we print for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nesvae_live.cli.ctl.prompt import SHELLS, snapshot_names
from nesvae_live.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shells of Unix")

BASH = """
source <(nesvae-live completion bash)
for line in "$@"; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=($line) COMPREPLY=()
    _python_argcomplete nesvae-live
    echo "${COMPREPLY[*]}"
done
"""
FISH = """
nesvae-live completion fish | source
for line in $argv; complete --do-complete "$line" | cut -f1 | string join ' '; end; true
"""
LINES = {
    "nesvae-live dem": ["demo"],
    "nesvae-live play --preset korg": ["korg-nanokontrol2"],
    "nesvae-live ctl set dens": ["density"],
    "nesvae-live jam show 2026-11-27_1": ["2026-11-27_12-00-00"],
    "nesvae-live completion z": ["zsh"],
}


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that knows `nesvae-live`, and has a take."""
    program = tmp_path / "bin" / "nesvae-live"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nesvae_live "$@"\n')
    program.chmod(0o755)
    take = tmp_path / "Music" / "nesvae_live" / "2026-11-27_12-00-00"
    take.mkdir(parents=True)
    (take / "take.jsonl").write_text("")
    return {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_MUSIC_DIR": str(tmp_path / "Music"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_tab_completes_commands_options_and_names_of_what_is_there(
    shell: str, program: dict[str, str]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    words = {"bash": ["--norc", "-c", BASH, "bash"], "fish": ["--no-config", "-c", FISH]}[shell]
    done = subprocess.run(
        [shell, *words, *LINES],
        env=program,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = [line.split() for line in done.stdout.splitlines()]
    assert answers == list(LINES.values()), done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_own_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    told = {"bash": "complete -o", "zsh": "compdef", "fish": "complete --command nesvae-live"}
    assert told[shell] in script
    assert "nesvae-live" in script


def test_another_shell_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["completion", "tcsh"])
    assert "one of bash, zsh, fish" in capsys.readouterr().err


def test_where_nothing_plays_there_are_no_names_and_no_error(tmp_path: Path) -> None:
    assert snapshot_names(tmp_path / "nothing") == []
