"""MIDI files byte by byte, so that they can be wrong."""

from __future__ import annotations

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
END = b"\x00\xff\x2f\x00"


def number(value: int) -> bytes:
    """A number of variable length."""
    out = [value & 127]
    while value := value >> 7:
        out.append(value & 127 | 128)
    return bytes(reversed(out))


def head(kind: int = 0, tracks: int = 1, division: int = 96, more: bytes = b"") -> bytes:
    """A header chunk; `more` is what a longer one has."""
    fields = b"".join(n.to_bytes(2) for n in (kind, tracks, division))
    return b"MThd" + (6 + len(more)).to_bytes(4) + fields + more


def track(body: bytes, *, end: bytes = END, length: int | None = None) -> bytes:
    """A track; `length` is what it says that it has, if it is wrong."""
    body += end
    return b"MTrk" + (len(body) if length is None else length).to_bytes(4) + body


def message(tick: int, *data: int) -> bytes:
    """Bytes after a pause of so many ticks."""
    return number(tick) + bytes(data)


def meta(kind: int, data: bytes, tick: int = 0) -> bytes:
    """A meta event."""
    return number(tick) + bytes((0xFF, kind)) + number(len(data)) + data


def scale(channel: int = 0, notes: tuple[int, ...] = SCALE, velocity: int = 100) -> bytes:
    """Notes of half a beat, one after the other."""
    return b"".join(
        message(0, 0x90 | channel, note, velocity) + message(48, 0x80 | channel, note, 64)
        for note in notes
    )


def riff(data: bytes) -> bytes:
    """A file as an RMID file."""
    inner = b"RMIDdata" + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
    return b"RIFF" + len(inner).to_bytes(4, "little") + inner
