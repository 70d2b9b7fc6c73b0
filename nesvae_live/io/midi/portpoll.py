"""Looks for ports that come and go where nothing tells of it: RtMidi raises nothing."""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live.io.midi.jackkeeper import Notice
from nesvae_live.io.midi.ports import LIST_CLIENT, MidiError, make_client
from nesvae_live.io.midi.slot import Slot


class PortPoll:
    """Looks after slots that stand for ports of others, by the names that there are.

    Args:
        api: the MIDI system.
        slots: our ports; those of our own are left alone.
        lost: hears of each slot whose port is gone.
        found: hears of each slot whose port is back, and open.
    """

    def __init__(self, api: str, slots: Sequence[Slot], *, lost: Notice, found: Notice) -> None:
        self._slots = [slot for slot in slots if slot.wanted is not None]
        self._lost, self._found = lost, found
        kinds = {slot.kind for slot in self._slots} | {"MidiIn"}
        self._listers = {kind: make_client(api, kind, LIST_CLIENT) for kind in sorted(kinds)}

    def look(self) -> list[str]:
        """Close what is gone, open what is back; what a person should know, a line each."""
        names = {kind: list(lister.get_ports()) for kind, lister in self._listers.items()}
        return [line for slot in self._slots for line in self._look_at(slot, names[slot.kind])]

    def sources(self) -> frozenset[str]:
        """The names of the ports that can be read."""
        return frozenset(self._listers["MidiIn"].get_ports())

    def _look_at(self, slot: Slot, names: Sequence[str]) -> list[str]:
        if slot.port is not None:
            if slot.wanted in names and not slot.fault:
                return []
            why = f" ({slot.fault})" if slot.fault else ""
            slot.abandon() if slot.kind == "MidiOut" else slot.close()
            self._lost(slot)
            return [f"{slot.label!r} is gone{why}: the music goes on until it is back"]
        try:
            slot.open(names)
        except MidiError:
            return []  # not yet
        self._found(slot)
        return [f"{slot.label!r} is back"]

    def close(self) -> None:
        """Let go of what lists the ports."""
        for lister in self._listers.values():
            lister.delete()
