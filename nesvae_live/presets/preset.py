"""A preset: where it is found, and what its TOML may say.

It is parsed here, on its way in, into frozen values; whatever is wrong with it is one line that
names the file, the key and what is allowed. After that it is trusted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from nesvae_live.clock.joining import CLOCK_JOIN
from nesvae_live.clock.timing import CLOCK_LOST
from nesvae_live.control.layout import Layout
from nesvae_live.control.surface import Surface
from nesvae_live.latent.given import ANSWERS
from nesvae_live.music.dialect import DIALECTS, GENERAL
from nesvae_live.music.drums import DRUMS_BY
from nesvae_live.music.patch import Patch
from nesvae_live.music.ranges import OFFSET, QUOTES, TEMPERATURE, TEMPO, TOP_P, Range, nearest
from nesvae_live.music.voices import CHORD_CHANNELS, Voice
from nesvae_live.paths import ConfigError, shipped_dir, user_presets_dir
from nesvae_live.presets.controllers import Controller, parse_controller
from nesvae_live.presets.controltables import SECTIONS, parse_layout
from nesvae_live.presets.patchbank import (
    OFF,
    PERFORMER,
    SHAPED,
    PatchBank,
    check_performed,
    parse_choices,
)
from nesvae_live.presets.tomltable import check_keys, subtable, typed

DEFAULT_PRESET = "default"
BEGINS_WITH = {Voice.P1: "lead", Voice.P2: "comp"}
"""The patch whose vibrato a performed pulse has, if the preset names no other for it."""
PARTS = ("controller", "defaults", *(section for section, _ in SECTIONS), "pages")
"""The keys of a preset that are about its controls."""


@dataclass(frozen=True, slots=True)
class Play:
    """How a preset wants to be played; None leaves it to the command line and its defaults.

    `tempo` is in beats a minute, offsets are in milliseconds, `chords` is a MIDI channel, from 1; the ranges are in `PLAY_RANGES`, the
    words in `PLAY_WORDS`.
    """

    tempo: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    quote: float | None = None
    clock_lost: str | None = None
    clock_join: str | None = None
    drums: str | None = None
    answer: str | None = None
    chords: int | None = None
    offset_midi: float | None = None
    offset_audio: float | None = None


PLAY_RANGES: Mapping[str, Range] = {
    "tempo": TEMPO,
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "quote": QUOTES,
    "offset_midi": OFFSET,
    "offset_audio": OFFSET,
}
"""What the numbers of `[play]` may be."""

PLAY_WORDS: Mapping[str, tuple[str, ...]] = {
    "clock_lost": CLOCK_LOST,
    "clock_join": CLOCK_JOIN,
    "drums": DRUMS_BY,
    "answer": tuple(str(answer) for answer in ANSWERS),
}
"""What its words may be."""


NEVER = "never"
CONNECTIONS = ("controller", "clock", "notes", NEVER)
"""What ports of other programs are connected for; `NEVER` has those that are not to be."""


@dataclass(frozen=True, slots=True)
class Preset:
    """The controls with their targets, and how to start; `path` is the preset's file.

    `patches` are the names of the voices' patches in `bank`; `dialect` is the MIDI dialect.
    `connections` are names of other programs' ports, without the system's numbers, by what they are
    for, of `CONNECTIONS`.
    """

    name: str
    description: str
    layout: Layout
    muted: frozenset[Voice]
    play: Play
    path: Path
    bank: PatchBank = field(default_factory=lambda: PatchBank({}), compare=False, repr=False)
    patches: Mapping[Voice, str] = field(default_factory=dict)
    dialect: str = GENERAL
    controller: Controller | None = None
    connections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def surface(self) -> Surface:
        """A new control surface with this preset's controls."""
        return Surface(self.layout)

    @property
    def bank_path(self) -> Path:
        """The file of its snapshots: beside it, or for a shipped preset in the user's folder."""
        if self.path.parent == shipped_dir("presets"):
            return user_presets_dir() / f"{self.path.stem}.snapshots.json"
        return self.path.with_suffix(".snapshots.json")

    def voice_patches(self, choices: Iterable[str] = ()) -> dict[Voice, Patch]:
        """The voices' patches, overridden by `choices` of the command line (`P1=lead`, `off`).

        Raises:
            ConfigError: there is no such voice or patch.
        """
        names = self._names(choices)
        for voice in self.performed(choices):  # it begins from the preset's, and keeps its vibrato
            own = self.patches.get(voice, OFF)
            names[voice] = BEGINS_WITH[voice] if own == PERFORMER else own
        try:
            found = {voice: self.bank.find(name) for voice, name in names.items()}
        except ValueError as error:
            raise ConfigError(f"--patch: {error}") from error
        return {voice: patch for voice, patch in found.items() if patch is not None}

    def performed(self, choices: Iterable[str] = ()) -> frozenset[Voice]:
        """The voices that the performer plays.

        Raises:
            ConfigError: as `voice_patches`.
        """
        names = self._names(choices)
        return frozenset(voice for voice, name in names.items() if name == PERFORMER)

    def drums(self, choice: str | None = None) -> str:
        """Who drums: `learnt`, `rule`, or a drummer's file of the command line."""
        return choice or self.play.drums or DRUMS_BY[0]

    def _names(self, choices: Iterable[str]) -> dict[Voice, str]:
        try:
            return {**self.patches, **parse_choices(choices)}
        except ValueError as error:
            raise ConfigError(f"--patch: {error}") from error


