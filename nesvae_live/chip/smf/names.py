"""The name of a track, in UTF-8, Shift-JIS or Latin-1: a MIDI file doesn't say which."""

from __future__ import annotations

import re

JAPANESE = re.compile("[぀-ヿ一-鿿＀-｠　-〿]{2,}|[｡-ﾟ]{3,}")
"""Two Japanese characters in a row, or three of half width: by chance Latin-1 has none."""


def decode_name(data: bytes) -> str:
    """The text, on one line. What is UTF-8 is read so; else Shift-JIS, if it is Japanese then."""
    return " ".join(_decode(data).replace("\0", " ").split())


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        japanese = data.decode("cp932")
    except UnicodeDecodeError:
        return data.decode("latin-1")
    return japanese if JAPANESE.search(japanese) else data.decode("latin-1")
