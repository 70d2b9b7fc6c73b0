"""The verbs of `ctl`: the table has all that the release had, and what each that came since sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nesvae_live.cli.ctl import VERBS
from tests.support.ctl import sent_by_ctl
from tests.support.places import RELEASE

SINCE: dict[str, dict[str, Any]] = {
    "one": {"do": "one"},
    "quote 0.8": {"do": "quote", "quote": 0.8},
    "theme A": {"do": "theme", "theme": "A"},
    "return H": {"do": "return", "theme": "H"},
    "forget": {"do": "forget"},
}
"""Lines with the verbs that 0.1.0 did not have."""


def test_every_verb_is_tried() -> None:
    lines = (RELEASE / "ctl.jsonl").read_text(encoding="utf-8").splitlines()
    tried = [json.loads(line)["ctl"] for line in lines] + list(SINCE)
    assert {line.split()[0] for line in tried} == {spec.name for spec in VERBS}


@pytest.mark.parametrize("line", SINCE)
def test_a_verb_sends_its_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent_by_ctl(line, monkeypatch) == SINCE[line]