def load_preset(name_or_path: str = DEFAULT_PRESET) -> Preset:
    """Read a preset.

    Args:
        name_or_path: a file (anything that ends in .toml or has a folder in it), or a name that is
            looked for in the user's presets folder, then among the shipped ones.

    Raises:
        ConfigError: there is no such preset, or something in it is wrong.
    """
    if name_or_path.endswith(".toml") or any(sep in name_or_path for sep in "/\\"):
        return read_preset(Path(name_or_path).expanduser())
    paths = preset_paths()
    if name_or_path in paths:
        return read_preset(paths[name_or_path])
    names = sorted(paths)
    raise ConfigError(
        f"no preset named {name_or_path!r}{nearest(name_or_path, names)}; "
        f"there are: {', '.join(names)}"
    )


def preset_paths() -> dict[str, Path]:
    """Every preset by its name; a user's own replaces a shipped one of the same name."""
    folders = (shipped_dir("presets"), user_presets_dir())
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def read_preset(path: Path) -> Preset:
    """Read a preset's file.

    Raises:
        ConfigError: it can't be read, isn't TOML, or something in it is wrong.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = (
            f"; a file with `name = {path.stem!r}` in it is one already"
            if not path.exists()
            else ""
        )
        raise ConfigError(f"preset {path}: {error.strerror}{hint}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"preset {path}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"preset {path}: not TOML: {error}") from error
    try:
        return _preset(table, path)
    except ValueError as error:
        raise ConfigError(f"preset {path}: {error}") from error


def _preset(table: Mapping[str, Any], path: Path) -> Preset:
    """A preset from its table; the message of a ValueError begins with the key that is wrong."""
    parts = ("voices", "patches", "midi", "play", "connect")
    check_keys(table, ("name", "description", *PARTS, *parts), "")
    voices, patches, midi, play, connect = (subtable(table, key) for key in parts)
    check_keys(voices, ("mute", "patch"), "voices.")
    check_keys(midi, ("dialect",), "midi.")
    check_keys(play, [f.name for f in fields(Play)], "play.")
    check_keys(connect, CONNECTIONS, "connect.")
    bank = _bank(patches)
    return Preset(
        name=typed(table.get("name", path.stem), str, "name"),
        description=typed(table.get("description", ""), str, "description"),
        layout=parse_layout(table),
        controller=parse_controller(subtable(table, "controller")),
        muted=frozenset(map(_voice, typed(voices.get("mute", []), list[str], "voices.mute"))),
        play=Play(**{key: _play_value(key, play[key]) for key in play}),
        path=path,
        bank=bank,
        patches=_patches(subtable(voices, "patch", "voices."), bank),
        dialect=_dialect(midi.get("dialect", GENERAL)),
        connections={
            role: tuple(typed(connect[role], list[str], f"connect.{role}")) for role in connect
        },
    )


def _bank(tables: Mapping[str, Any]) -> PatchBank:
    shipped = PatchBank.read(shipped_dir("presets") / "patches" / "shipped.toml")
    try:
        return shipped.changed(tables) if tables else shipped
    except ValueError as error:
        raise ValueError(f"patches.{error}") from error


def _patches(names: Mapping[str, Any], bank: PatchBank) -> dict[Voice, str]:
    check_keys(names, SHAPED, "voices.patch.")
    found: dict[Voice, str] = {}
    for voice, given in names.items():
        where = f"voices.patch.{voice}"
        found[SHAPED[voice]] = name = typed(given, str, where)
        try:
            bank.find(name)
            check_performed(SHAPED[voice], name)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return found


def _dialect(given: Any) -> str:
    if (dialect := typed(given, str, "midi.dialect")) not in DIALECTS:
        raise ValueError(f"midi.dialect: {dialect!r} is none of {', '.join(DIALECTS)}")
    return dialect


def _voice(name: str) -> Voice:
    known = [voice.name for voice in Voice]
    if name not in known:
        raise ValueError(f"voices.mute: {name!r} is none of {', '.join(known)}")
    return Voice[name]


def _play_value(key: str, given: Any) -> Any:
    if key == "chords":
        return _chords(typed(given, int, "play.chords"))
    if key not in PLAY_WORDS:
        return _in_range(key, given)
    words = PLAY_WORDS[key]
    if (value := typed(given, str, f"play.{key}")) not in words:
        raise ValueError(f"play.{key}: {value!r} is none of {', '.join(words)}")
    return value


def _chords(channel: int) -> int:
    if channel - 1 not in CHORD_CHANNELS:
        there = ", ".join(str(channel + 1) for channel in CHORD_CHANNELS)
        raise ValueError(f"play.chords: {channel} is no channel for chords: one of {there}")
    return channel


def _in_range(key: str, given: Any) -> float:
    value = typed(given, float, f"play.{key}")
    if value not in PLAY_RANGES[key]:
        raise ValueError(f"play.{key}: {value:g} is out of range, {PLAY_RANGES[key]}")
    return value
