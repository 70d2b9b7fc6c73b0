"""A tracker's instruments as patches: tables that a preset takes as they are."""

from __future__ import annotations

import re

from nesvae_live.chip.tracker.ftm import MAGIC
from nesvae_live.chip.tracker.ftmreader import ftm_to_module
from nesvae_live.chip.tracker.ftmtext import text_to_instruments
from nesvae_live.chip.tracker.module import Instrument, Kind, Module, Steps
from nesvae_live.music.events import LOUDEST
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


def instrument_to_table(module: Module, instrument: Instrument) -> tuple[dict[str, str], list[str]]:
    """A patch's table for a preset, and what of the instrument it lacks."""
    table: dict[str, str] = {}
    lacks: list[str] = []
    named = {(s.kind, s.index): s for s in module.sequences}
    for kind, index in zip(Kind, instrument.sequences, strict=True):
        steps = named.get((kind, index)) if index is not None else None
        if steps is None or not steps.values:
            continue
        if kind is Kind.VOLUME:
            table |= _volume_to_text(steps)
        elif kind is Kind.DUTY:
            table["duty"] = _to_text(tuple(v & 3 for v in steps.values), steps.loop)
        elif kind is Kind.ARPEGGIO and steps.setting == 0:
            values = tuple(max(-48, min(48, v)) for v in steps.values)
            table["arpeggio"] = _to_text(values, steps.loop)
        else:
            lacks.append(
                {Kind.PITCH: "pitch", Kind.HI_PITCH: "hi-pitch"}.get(kind, "fixed arpeggio")
            )
    return table, lacks


def _volume_to_text(steps: Steps) -> dict[str, str]:
    values = tuple(max(0, min(LOUDEST, v)) for v in steps.values)
    if not 0 <= steps.release < len(values) - 1:
        return {"volume": _to_text(values, steps.loop)}
    held, tail = values[: steps.release + 1], values[steps.release + 1 :]
    level = held[-1] or LOUDEST
    parts = [max(1, min(LOUDEST, round(v * LOUDEST / level))) for v in tail if v]
    loop = steps.loop if steps.loop < len(held) else -1
    written = {"volume": _to_text(held, loop)}
    return written | ({"release": _to_text(tuple(parts), -1)} if parts else {})


def _to_text(values: tuple[int, ...], loop: int) -> str:
    """Values as a preset has them: `15 12x3 | 9 8`."""
    words: list[str] = []
    runs: list[list[int]] = []
    for i, value in enumerate(values):
        if runs and runs[-1][0] == value and i != loop:
            runs[-1][1] += 1
        else:
            if i == loop:
                runs.append([0, 0])
            runs.append([value, 1])
    for value, n in runs:
        words.append("|" if n == 0 else str(value) if n == 1 else f"{value}x{n}")
    return " ".join(words)
