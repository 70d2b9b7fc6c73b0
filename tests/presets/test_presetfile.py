"""What is learnt is saved: in the right file, with everything else as it was, and undone exactly."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.learn import MidiLearn
from nesvae_live.paths import ConfigError
from nesvae_live.presets import preset as config
from nesvae_live.presets import presetfile
from nesvae_live.presets.preset import load_preset, read_preset
from nesvae_live.presets.presetfile import PresetFile, Saver

MINE = """# My own, with a comment
name = "mine"

[defaults]
takeover = "pickup"

[knobs]
density = { cc = 20 }  # more notes
focus = [{ cc = 1 }, { cc = 2, curve = "s" }]

[[pages]]
name = "style"  # a page
[pages.knobs]
style1 = { cc = 30 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "presets"
    for module in (config, presetfile):
        monkeypatch.setattr(module, "user_presets_dir", lambda: folder)
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


class Session:
    """A preset, a learner, and what was said of what it saved."""

    def __init__(self, preset: config.Preset) -> None:
        self.midi_learn = MidiLearn(preset.surface())
        self.said: list[str] = []
        self.saver = Saver(self.midi_learn, preset, self.said.append)

    def learn(self, target: str, number: int, channel: int = 0) -> None:
        self.midi_learn.begin(target)
        for value in (1, 30, 60):
            self.midi_learn.receive("keys", (0xB0 | channel, number, value), 0.0)
        self.midi_learn.tick(9.0)
        self.saver.poll()

    def undo(self) -> None:
        self.midi_learn.undo()
        self.saver.poll()


def difference(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_one_line_changes_and_the_comment_behind_it_stays(mine: Path) -> None:
    session = Session(read_preset(mine))
    session.learn("density", 21)
    assert difference(MINE, mine.read_text(encoding="utf-8")) == [
        "- density = { cc = 20 }  # more notes",
        "+ density = {cc = 21, channel = 1}  # more notes",
    ]
    assert session.said == [f"density is CC 21, channel 1; saved: {mine}"]


def test_what_was_learnt_is_what_is_read_again(mine: Path) -> None:
    session = Session(read_preset(mine))
    session.learn("motion", 2, channel=3)
    session.learn("style2", 30)
    layout = read_preset(mine).layout
    assert layout == session.midi_learn.surface.layout
    pickup = Takeover.PICKUP
    assert ControlSpec("focus", 1, takeover=pickup) in layout.controls, "the other one is left"
    assert layout.pages[0].controls == (
        ControlSpec("motion", 2, 3, takeover=pickup),
        ControlSpec("style2", 30, 0, takeover=pickup),
    )


def test_a_section_that_was_not_there_is_made(mine: Path) -> None:
    session = Session(read_preset(mine))
    session.midi_learn.begin("mute-P1")
    for value in (127, 0):
        session.midi_learn.receive("keys", (0xB0, 41, value), 0.0)
    session.midi_learn.tick(9.0)
    session.saver.poll()
    found = [c for page in read_preset(mine).layout.pages for c in page.controls]
    assert [c.target for c in found] == ["style1", "mute-P1"]


def test_a_shipped_preset_becomes_the_users_own_of_the_same_name(folder: Path) -> None:
    shipped = load_preset("default")
    session = Session(shipped)
    session.learn("density", 90)
    mine = folder / "default.toml"
    before = shipped.path.read_text(encoding="utf-8")
    changed = difference(before, mine.read_text(encoding="utf-8"))
    assert len([line for line in changed if line.startswith("+")]) == 1
    found = next(c for c in load_preset("default").layout.controls if c.target == "density")
    assert (found.number, found.channel) == (90, 0)


def test_undo_gives_back_the_very_file_or_none(folder: Path, mine: Path) -> None:
    session = Session(read_preset(mine))
    session.learn("density", 21)
    session.learn("motion", 22)
    session.undo()
    session.undo()
    assert mine.read_text(encoding="utf-8") == MINE
    shipped = Session(load_preset("default"))
    shipped.learn("density", 90)
    shipped.undo()
    assert not (folder / "default.toml").exists()


def test_a_file_that_somebody_else_has_changed_is_not_undone(mine: Path) -> None:
    session = Session(read_preset(mine))
    session.learn("density", 21)
    edited = mine.read_text(encoding="utf-8") + "# mine\n"
    mine.write_text(edited, encoding="utf-8")
    session.undo()
    assert mine.read_text(encoding="utf-8") == edited
    assert "changed by hand" in session.said[-1]
    assert "changed by hand" in session.midi_learn.figures()["learnt"]["error"]


def test_what_was_edited_meanwhile_stays_when_something_is_learnt(mine: Path) -> None:
    session = Session(read_preset(mine))
    edited = MINE.replace("My own", "Edited")
    mine.write_text(edited, encoding="utf-8")
    session.learn("density", 21)
    assert mine.read_text(encoding="utf-8").startswith("# Edited")


def test_a_write_that_fails_leaves_the_preset_as_it_was_and_nothing_else(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    session = Session(read_preset(mine))
    session.learn("density", 21)
    assert session.said == [f"density is CC 21, channel 1; preset {mine}: No space left on device"]
    assert mine.read_text(encoding="utf-8") == MINE
    assert list(mine.parent.iterdir()) == [mine]


def test_a_folder_that_cannot_be_written_is_said_and_learning_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(presetfile, "user_presets_dir", lambda: blocked / "presets")
    session = Session(load_preset("default"))
    session.learn("density", 90)
    assert len(session.said) == 1
    assert "density is CC 90" in session.said[0]
    assert "\n" not in session.said[0]
    assert session.midi_learn.figures()["learnt"]["error"]
    assert PresetFile(load_preset("default")).path == blocked / "presets" / "default.toml"


def test_connections_are_remembered_beside_everything_else(mine: Path) -> None:
    connections = {"controller": ("a2j:nano (capture): nano MIDI 1",), "never": ("a:1", "b:2")}
    assert PresetFile(read_preset(mine)).remember({**connections, "notes": ()}) == mine
    assert mine.read_text().startswith(MINE.rstrip())
    assert read_preset(mine).connections == connections
    again = {"controller": ("keys:out",)}
    PresetFile(read_preset(mine)).remember(again)
    assert read_preset(mine).connections == again


def test_a_shipped_presets_connections_are_remembered_in_the_users_copy(folder: Path) -> None:
    path = PresetFile(load_preset("default")).remember({"notes": ["synth:in"]})
    assert path == folder / "default.toml"
    assert load_preset("default").connections == {"notes": ("synth:in",)}


def test_offsets_are_kept_and_read_in_their_range(mine: Path) -> None:
    PresetFile(read_preset(mine)).set_play({"offset_midi": -2.5, "offset_audio": -30.125})
    play = read_preset(mine).play
    assert (play.offset_midi, play.offset_audio) == (-2.5, -30.125)
    mine.write_text("[play]\noffset_midi = 300\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"play.offset_midi: 300 is out of range"):
        read_preset(mine)
    mine.write_text("[play]\nclock_join = 'later'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'later' is none of wait, now, tap"):
        read_preset(mine)
