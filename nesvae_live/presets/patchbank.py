"""The patches by name: the shipped ones, and what a preset changes or adds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nesvae_live.music.patch import Patch, table_to_patch
from nesvae_live.music.ranges import nearest
from nesvae_live.music.voices import VOICES, Voice

OFF, PERFORMER = "off", "performer"
"""In place of a patch's name: the voice has no patch, or its patches are the performer's choice."""

SHAPED = {spec.voice.name: spec.voice for spec in VOICES}
"""The voices that can have a patch; the drums of the noise bring their own."""

PERFORMED = (Voice.P1, Voice.P2)
"""The voices that a performer plays: those whose volume and duty can be turned."""


class PatchBank:
    """Patches by name, all of them checked.

    Raises:
        ValueError: a table is wrong; the message begins with the patch and the key.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables: dict[str, Mapping[str, Any]] = {}
        self.patches: dict[str, Patch] = {}
        for name, table in tables.items():
            if name in {OFF, PERFORMER}:
                means = "no patch" if name == OFF else "any patch"
                raise ValueError(f"{name}: this name means {means}: choose another")
            if not isinstance(table, Mapping):
                raise ValueError(f"{name}: a patch is a table")  # noqa: TRY004
            try:
                self.patches[name] = table_to_patch(table)
            except ValueError as error:
                raise ValueError(f"{name}.{error}") from error
            self._tables[name] = table

    @classmethod
    def read(cls, path: Path) -> PatchBank:
        """Read a file of patches.

        Raises:
            OSError: it can't be read.
            ValueError: it is not TOML, or a table in it is wrong.
        """
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def changed(self, tables: Mapping[str, Any]) -> PatchBank:
        """This bank with patches added, or with some keys of its patches changed."""
        changed: dict[str, Any] = dict(self._tables)
        for name, table in tables.items():
            old = self._tables.get(name, {})
            changed[name] = {**old, **table} if isinstance(table, Mapping) else table
        return PatchBank(changed)

    def find(self, name: str) -> Patch | None:
        """The patch of a name; None for `off` and for `performer`.

        Raises:
            ValueError: there is no such patch; the message names those there are.
        """
        if name in {OFF, PERFORMER}:
            return None
        if name not in self.patches:
            hint = nearest(name, self.patches)
            names = ", ".join(sorted(self.patches))
            raise ValueError(f"no patch {name!r}{hint}; there are: {OFF}, {PERFORMER}, {names}")
        return self.patches[name]


def parse_choices(words: Iterable[str]) -> dict[Voice, str]:
    """The patch of each voice, from `P1=lead`, `TR=off`, `performer`, or `off` for all; later words win.

    Raises:
        ValueError: there is no such voice, or a word is not of that form.
    """
    chosen: dict[Voice, str] = {}
    for word in words:
        voice, equals, name = word.partition("=")
        if word == OFF:
            chosen |= dict.fromkeys(SHAPED.values(), OFF)
        elif word == PERFORMER:
            chosen |= dict.fromkeys(PERFORMED, PERFORMER)
        elif not equals or not name:
            raise ValueError(
                f"{word!r} gives no voice a patch: write P1=lead, P1=off, off or performer"
            )
        elif voice not in SHAPED:
            raise ValueError(f"{voice!r} can have no patch: one of {', '.join(SHAPED)}")
        else:
            check_performed(SHAPED[voice], name)
            chosen[SHAPED[voice]] = name
    return chosen


def check_performed(voice: Voice, name: str) -> None:
    """Refuse a performer where there is nothing to perform.

    Raises:
        ValueError: the voice is the triangle.
    """
    if name == PERFORMER and voice not in PERFORMED:
        raise ValueError(f"the {PERFORMER} plays P1 and P2: {voice.name} has no volume or duty")
