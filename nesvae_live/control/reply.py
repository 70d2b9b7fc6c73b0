"""How who asked for something is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Reply = Callable[[Mapping[str, Any]], None]
"""How a command answers: called once, from the sequencer's thread; must not block."""


def ignore(*_: object) -> None:
    """For a callback that nobody needs: a reply without a listener, a target without a value."""
