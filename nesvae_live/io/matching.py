"""Which port or device a person means by a part of its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nesvae_live import NesvaeError
from nesvae_live.io.portname import plain_name


def means(part: str, name: str) -> bool:
    """Whether `part` is a part of `name`, whatever the case; a number is taken as a whole.

    `Port 1` is no part of `Port 10`.
    """
    before = r"(?<!\d)" if part[:1].isdigit() else ""
    behind = r"(?!\d)" if part[-1:].isdigit() else ""
    return re.search(before + re.escape(part.casefold()) + behind, name.casefold()) is not None


def match_name(names: Sequence[str], wanted: str, what: str, error: type[NesvaeError]) -> int:
    """The index of the one name that `wanted` means.

    A full name wins, then one that differs in the system's numbers alone (see `portname`), then a
    part of one.

    Raises:
        NesvaeError: none matches, or several do: an `error`, whose line calls them `what` and says
            which there are.
    """
    folded, plain = wanted.casefold(), plain_name(wanted).casefold()
    exact = [i for i, name in enumerate(names) if name == wanted]
    whole = [i for i, name in enumerate(names) if name.casefold() == folded]
    alike = [i for i, name in enumerate(names) if plain_name(name).casefold() == plain]
    parts = [i for i, name in enumerate(names) if means(wanted, name)]
    found = exact or whole or alike or parts
    listed = ", ".join(repr(names[i]) for i in found or range(len(names))) or "none"
    if not names:
        raise error(f"there is no {what} at all, so none matches {wanted!r}: is it plugged in?")
    if not found:
        raise error(f"no {what} matches {wanted!r}; there is: {listed}")
    if len(found) > 1:
        raise error(f"{wanted!r} matches several {what}s: {listed}; name one in full")
    return found[0]
