"""Keeps our ports on a JACK server as they were: open, and connected.

The connections are polled. One is made again as soon as its other end is back (see `Cables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from nesvae_live.io.midi.cables import Cable, Cables
from nesvae_live.io.midi.jackwatch import JackWatch
from nesvae_live.io.midi.ports import MidiError
from nesvae_live.io.midi.slot import Slot
from nesvae_live.io.portname import which_of

Notice = Callable[[Slot], None]
"""Called with a port of ours."""


class JackKeeper:
    """Looks after the slots, all of which are open; for the main thread only.

    Args:
        watch: the server's watcher.
        slots: our ports, in the order in which they were opened.
        cables: what was connected with them, even before the server came back.
        lost: called with each slot that lost a port at its other end.
        found: called with each slot that is as it was again.
        joined: called with each slot that a port is connected with for the first time.
    """

    def __init__(
        self,
        watch: JackWatch,
        slots: Sequence[Slot],
        cables: Cables,
        *,
        lost: Notice,
        found: Notice,
        joined: Notice,
    ) -> None:
        self._watch = watch
        self._slots = slots
        self._cables = cables
        self._lost, self._found, self._joined = lost, found, joined
        self._fresh: list[tuple[Notice, Slot]] = []

    def open(self, slot: Slot) -> None:
        """Open a slot as a port of ours, which then knows its full name: JACK may number clients.

        Raises:
            MidiError: it can't be opened.
        """
        slot.open()
        if slot.wanted is not None:
            speaks = slot.kind == "MidiOut"
            self._cables.want((slot.own, slot.wanted) if speaks else (slot.wanted, slot.own))

    def start(self) -> None:
        """Make the connections that are wanted."""
        self.poll()

    def poll(self) -> list[str]:
        """Mend what can be mended; returns what a person should know, a line each."""
        return self._mend_ports() + self._mend_cables()

    def _mend_ports(self) -> list[str]:
        """Reopen what the server threw out, as it does with a client that was too slow."""
        there = self._watch.midi_ports()
        lines = []
        for slot in self._slots:
            if slot.own in there:
                continue
            slot.abandon()
            self._cables.lose(slot.own)
            self._try_open(slot)
            self._lost(slot)
            self._fresh.append((self._found, slot))
            lines.append(f"the JACK server threw {slot.name!r} out; it is open again")
        return lines

    def _mend_cables(self) -> list[str]:
        for old, new in self._watch.take_renamed():
            self._cables.rename(old, new)
            self._follow_name(old, new)
        slot_of = {slot.own: slot for slot in self._slots}
        there = self._watch.midi_ports()
        plugged = {cable for own in slot_of.keys() & there for cable in self._watch.cables(own)}
        change = self._cables.compare(slot_of.keys(), there, plugged)
        connected = [cable for cable in change.connect if self._watch.connect(*cable)]
        for slot in _of(slot_of, change.lost):
            self._lost(slot)
        # What is sent while ports are being connected gets lost: tell it at the next poll.
        told, self._fresh = (
            self._fresh,
            [
                *((self._found, slot) for slot in _of(slot_of, connected)),
                *((self._joined, slot) for slot in _of(slot_of, change.new)),
            ],
        )
        for tell, slot in told:
            tell(slot)
        for old, new in change.renamed:
            self._follow_name(old, new)
        lines = [f"{name!r} is gone: waiting for it to come back" for name in change.gone]
        lines += [f"{name!r} is back" for name in change.back]
        lines += [f"{old!r} is back as {new!r}" for old, new in change.renamed]
        lines += [
            f"{a!r} is connected with {b!r}" for a, b in connected if self._cables.made((a, b))
        ]
        return lines + [which_of(name, alike) for name, alike in change.unsure]

    def _follow_name(self, old: str, new: str) -> None:
        for slot in self._slots:
            slot.wanted = new if slot.wanted == old else slot.wanted

    def _try_open(self, slot: Slot) -> None:
        try:
            self.open(slot)
        except MidiError:
            slot.own = ""  # the next poll tries again


def _of(slot_of: Mapping[str, Slot], cables: Iterable[Cable]) -> list[Slot]:
    """The slots that the cables are plugged into, each once."""
    return list(dict.fromkeys(slot_of[end] for cable in cables for end in cable if end in slot_of))
