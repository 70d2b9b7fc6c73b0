"""What an older release said, held against what is said now: names may come, and none goes."""

from __future__ import annotations

from typing import Any


def lost(now: Any, then: Any, where: str = "") -> list[str]:
    """Where `now` lacks or changes something that `then` had; what is new in an object is not told."""
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{where}.{name}" for name in then if name not in now]
        kept = [name for name in then if name in now]
        return gone + [at for name in kept for at in lost(now[name], then[name], f"{where}.{name}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(now, then, strict=True))
        return [at for i, (one, old) in pairs for at in lost(one, old, f"{where}[{i}]")]
    return [] if now == then else [f"{where}: {then!r} is now {now!r}"]
