"""NES-MDB's language modelling format: the chip's functions, one after the other, and waits.

A file is a pickle of a list: `("clock", Hz)`, then `(function, value)` and `("w", samples)`. A
function is a field of a register, as `p1_vo` is P1's volume; those of one register that follow
each other become one write, as in nesmdb.
"""

from __future__ import annotations

import numpy as np

from nesvae_live.chip.pickled import loads_pairs
from nesvae_live.chip.vgm.header import CLOCKS
from nesvae_live.chip.vgm.registerlog import RegisterLog

CLOCK, WAIT = "clock", "w"

PULSE = {
    "du": (0, 0xC0),
    "lh": (0, 0x20),
    "cv": (0, 0x10),
    "vo": (0, 0x0F),
    "se": (1, 0x80),
    "sp": (1, 0x70),
    "sn": (1, 0x08),
    "ss": (1, 0x07),
    "tl": (2, 0xFF),
    "ll": (3, 0xF8),
    "th": (3, 0x07),
}
FIELDS: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {
    "p1": (0x4000, PULSE),
    "p2": (0x4004, PULSE),
    "tr": (
        0x4008,
        {"lh": (0, 0x80), "lr": (0, 0x7F), "tl": (2, 0xFF), "ll": (3, 0xF8), "th": (3, 0x07)},
    ),
    "no": (
        0x400C,
        {
            "lh": (0, 0x20),
            "cv": (0, 0x10),
            "vo": (0, 0x0F),
            "nl": (2, 0x80),
            "np": (2, 0x0F),
            "ll": (3, 0xF8),
        },
    ),
    "dm": (
        0x4010,
        {
            "iq": (0, 0x80),
            "lo": (0, 0x40),
            "fr": (0, 0x0F),
            "lc": (1, 0x7F),
            "sa": (2, 0xFF),
            "sl": (3, 0xFF),
        },
    ),
    "ch": (
        0x4015,
        {"dm": (0, 0x10), "no": (0, 0x08), "tr": (0, 0x04), "p2": (0, 0x02), "p1": (0, 0x01)},
    ),
    "fc": (0x4017, {"mo": (0, 0x80), "iq": (0, 0x40)}),
}
"""A unit's first register, and where its functions are: (register behind that, mask)."""


def loads_nlm(data: bytes) -> RegisterLog:
    """Read a file of the format into register writes; ValueError says what is wrong with it."""
    commands = loads_pairs(data)
    if not commands or commands[0][0] != CLOCK or commands[0][1] not in CLOCKS:
        raise ValueError("commands don't begin with a clock that a console has")
    registers: dict[int, int] = {}
    writes: list[tuple[int, int, int]] = []
    now = 0
    at_once: dict[tuple[int, int], int] = {}  # by register, and by how often it changed
    atom, last, seen = 0, -1, set[str]()
    for i, (word, value) in enumerate(commands[1:], 1):
        if word == WAIT:
            if value < 0:
                raise ValueError(f"command {i} waits for {value} samples")
            writes += [(now, address, written) for (address, _), written in at_once.items()]
            now += value
            at_once = {}
            atom, last, seen = 0, -1, set()
            continue
        address, mask, offset = _field(word, i)
        shift = (mask & -mask).bit_length() - 1
        if not 0 <= value <= mask >> shift:
            raise ValueError(f"command {i}: {word} can't be {value}")
        if last not in {-1, offset} or word in seen:
            atom, seen = atom + 1, set()
        seen.add(word)
        last = offset
        registers[address] = registers.get(address, 0) & ~mask | value << shift
        at_once[address, atom] = registers[address]
    writes += [(now, address, written) for (address, _), written in at_once.items()]
    return RegisterLog(now, np.array(writes, np.int64).reshape(-1, 3), commands[0][1])


def _field(word: str, i: int) -> tuple[int, int, int]:
    """A function's register, its mask there, and which of its unit's registers that is."""
    unit, _, name = word.partition("_")
    base, functions = FIELDS.get(unit, (0, {}))
    if name not in functions:
        raise ValueError(f"command {i} is {word[:20]!r}, which the chip has not")
    offset, mask = functions[name]
    return base + offset, mask, offset
