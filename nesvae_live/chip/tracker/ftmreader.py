"""Reads FamiTracker's modules: version 0x0440, and older ones from 0x0300 on."""

from __future__ import annotations

import struct

from nesvae_live.chip.tracker.ftm import (
    END,
    INSTRUMENT_2A03,
    MAGIC,
    NAME_BYTES,
    NOTES,
    OLDEST,
    TEXT_BYTES,
    VERSION,
)
from nesvae_live.chip.tracker.module import (
    CHANNELS,
    Cell,
    Instrument,
    Kind,
    Module,
    Pattern,
    Steps,
    Track,
)


class Reader:
    """Reads little-endian numbers and text one after the other.

    Raises ValueError, one line, where the data ends.
    """

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0

    def bytes(self, n: int) -> bytes:
        """The next `n` bytes."""
        if n < 0 or self._at + n > len(self._data):
            raise ValueError(f"the module is damaged: {self._what} ends at byte {len(self._data)}")
        self._at += n
        return self._data[self._at - n : self._at]

    def number(self) -> int:
        """Four bytes, signed."""
        return int(struct.unpack("<i", self.bytes(4))[0])

    def byte(self) -> int:
        """One byte."""
        return self.bytes(1)[0]

    def text(self) -> str:
        """Text up to a zero."""
        end = self._data.find(b"\0", self._at)
        written = self.bytes(end - self._at if end >= 0 else len(self._data))
        self.bytes(1)
        return written.decode("latin-1")

    @property
    def over(self) -> bool:
        """Whether everything was read."""
        return self._at == len(self._data)


def ftm_to_module(data: bytes) -> Module:
    """Read a module.

    Raises:
        ValueError: it is none, is damaged, of a version that isn't read, or needs more than a 2A03.
    """
    if not data.startswith(MAGIC):
        raise ValueError("it isn't a FamiTracker module: it doesn't begin as one")
    reader = Reader(data, "the file")
    reader.bytes(len(MAGIC))
    version = reader.number()
    if not OLDEST <= version <= VERSION:
        raise ValueError(
            f"it is a module of version {version:#06x}; {OLDEST:#06x} to {VERSION:#06x} are read"
        )
    blocks: dict[str, tuple[int, Reader, bytes]] = {}
    while (start := reader.bytes(len(END))) != END:
        name = (start + reader.bytes(NAME_BYTES - len(END))).rstrip(b"\0").decode("latin-1")
        block_version, size = reader.number(), reader.number()
        block = reader.bytes(size)
        blocks[name] = block_version, Reader(block, f"block {name}"), block
    for name in ("PARAMS", "HEADER", "FRAMES"):
        if name not in blocks:
            raise ValueError(f"the module is damaged: it has no block {name}")
    machine, fps, vibrato, highlight, split = _read_params(*blocks["PARAMS"][:2])
    titles = blocks["INFO"][2].ljust(3 * TEXT_BYTES, b"\0") if "INFO" in blocks else bytes(96)
    names, columns = _read_header(*blocks["HEADER"][:2])
    return Module(
        title=_text(titles[:TEXT_BYTES]),
        artist=_text(titles[TEXT_BYTES : 2 * TEXT_BYTES]),
        copyright=_text(titles[2 * TEXT_BYTES :]),
        machine=machine,
        fps=fps,
        vibrato=vibrato,
        highlight=highlight,
        split=split,
        instruments=_read_instruments(*blocks["INSTRUMENTS"][:2])
        if "INSTRUMENTS" in blocks
        else (),
        sequences=_read_sequences(*blocks["SEQUENCES"][:2]) if "SEQUENCES" in blocks else (),
        tracks=_read_frames(blocks["FRAMES"][1], names, columns),
        patterns=_read_patterns(blocks["PATTERNS"][1], columns) if "PATTERNS" in blocks else (),
        samples=blocks["DPCM SAMPLES"][2] if "DPCM SAMPLES" in blocks else b"\0",
        comment=blocks["COMMENTS"][2] if "COMMENTS" in blocks else None,
    )


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("latin-1")


