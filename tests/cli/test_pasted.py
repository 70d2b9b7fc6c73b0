"""Every command that README and docs print can be pasted: the command line takes it."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from nesvae_live.cli.main import parser
from tests.support.places import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "evaluation").glob("*.md")),
    *sorted((ROOT / "checkpoints").glob("*.md")),
]
PROGRAM = "nesvae-live"
GRAMMAR = re.compile(r"[|…]|\.\.|\[[^\]]*\]")
"""What says how a command is written; it is not one."""


def commands(page: Path) -> list[list[str]]:
    """The words after `nesvae-live` of each command on a page."""
    found, text = [], page.read_text(encoding="utf-8").replace("\\\n", " ")
    indented = re.findall(r"^ {4}(?:\S*/)?" + PROGRAM + r" +(.*)$", text, re.MULTILINE)
    inline = re.findall(r"`(?:\S*/)?" + PROGRAM + r"\s+([^`]+)`", text)
    for line in [*indented, *inline]:
        if not GRAMMAR.search(line):
            words = shlex.split(line, comments=True)
            found.append(words[: words.index("&&")] if "&&" in words else words)
    return found


def complaint(words: list[str]) -> str:
    """What the parser has against a command, or against the name of one; nothing: it takes it."""
    if all(re.fullmatch("[a-z]+", word) for word in words):
        words = [*words, "--help"]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parser().parse_args(words)
        except SystemExit as ended:
            return said.getvalue() if ended.code else ""
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_command_line_takes_what_a_page_prints(page: Path) -> None:
    wrong = {" ".join(words): why for words in commands(page) if (why := complaint(words))}
    assert not wrong


def test_commands_are_found() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 50
    assert complaint(["play", "--quantize", "16"])
    assert complaint(["ctl", "swpa"])
