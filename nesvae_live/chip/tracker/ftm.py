"""FamiTracker's modules, version 0x0440, written as bytes; `ftmreader` reads them.

Facts from the module format's documentation in Dn-FamiTracker (docs/Dn-FT module format.md) and
from modules beside the text that FamiTracker exported of them. A file is "FamiTracker Module", a
version, blocks of (name in 16 bytes, version, size, data), and "END".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from nesvae_live.chip.tracker.module import (
    CHANNELS,
    Kind,
    Module,
)

MAGIC, END = b"FamiTracker Module", b"END"
VERSION, OLDEST = 0x0440, 0x0300
BLOCKS = {
    "PARAMS": 6,
    "INFO": 1,
    "HEADER": 3,
    "INSTRUMENTS": 6,
    "SEQUENCES": 6,
    "FRAMES": 3,
    "PATTERNS": 5,
    "DPCM SAMPLES": 1,
    "COMMENTS": 1,
}
"""The blocks that are written, in order, and their versions in a module of 0x0440."""

TEXT_BYTES, NAME_BYTES = 32, 16
NOTES = 96
"""For how many notes an instrument says which DPCM sample it plays."""
INSTRUMENT_2A03 = 1


def module_to_ftm(module: Module) -> bytes:
    """The module as a file of version 0x0440."""
    writers = {
        "PARAMS": _params(module),
        "INFO": b"".join(
            text.encode("latin-1", "replace")[: TEXT_BYTES - 1].ljust(TEXT_BYTES, b"\0")
            for text in (module.title, module.artist, module.copyright)
        ),
        "HEADER": _header(module),
        "INSTRUMENTS": b"".join(_instruments(module)),
        "SEQUENCES": b"".join(_sequences(module)),
        "FRAMES": b"".join(_frames(module)),
        "PATTERNS": b"".join(_patterns(module)),
        "DPCM SAMPLES": module.samples,
        "COMMENTS": module.comment,
    }
    blocks = [
        name.encode().ljust(NAME_BYTES, b"\0") + _numbers(version, len(block)) + block
        for name, version in BLOCKS.items()
        if (block := writers[name]) is not None
    ]
    return MAGIC + _numbers(VERSION) + b"".join(blocks) + END


def _numbers(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}i", *numbers)


def _params(module: Module) -> bytes:
    numbers = (
        CHANNELS,
        module.machine,
        module.fps,
        module.vibrato,
        *module.highlight,
        module.split,
    )
    return b"\0" + _numbers(*numbers)


def _header(module: Module) -> bytes:
    names = b"".join(t.name.encode("latin-1", "replace") + b"\0" for t in module.tracks)
    shown = (bytes((i, *(t.columns[i] - 1 for t in module.tracks))) for i in range(CHANNELS))
    return bytes((len(module.tracks) - 1,)) + names + b"".join(shown)


def _instruments(module: Module) -> Iterator[bytes]:
    yield _numbers(len(module.instruments))
    for instrument in module.instruments:
        yield _numbers(instrument.index) + bytes((INSTRUMENT_2A03,)) + _numbers(len(Kind))
        for index, idle in zip(instrument.sequences, instrument.idle, strict=True):
            yield bytes((index is not None, idle if index is None else index))
        yield instrument.samples or b"\0\0\xff" * NOTES
        name = instrument.name.encode("latin-1", "replace")
        yield _numbers(len(name)) + name


def _sequences(module: Module) -> Iterator[bytes]:
    yield _numbers(len(module.sequences))
    for steps in module.sequences:
        n = len(steps.values)
        yield _numbers(steps.index, steps.kind) + bytes((n,)) + _numbers(steps.loop)
        yield struct.pack(f"{n}b", *steps.values)
    for steps in module.sequences:
        yield _numbers(steps.release, steps.setting)


def _frames(module: Module) -> Iterator[bytes]:
    for track in module.tracks:
        yield _numbers(len(track.order), track.speed, track.tempo, track.rows)
        yield b"".join(bytes(frame) for frame in track.order)


def _patterns(module: Module) -> Iterator[bytes]:
    for pattern in module.patterns:
        columns = module.tracks[pattern.track].columns[pattern.channel]
        yield _numbers(pattern.track, pattern.channel, pattern.number, len(pattern.cells))
        for cell in pattern.cells:
            yield _numbers(cell.row)
            yield bytes((cell.note, cell.octave, cell.instrument, cell.volume))
            effects = (*cell.effects, *((0, 0),) * columns)[:columns]
            yield b"".join(bytes(effect) for effect in effects)