def _read_params(version: int, block: Reader) -> tuple[int, int, int, tuple[int, int], int]:
    """Machine, frames a second, style of vibrato, highlighted rows and split of speed and tempo."""
    if not 2 <= version <= 6:
        raise ValueError(f"its parameters are of version {version}, which isn't read")
    chips, channels = block.byte(), block.number()
    if chips or channels != CHANNELS:
        raise ValueError("it plays on more than the 2A03: expansion chips are not read")
    machine, fps = block.number(), block.number()
    vibrato = block.number() if version >= 3 else 0
    highlight = (block.number(), block.number()) if version >= 4 else (4, 16)
    split = block.number() if version >= 6 else 21
    return machine, fps, vibrato, highlight, split


def _read_header(version: int, block: Reader) -> tuple[list[str], list[list[int]]]:
    """The tracks' names, and how many columns of effects each channel has in each."""
    n = block.byte() + 1
    names = [block.text() for _ in range(n)] if version >= 3 else [""] * n
    columns: list[list[int]] = [[] for _ in range(n)]
    for _ in range(CHANNELS):
        block.byte()
        for track in columns:
            track.append(block.byte() + 1)
    return names, columns


def _read_instruments(version: int, block: Reader) -> list[Instrument]:
    instruments = []
    for _ in range(block.number()):
        index, kind = block.number(), block.byte()
        if kind != INSTRUMENT_2A03:
            raise ValueError(f"its instrument {index} is for another chip than the 2A03")
        stored = [(block.byte(), block.byte()) for _ in range(block.number())]
        if len(stored) != len(Kind):
            raise ValueError(f"its instrument {index} has {len(stored)} sequences, not 5")
        samples = block.bytes(NOTES * (3 if version >= 6 else 2))
        if version < 6:
            samples = b"".join(samples[i : i + 2] + b"\xff" for i in range(0, len(samples), 2))
        name = block.bytes(block.number()).decode("latin-1")
        used = tuple(i if enabled else None for enabled, i in stored)
        idle = tuple(0 if enabled else i for enabled, i in stored)
        instruments.append(Instrument(index, name, used, samples, idle))  # type: ignore[arg-type]
    return instruments


def _read_sequences(version: int, block: Reader) -> list[Steps]:
    if version < 3:
        raise ValueError(f"its sequences are of version {version}, which isn't read")
    steps = []
    for _ in range(block.number()):
        index, kind, n, loop = block.number(), block.number(), block.byte(), block.number()
        release, setting = (block.number(), block.number()) if version == 4 else (-1, 0)
        if not 0 <= kind < len(Kind):
            raise ValueError(f"its sequence {index} is of kind {kind}, which there isn't")
        values = struct.unpack(f"{n}b", block.bytes(n))
        steps.append(Steps(Kind(kind), index, values, loop, release, setting))
    if version >= 6:
        steps = [
            Steps(s.kind, s.index, s.values, s.loop, block.number(), block.number()) for s in steps
        ]
    return steps


def _read_frames(block: Reader, names: list[str], columns: list[list[int]]) -> list[Track]:
    tracks = []
    for name, shown in zip(names, columns, strict=True):
        n, speed, tempo, rows = (block.number() for _ in range(4))
        order = tuple(tuple(block.bytes(CHANNELS)) for _ in range(n))
        tracks.append(Track(name, speed, tempo, rows, order, tuple(shown)))
    return tracks


def _read_patterns(block: Reader, columns: list[list[int]]) -> list[Pattern]:
    patterns = []
    while not block.over:
        track, channel, number, n = (block.number() for _ in range(4))
        if not (0 <= track < len(columns) and 0 <= channel < CHANNELS):
            raise ValueError(f"it has a pattern of track {track}, channel {channel}: there is none")
        cells = []
        for _ in range(n):
            row, note, octave = block.number(), block.byte(), block.byte()
            instrument, volume = block.byte(), block.byte()
            effects = tuple((block.byte(), block.byte()) for _ in range(columns[track][channel]))
            cells.append(Cell(row, note, octave, instrument, volume, effects))
        patterns.append(Pattern(track, channel, number, tuple(cells)))
    return patterns
