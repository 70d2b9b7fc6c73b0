"""VGZ: gzip around a VGM file, which players take under either name."""

from __future__ import annotations

import gzip
import zlib

MAGIC = b"\x1f\x8b"
MOST_BYTES = 1 << 28
"""A VGM that is larger unpacked is none: an hour of the busiest music has a tenth of it."""

_GZIP = 16 + zlib.MAX_WBITS


def pack(data: bytes) -> bytes:
    """The file compressed, the same for the same bytes at any time."""
    return gzip.compress(data, 9, mtime=0)


def unpack(data: bytes) -> tuple[bytes, str | None]:
    """The file within, whatever it is called, and what is wrong with its wrapping, if anything.

    Raises:
        ValueError: there is nothing in it that can be read, or without end.
    """
    if data[:2] != MAGIC:
        return data, None
    unpacker = zlib.decompressobj(_GZIP)
    try:
        found = unpacker.decompress(data, MOST_BYTES + 1)
    except zlib.error:
        found, whole = _before_the_fault(data), False
    else:
        whole = unpacker.eof
    if len(found) > MOST_BYTES:
        raise ValueError(f"VGZ has more than {MOST_BYTES >> 20} MiB in it, which no VGM has")
    if not found:
        raise ValueError("VGZ is damaged: nothing in it can be read")
    return found, None if whole else "its compression is damaged: read up to there"


def _before_the_fault(data: bytes) -> bytes:
    """What comes before the first byte that can't be decompressed."""
    unpacker = zlib.decompressobj(_GZIP)
    found = bytearray()
    try:
        for at in range(len(data)):
            found += unpacker.decompress(data[at : at + 1])
            if len(found) > MOST_BYTES:
                break
    except zlib.error:
        pass
    return bytes(found)
