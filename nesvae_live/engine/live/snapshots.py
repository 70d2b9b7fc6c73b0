"""The snapshots of a performance, by number: a mapping that is replaced, never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from nesvae_live.latent.setting import Setting, checked_name, slot_of
from nesvae_live.music import ranges

Snapshots = Mapping[int, Setting]
"""Number, 1 to 64, -> setting."""


def stored(there: Snapshots, slot: int, setting: Setting, name: str = "") -> Snapshots:
    """The same with a setting stored.

    It keeps the name that the number had, unless it is given one; another of that name loses it.

    Raises:
        ValueError: there is no such number, or that is no name.
    """
    ranges.SNAPSHOTS.check("snapshot", slot)
    now = dict(there)
    if name:
        name = checked_name(name)
        if (other := slot_of(name, now)) not in {None, slot}:
            now[other] = replace(now[other], name="")
    elif slot in now:
        name = now[slot].name
    now[slot] = replace(setting, name=name)
    return MappingProxyType(now)


def cleared(there: Snapshots, slot: int) -> Snapshots:
    """The same without a number.

    Raises:
        ValueError: there is none of that number.
    """
    snapshot_in(there, slot)
    return MappingProxyType({number: kept for number, kept in there.items() if number != slot})


def snapshot_in(there: Snapshots, slot: int) -> Setting:
    """The setting of a number.

    Raises:
        ValueError: there is none of that number.
    """
    if slot not in there:
        numbers = ", ".join(map(str, sorted(there))) or "none"
        raise ValueError(f"no snapshot {slot}; there are: {numbers}")
    return there[slot]
