"""`nesvae-live learn` as a conversation, with an instrument on simulated time at the other end."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from nesvae_live.app.learnsession import LearnSession
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.remote.commands import parse_command
from nesvae_live.presets.preset import read_preset
from nesvae_live.presets.presetfile import Saver
from tests.support.rig import Rig


class Talk:
    """A session, what a person types and turns, and what is said to them."""

    def __init__(self, path: Path, *typed: str) -> None:
        path.write_text("[knobs]\nfocus = { cc = 21 }\n", encoding="utf-8")
        preset = read_preset(path)
        self.path = path
        self.rig = Rig()
        dispatcher = self.rig.sequencer.dispatcher
        dispatcher.surface.rearrange(preset.layout)
        self.saver = Saver(dispatcher.midi_learn, preset, lambda line: None)
        self.turns: list[Sequence[tuple[int, ...]]] = []
        self.commands: list[Mapping[str, Any]] = []
        self.out = io.StringIO()
        self.lines: SimpleQueue[str | None] = SimpleQueue()
        for line in (*typed, *([None] if typed else [])):
            self.lines.put(line)
        self.session = LearnSession(self._send, self.out, self.lines)

    def _send(self, command: Mapping[str, Any]) -> dict[str, Any]:
        self.commands.append(command)
        answers: list[Mapping[str, Any]] = []
        line = json.dumps(command).encode()
        self.rig.inbox.put(parse_command(line, self.rig.time.value, answers.append))
        self.rig.play(0.05)
        self.saver.poll()
        if command["do"] == "learn" and command["target"] and self.turns:
            for message in self.turns.pop(0):
                self.rig.inbox.put(MidiIn("keys", message, self.rig.time.value))
            self.rig.play(0.05)
        return dict(answers[0])

    @property
    def said(self) -> str:
        return self.out.getvalue()


def cc(number: int, *values: int) -> list[tuple[int, ...]]:
    return [(0xB0, number, value) for value in values]


def test_a_target_is_named_a_control_moved_and_it_says_what_it_heard_and_where_it_is(
    tmp_path: Path,
) -> None:
    talk = Talk(tmp_path / "mine.toml")
    talk.turns = [cc(21, 1, 30, 60)]
    assert talk.session.learn(["density"])
    lines = talk.said.splitlines()
    assert lines[0] == "density (more notes a second): move its control"
    assert "  CC 21, channel 1: 1, 30, 60" in lines
    assert "density is CC 21, channel 1: a knob, fader or wheel" in talk.said
    assert "focus no longer has it" in talk.said
    assert lines[-1] == f"  saved: {talk.path}"


def test_several_are_learnt_one_after_the_other_and_undone(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "mine.toml")
    talk.turns = [cc(22, 1, 30, 60), cc(23, 1, 30, 60)]
    assert talk.session.learn(["density", "motion"])
    for line in ("undo\n", "undo\n", "undo\n", "quit\n"):
        talk.lines.put(line)
    talk.session.converse()
    assert "undone: motion is as it was" in talk.said
    assert "undone: density is as it was" in talk.said
    assert "there is nothing to undo" in talk.said
    assert talk.path.read_text(encoding="utf-8") == "[knobs]\nfocus = { cc = 21 }\n"


def test_enter_leaves_a_target_as_it_is_and_nothing_is_listened_for_any_more(
    tmp_path: Path,
) -> None:
    talk = Talk(tmp_path / "mine.toml", "density\n", "\n")
    talk.session.converse()
    assert "density: left as it is" in talk.said
    assert talk.commands[-1] == {"do": "learn", "target": None}
    assert not talk.rig.sequencer.dispatcher.midi_learn.listens


def test_a_name_that_is_none_is_told_with_the_nearest(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "mine.toml")
    assert not talk.session.learn(["densty"])
    assert "did you mean 'density'?" in talk.said
    assert talk.commands == []


@pytest.mark.parametrize("line", ["list\n", "help\n", "?\n", "\n"])
def test_what_is_asked_for_help_changes_nothing(tmp_path: Path, line: str) -> None:
    talk = Talk(tmp_path / "mine.toml", line)
    talk.session.converse()
    assert talk.commands == []
    assert ("mute-P1" in talk.said) == (line == "list\n")


def test_where_nothing_arrives_it_says_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nesvae_live.app.learnsession.QUIET_SECONDS", 0.0)
    for inputs, says in ((["WeirdBox:1"], "are there: 'WeirdBox:1'"), ([], "is it plugged in?")):
        talk = Talk(tmp_path / "mine.toml", "density", "\n", "quit")
        talk.session = LearnSession(
            talk._send,
            talk.out,
            talk.lines,
            lambda _, there=inputs: there,  # type: ignore[misc]
        )
        talk.session.converse()
        assert "nothing arrives" in talk.said
        assert says in talk.said


def test_what_was_not_saved_is_said(tmp_path: Path) -> None:
    talk = Talk(tmp_path / "mine.toml")
    talk.turns = [cc(22, 1, 30, 60)]
    talk.path.write_text("[knobs\n", encoding="utf-8")
    assert not talk.session.learn(["density"])
    assert "not saved" in talk.said
