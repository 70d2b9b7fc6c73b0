"""What a terminal sends when keys are pressed, as names of keys: `a`, `left`, `shift+left`, `escape`.

The sequences are xterm's (ECMA-48 with its modifiers), which terminals of today agree on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEQUENCE = re.compile(rb"\x1b(?:O(.)|\[(\d*)(?:;(\d+))?([A-Za-z~]))")
_LETTERS = {b"A": "up", b"B": "down", b"C": "right", b"D": "left", b"H": "home", b"F": "end"}
_NUMBERS = {b"1": "home", b"3": "delete", b"4": "end", b"5": "page up", b"6": "page down"}
_BYTES = {
    0x0A: "enter",
    0x0D: "enter",
    0x09: "tab",
    0x7F: "backspace",
    0x08: "backspace",
    0x1B: "escape",
}
SHIFT = b"2"


def keystrokes(sent: bytes) -> Iterator[str]:
    """The keys that some bytes mean; what is no key of ours is left out."""
    at = 0
    while at < len(sent):
        found = _SEQUENCE.match(sent, at)
        if found is not None:
            at = found.end()
            if key := _named(found):
                yield key
            continue
        byte = sent[at]
        size = _utf8_length(byte)
        text = sent[at : at + size].decode("utf-8", "ignore")
        at += size
        if byte in _BYTES:
            yield _BYTES[byte]
        elif text.isprintable() and text:
            yield text


def _named(found: re.Match[bytes]) -> str | None:
    letter, number, modifier, final = found.groups()
    name = _LETTERS.get(letter or final) or (_NUMBERS.get(number) if final == b"~" else None)
    if name is None:
        return None
    return f"shift+{name}" if modifier == SHIFT else name


def _utf8_length(first: int) -> int:
    """How many bytes a character has that begins with a byte."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
