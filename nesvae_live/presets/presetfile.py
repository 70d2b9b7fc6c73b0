"""The file of a preset, changed when a control is learnt; all else in it stays, comments too."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.layout import Layout
from nesvae_live.control.learn import Learnt, MidiLearn, full_label
from nesvae_live.paths import ConfigError, replacing, shipped_dir, user_presets_dir
from nesvae_live.presets.controltables import SECTIONS, control_to_table, parse_layout
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.snapshotbank import SUFFIX

SECTION_OF = {target: section for section, targets in SECTIONS for target in targets}


def write_preset_for(bank: Path) -> Path | None:
    """Write the preset that has a bank of snapshots, with the default controls.

    Returns:
        Its file; None if there is one already, or the bank's name is none of a preset's.

    Raises:
        ConfigError: it can't be written.
    """
    if not bank.name.endswith(SUFFIX):
        return None
    path = bank.with_name(bank.name.removesuffix(SUFFIX) + ".toml")
    if path.exists():
        return None
    try:
        document = tomlkit.parse((shipped_dir("presets") / "default.toml").read_text("utf-8"))
        document["name"] = path.stem
        with replacing(path) as part:
            part.write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"preset {path}: {error.strerror}") from error
    return path


class PresetFile:
    """Where learnt controls are saved: the preset's own file; of a shipped one, the user's copy."""

    def __init__(self, preset: Preset) -> None:
        self._source = preset.path
        shipped = preset.path.resolve().is_relative_to(shipped_dir("presets").resolve())
        self.path = user_presets_dir() / preset.path.name if shipped else preset.path
        self._before: list[tuple[str | None, str]] = []  # the text before (None: no file) and after

    def save(self, learnt: Learnt) -> Path:
        """Save what was learnt, or undo the last save if it has no control; returns the file.

        Raises:
            ConfigError: the file can't be read or written, or somebody else changed it.
        """
        try:
            if learnt.control is None:
                self._undo()
            else:
                self._save(learnt)
        except OSError as error:
            raise ConfigError(f"preset {self.path}: {error.strerror}") from error
        except (UnicodeDecodeError, ValueError, TOMLKitError) as error:
            raise ConfigError(f"preset {self.path}: not saved: {error}") from error
        return self.path

    def remember(self, connections: Mapping[str, Sequence[str]]) -> Path:
        """Save the connections, by what they are for (see `Preset`); returns the file.

        Raises:
            ConfigError: the file can't be read or written.
        """
        kept = {role: list(names) for role, names in connections.items() if names}
        return self._change(lambda document: document.update({"connect": kept}))

    def set_play(self, values: Mapping[str, float]) -> Path:
        """Save values of `[play]`; returns the file.

        Raises:
            ConfigError: the file can't be read or written.
        """

        def change(document: tomlkit.TOMLDocument) -> None:
            document.setdefault("play", tomlkit.table()).update(values)

        return self._change(change)

    def _change(self, change: Callable[[tomlkit.TOMLDocument], None]) -> Path:
        try:
            document = tomlkit.parse(self._text()[1])
            change(document)
            self._write(tomlkit.dumps(document))
        except OSError as error:
            raise ConfigError(f"preset {self.path}: {error.strerror}") from error
        except (UnicodeDecodeError, TOMLKitError) as error:
            raise ConfigError(f"preset {self.path}: not saved: {error}") from error
        return self.path

    def _text(self) -> tuple[str | None, str]:
        """What the file holds, if it is there, and what it is to begin with."""
        before = self.path.read_text(encoding="utf-8") if self.path.exists() else None
        return before, self._source.read_text(encoding="utf-8") if before is None else before

    def _save(self, learnt: Learnt) -> None:
        before, text = self._text()
        after = changed(text, learnt.layout, (learnt.target, *learnt.lost))
        self._write(after)
        self._before.append((before, after))

    def _undo(self) -> None:
        if not self._before:
            raise ConfigError(f"preset {self.path}: there is nothing to undo")
        before, after = self._before.pop()
        if not self.path.exists() or self.path.read_text(encoding="utf-8") != after:
            raise ConfigError(
                f"preset {self.path} was changed by hand in the meantime: it stays as it is"
            )
        if before is None:
            self.path.unlink()
        else:
            self._write(before)

    def _write(self, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as part:
            part.write_text(text, encoding="utf-8")


class Saver:
    """Saves what `midi_learn` learnt; `say` takes a line for a person about each."""

    def __init__(self, midi_learn: MidiLearn, preset: Preset, say: Callable[[str], None]) -> None:
        self._midi_learn = midi_learn
        self._file = PresetFile(preset)
        self._say = say

    def poll(self) -> None:
        """Save what is new; to be called from one thread, which may wait for the disk."""
        while True:
            try:
                learnt = self._midi_learn.learnt.get_nowait()
            except Empty:
                return
            what = f"{learnt.target} is as it was"
            if learnt.control is not None:
                what = f"{learnt.target} is {full_label(learnt.control)}"
            try:
                path = self._file.save(learnt)
            except ConfigError as error:
                self._midi_learn.saved = (learnt.number, "", str(error))
                self._say(f"{what}; {error}")
            else:
                self._midi_learn.saved = (learnt.number, str(path), "")
                self._say(f"{what}; saved: {path}")


def changed(text: str, layout: Layout, targets: Iterable[str]) -> str:
    """A preset's text, changed so that `targets` have the controls that they have in `layout`.

    Raises:
        ValueError: it is no preset, before or after.
    """
    document = tomlkit.parse(text)
    before = parse_layout(document.unwrap())
    changes: list[tuple[MutableMapping[str, Any], Sequence[ControlSpec], Sequence[ControlSpec]]] = [
        (document, before.controls, layout.controls)
    ]
    changes += [
        (table, old.controls, new.controls)
        for table, old, new in zip(
            document.get("pages", []), before.pages, layout.pages, strict=True
        )
    ]
    for table, old, new in changes:
        for target in targets:
            was, now = ([c for c in controls if c.target == target] for controls in (old, new))
            if was != now:
                _put(table, target, [control_to_table(c, layout.defaults) for c in now])
    after = tomlkit.dumps(document)
    parse_layout(tomllib.loads(after))
    return after


def _put(table: MutableMapping[str, Any], target: str, controls: Sequence[dict[str, Any]]) -> None:
    """Set the controls of a target, in its section; the comment behind them stays."""
    section = SECTION_OF[target]
    if section not in table:
        table[section] = tomlkit.table()
    if not controls:
        del table[section][target]
        return
    lines = []
    for control in controls:
        line = tomlkit.inline_table()
        line.update(control)
        lines.append(line)
    if len(lines) > 1:
        array = tomlkit.array()
        array.extend(lines)
        table[section][target] = array
    else:
        table[section][target] = lines[0]
