"""How an input is answered: the callback, and the base of every input that has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Reply = Callable[[Mapping[str, Any]], None]
"""Takes the answer to an input; called once, from the sequencer's thread; must not block."""


def ignore(*_: object) -> None:
    """For a callback that nobody needs: a reply without a listener, a target without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredInput:
    """An input that came at `at` (its stamp, in seconds) and is answered through `reply`."""

    at: float
    reply: Reply = ignore
