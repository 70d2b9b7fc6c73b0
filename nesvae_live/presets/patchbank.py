"""The patches by name: those that ship, with what a preset changes and adds."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nesvae_live.music.patch import Patch, table_to_patch
from nesvae_live.music.voices import VOICES, Voice

OFF = "off"
"""In place of a patch's name: the voice is played flat."""

SHAPED = {spec.voice.name: spec.voice for spec in VOICES}
"""The voices that have patches; the noise's drums bring their own."""


class PatchBank:
    """Patches by name, all of them checked.

    Raises:
        ValueError: a table says what it may not; the text starts with the patch and the key.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables: dict[str, Mapping[str, Any]] = {}
        self.patches: dict[str, Patch] = {}
        for name, table in tables.items():
            if name == OFF:
                raise ValueError(f"{OFF}: the name means no patch: take another")
            if not isinstance(table, Mapping):
                raise ValueError(f"{name}: a patch is a table")  # noqa: TRY004
            try:
                self.patches[name] = table_to_patch(table)
            except ValueError as error:
                raise ValueError(f"{name}.{error}") from error
            self._tables[name] = table

    @classmethod
    def read(cls, path: Path) -> PatchBank:
        """Read a file of patches; raises OSError and ValueError (tomllib's and our own)."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def changed(self, tables: Mapping[str, Any]) -> PatchBank:
        """This bank with patches added, or some keys of its own changed."""
        changed: dict[str, Any] = dict(self._tables)
        for name, table in tables.items():
            old = self._tables.get(name, {})
            changed[name] = {**old, **table} if isinstance(table, Mapping) else table
        return PatchBank(changed)

    def find(self, name: str) -> Patch | None:
        """The patch of a name, None for `off`; ValueError where there is none."""
        if name == OFF:
            return None
        if name not in self.patches:
            near = difflib.get_close_matches(name, self.patches, 1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            names = ", ".join(sorted(self.patches))
            raise ValueError(f"no patch {name!r}{hint}; there are: {OFF}, {names}")
        return self.patches[name]


def parse_choices(words: Iterable[str]) -> dict[Voice, str]:
    """Which patch each voice is to have, of `P1=lead`, `TR=off` or `off` for all; later ones win.

    Raises:
        ValueError: no such voice, or no such form.
    """
    chosen: dict[Voice, str] = {}
    for word in words:
        voice, equals, name = word.partition("=")
        if word == OFF:
            chosen |= dict.fromkeys(SHAPED.values(), OFF)
        elif not equals or not name:
            raise ValueError(f"{word!r} is no patch of a voice: write P1=lead, P1=off or off")
        elif voice not in SHAPED:
            raise ValueError(f"{voice!r} is no voice with a patch, only {', '.join(SHAPED)} are")
        else:
            chosen[SHAPED[voice]] = name
    return chosen
