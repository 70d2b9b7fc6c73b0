"""A tracker's instruments as patches: tables that a preset takes as they are."""

from __future__ import annotations

import re

from nesvae_live.chip.tracker.ftm import MAGIC, ftm_to_module
from nesvae_live.chip.tracker.ftmtext import text_to_instruments
from nesvae_live.chip.tracker.instruments import instrument_to_table
from nesvae_live.music.patch import table_to_patch


def file_to_patches(data: bytes) -> tuple[str, list[str]]:
    """The instruments of a module or of FamiTracker's text, as TOML, and a line on each loss.

    An instrument that no patch can be is left out, and said.

    Raises:
        ValueError: the file can't be read, or has no such instrument.
    """
    module = (
        ftm_to_module(data)
        if data.startswith(MAGIC)
        else text_to_instruments(data.decode("utf-8", "replace"))
    )
    notices: list[str] = []
    tables: list[str] = []
    names: set[str] = set()
    for instrument in module.instruments:
        table, lacks = instrument_to_table(module, instrument)
        called = f"instrument {instrument.index:02X} {instrument.name!r}"
        try:
            table_to_patch(table)
        except ValueError as error:
            notices.append(f"{called}: left out: {error}")
            continue
        if lacks:
            notices.append(f"{called}: without its {' and '.join(lacks)}")
        name = free_name(instrument.name, names)
        names.add(name)
        rows = [f'{key} = "{value}"' for key, value in table.items()]
        tables.append("\n".join((f"[patches.{name}]", *rows)) + "\n")
    if not tables:
        raise ValueError("it has no instrument of the 2A03 that a patch can be")
    return "\n".join(tables), notices


def free_name(name: str, taken: set[str]) -> str:
    """A name that TOML takes without quotes and that isn't taken."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-") or "instrument"
    free, n = plain, 1
    while free in taken or free == "off":
        n += 1
        free = f"{plain}-{n}"
    return free
