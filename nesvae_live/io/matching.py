"""Which port or device a person means by a part of its name."""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live import NesvaeError


def match_name(names: Sequence[str], wanted: str, what: str, error: type[NesvaeError]) -> int:
    """The index of the one name that contains `wanted`, whatever the case; a full name wins.

    Raises:
        NesvaeError: none matches, or several do: an `error`, whose line calls them `what` and says
            which there are.
    """
    folded = wanted.lower()
    exact = [i for i, name in enumerate(names) if name == wanted]
    whole = [i for i, name in enumerate(names) if name.lower() == folded]
    parts = [i for i, name in enumerate(names) if folded in name.lower()]
    found = exact or whole or parts
    listed = ", ".join(repr(names[i]) for i in found or range(len(names))) or "none"
    if not found:
        raise error(f"no {what} matches {wanted!r}; there is: {listed}")
    if len(found) > 1:
        raise error(f"{wanted!r} matches several {what}s: {listed}; name one in full")
    return found[0]
