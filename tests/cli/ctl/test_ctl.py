"""The verbs of `ctl`: the table has all that the release had, and what each that came since sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nesvae_live.cli.ctl.ctl import stored
from nesvae_live.cli.ctl.verbs import VERBS
from nesvae_live.cli.main import main
from nesvae_live.io.remote import client
from tests.support.ctl import sent_by_ctl
from tests.support.places import RELEASE

SINCE: dict[str, dict[str, Any]] = {
    "one": {"do": "one"},
    "quote 0.8": {"do": "quote", "quote": 0.8},
    "steady density Register": {"do": "steady", "names": ["density", "register"]},
    "steady none": {"do": "steady", "names": []},
    "voice p1 held": {"do": "voice", "voice": "P1", "source": "held"},
    "voice P2 file": {"do": "voice", "voice": "P2", "source": "file"},
    "keys-return never": {"do": "keys-return", "beats": None},
    "keys-split 48": {"do": "keys-split", "note": 48},
    "answer played": {"do": "answer", "answer": "played"},
    "answer 2": {"do": "answer", "answer": "2"},
    "chords 4": {"do": "chords", "channel": 4},
    "chords off": {"do": "chords", "channel": None},
    "voice TR model": {"do": "voice", "voice": "TR", "source": "model"},
    "theme A": {"do": "theme", "theme": "A"},
    "return H": {"do": "return", "theme": "H"},
    "forget": {"do": "forget"},
    "mute p1": {"do": "mute", "voice": "P1", "on": True},
    "level p1 -6dB": {"do": "level", "voice": "P1", "level": -6.0},
    "level ALL -.5": {"do": "level", "voice": "all", "level": -0.5},
    "tempo 140bpm": {"do": "tempo", "tempo": 140.0},
    "transpose tr -5": {"do": "transpose", "voice": "TR", "semitones": -5},
    "store chorus": {"do": "store", "slot": "chorus"},
    "store 3 chorus": {"do": "store", "slot": 3, "name": "chorus"},
    "recall chorus": {"do": "recall", "slot": "chorus"},
    "morph chorus 2": {"do": "morph", "slot": "chorus", "bars": 2.0},
    "between 1 chorus": {"do": "between", "low": 1, "high": "chorus"},
    "theme b": {"do": "theme", "theme": "B"},
    "style mine:.5": {"do": "choose", "what": "style", "name": "mine:.5"},
}
"""Lines with the verbs that 0.1.0 did not have."""
WITH_FILES = {"adopt"}
"""What needs files, and is tried with them in tests/app/yours."""


def test_every_verb_is_tried() -> None:
    lines = (RELEASE / "ctl.jsonl").read_text(encoding="utf-8").splitlines()
    tried = [json.loads(line)["ctl"] for line in lines] + list(SINCE)
    printed = {"snapshots"} | WITH_FILES  # the first is tried in `tests/whole/test_snapshots.py`
    assert {line.split()[0] for line in tried} | printed == {spec.name for spec in VERBS}


@pytest.mark.parametrize("line", SINCE)
def test_a_verb_sends_its_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent_by_ctl(line, monkeypatch) == SINCE[line]


@pytest.mark.parametrize("verb", ["hold", "auto", "round"])
@pytest.mark.parametrize("was", [False, True])
def test_a_switch_without_on_or_off_is_turned_over(
    verb: str, was: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def send_command(command: dict[str, Any], _place: object) -> dict[str, Any]:
        sent.append(command)
        return {"ok": True, verb: was}

    monkeypatch.setattr(client, "send_command", send_command)
    assert main(["ctl", verb]) == 0
    asked, done = sent
    assert asked == {"do": "status"}
    assert (done["do"], done["on"]) == (verb, not was)


def test_a_snapshot_that_is_stored_over_another_says_so() -> None:
    assert stored({"slot": 2, "name": ""}) == ""
    assert stored({"slot": 2, "name": "chorus"}) == "snapshot 2 is 'chorus' now"
    over = stored({"slot": 2, "name": "chorus", "replaced": True})
    assert over == "snapshot 2 is 'chorus' now, in place of what was stored there"
    assert "how it stands now, in place" in stored({"slot": 2, "name": "", "replaced": True})
