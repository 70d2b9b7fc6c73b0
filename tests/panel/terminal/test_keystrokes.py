"""What a terminal sends, as names of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.panel.terminal.keystrokes import keystrokes


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        (b"ab", ["a", "b"]),
        (b"\x1b[A\x1bOB\x1b[1;2C\x1b[1;5D", ["up", "down", "shift+right", "left"]),
        (b"\x1b[5~\x1b[6~\x1b[3~\x1b[H\x1b[4~", ["page up", "page down", "delete", "home", "end"]),
        (b"\x7f\x08\t\r\n\x1b", ["backspace", "backspace", "tab", "enter", "enter", "escape"]),
        ("é→𝄞".encode(), ["é", "→", "𝄞"]),
        (b"\x1b[15~\x1b[M\x01q", ["q"]),
        (b"\xff\xc3", []),
        (b"", []),
    ],
)
def test_keys_have_names(sent: bytes, keys: list[str]) -> None:
    assert list(keystrokes(sent)) == keys


@given(st.binary(max_size=40))
def test_whatever_is_sent_is_some_keys(sent: bytes) -> None:
    assert all(key and (len(key) > 1 or key.isprintable()) for key in keystrokes(sent))
