"""Checks on the tables of a TOML file; an error's message begins with the key that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from nesvae_live.music.ranges import nearest

T = TypeVar("T")


def subtable(parent: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    """The table under `key`; empty if there is none.

    Raises:
        ValueError: it is not a table.
    """
    table: Mapping[str, Any] = typed(parent.get(key, {}), dict, f"{where}{key}")
    return table


IN_TOML = {
    "object": "a table in {}",
    "array": "a list in []",
    "int": "a whole number",
    "float": "a number",
    "str": 'text in ""',
    "bool": "true or false",
}
"""What a person calls the types that a message names."""


def typed(value: Any, kind: type[T], where: str) -> T:
    """`value` as a `kind`; an int passes for a float, but a bool does not pass for an int.

    Raises:
        ValueError: it is of another type.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = f"{str(error)[0].lower()}{str(error)[1:]}"
        for theirs, ours in IN_TOML.items():
            text = text.replace(f"`{theirs}`", ours)
        raise ValueError(f"{where}: {text}") from error


def check_keys(
    table: Mapping[str, Any], allowed: Collection[str], where: str, shown: str = ""
) -> None:
    """Check that a table has only allowed keys; `shown` lists them in the message.

    Raises:
        ValueError: it has another key; the message suggests the nearest allowed one.
    """
    for key in table:
        if key not in allowed:
            raise ValueError(
                f"{where}{key}: unknown key{nearest(key, allowed)}; "
                f"allowed: {shown or ', '.join(allowed)}"
            )
