"""How who asked for something is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Reply = Callable[[Mapping[str, Any]], None]
"""How a command answers: called once, from the sequencer's thread; must not block."""


def no_reply(answer: Mapping[str, Any]) -> None:
    """For commands whose sender does not listen."""
