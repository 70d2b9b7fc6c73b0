"""What a program tells a person beside its results: a line on standard error, under its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

Say = Callable[[str], None]
"""Takes one line for a person."""


def say(text: str) -> None:
    """Tell a person `text`, which is one line."""
    with suppress(OSError):  # nobody reads it any more: a closed terminal, a closed pipe
        print(f"nesvae-live: {text}", file=sys.stderr)
