"""Tables of a TOML file, checked: an error starts with the key that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def subtable(parent: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    """The table under `key`, empty if it isn't there.

    Raises:
        ValueError: it is no table.
    """
    table: Mapping[str, Any] = typed(parent.get(key, {}), dict, f"{where}{key}")
    return table


def typed(value: Any, kind: type[T], where: str) -> T:
    """`value` if it is a `kind`; an int will do for a float, but no bool for an int.

    Raises:
        ValueError: it isn't.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {str(error)[0].lower()}{str(error)[1:]}") from error


def check_keys(
    table: Mapping[str, Any], allowed: Collection[str], where: str, shown: str = ""
) -> None:
    """See that a table has no other keys; `shown` is how those allowed are told.

    Raises:
        ValueError: it has one, and which it may have meant.
    """
    for key in table:
        if key not in allowed:
            raise ValueError(
                f"{where}{key}: unknown key{nearest(key, allowed)}; "
                f"allowed: {shown or ', '.join(allowed)}"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """A question whether a known word was meant, or nothing."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f", did you mean {near[0]!r}?" if near else ""
