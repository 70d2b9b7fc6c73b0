"""Opens the MIDI ports and gets lost ones back: RtMidi doesn't report what comes and goes."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.midi.cables import Cables
from nesvae_live.io.midi.jackkeeper import JackKeeper, Notice
from nesvae_live.io.midi.jackports import JackHost, JackSlot
from nesvae_live.io.midi.jackwatch import JackWatch
from nesvae_live.io.midi.ports import LIST_CLIENT, MidiError, list_ports, make_client
from nesvae_live.io.midi.slot import Slot
from nesvae_live.io.midi.wiring import SeenPort
from nesvae_live.io.portname import INDEXED, KnownPort, which_of


class PortPoll:
    """Looks after slots that stand for ports of other programs, by the names that there are.

    Args:
        api: the MIDI system.
        slots: our ports; virtual ones are left alone.
        lost: called with each slot whose port is gone.
        found: called with each slot whose port is back, and open.
    """

    def __init__(self, api: str, slots: Sequence[Slot], *, lost: Notice, found: Notice) -> None:
        self._indexed = api in INDEXED  # then every number may change when a port goes
        self._known = {
            slot: KnownPort(slot.wanted, indexed=self._indexed)
            for slot in slots
            if slot.wanted is not None
        }
        self._slots = list(self._known)
        self._unsure: set[Slot] = set()
        self._lost, self._found = lost, found
        kinds = {slot.kind for slot in self._slots} | {"MidiIn"}
        self._listers = {kind: make_client(api, kind, LIST_CLIENT) for kind in sorted(kinds)}

    def poll(self) -> list[str]:
        """Close what is gone, open what is back; returns what a person should know, a line each."""
        names = {kind: list(lister.get_ports()) for kind, lister in self._listers.items()}
        taken = {slot: slot.wanted for slot in self._slots if slot.port is not None}
        lines = []
        for slot in self._slots:
            others = {str(name) for other, name in taken.items() if other is not slot}
            lines += self._poll_slot(slot, names[slot.kind], others)
            if slot.port is not None:
                taken[slot] = slot.wanted
        return lines

    def sources(self) -> frozenset[str]:
        """The names of the ports that can be read."""
        return frozenset(self._listers["MidiIn"].get_ports())

    def _poll_slot(self, slot: Slot, names: Sequence[str], taken: Collection[str]) -> list[str]:
        known = self._known[slot]
        name = known.find(names, taken)
        if slot.port is not None:
            if name is not None and (slot.wanted == name or self._indexed) and not slot.fault:
                slot.wanted = name
                return []
            why = f" ({slot.fault})" if slot.fault else ""
            slot.abandon() if slot.kind == "MidiOut" else slot.close()
            self._lost(slot)
            return [f"{slot.label!r} is gone{why}: waiting for it to come back"]
        if name is None:
            return self._ask_which(slot, known.alike(names, taken))
        slot.wanted = name
        try:
            slot.open(names)
        except MidiError:
            return []  # not yet
        self._unsure.discard(slot)
        self._found(slot)
        return [f"{slot.label!r} is back" + (f" as {name!r}" if name != slot.label else "")]

    def _ask_which(self, slot: Slot, alike: Sequence[str]) -> list[str]:
        """The line that says once that several ports may be the one that was lost."""
        if not alike or slot in self._unsure:
            return []
        self._unsure.add(slot)
        return [which_of(slot.label, alike)]

    def close(self) -> None:
        """Delete the clients that list the ports."""
        for lister in self._listers.values():
            lister.delete()


class PortMonitor:
    """Looks after the slots that are put into `slots` before `open`; for the main thread only.

    Args:
        api: the MIDI system.
        time: the clock of what is received.
        watch: the watcher of a JACK server, which is replaced along with the server; None: names
            are all that is known of ports.
        host: the process that has the ports on that server.
        lost: called with each slot that lost its port, or the port at its other end.
        found: called with each slot that is as it was again.
        joined: called with each slot that a port is connected with for the first time.
    """

    def __init__(
        self,
        api: str,
        time: Time,
        watch: JackWatch | None,
        host: JackHost | None,
        *,
        lost: Notice,
        found: Notice,
        joined: Notice,
    ) -> None:
        self.slots: list[Slot] = []
        self._sides: list[JackSlot] = []  # clients without a port: of the transport
        self._api = api
        self._time = time
        self._watch = watch
        self._host = host
        self._lost, self._found, self._joined = lost, found, joined
        self._cables = Cables()
        self._keeper: JackKeeper | None = None
        self._poll: PortPoll | None = None
        self._disturbed = 0
        self._left = False  # the ports of a server that is gone have been given up

    @property
    def tells(self) -> bool:
        """Whether it is known who is connected with a virtual port."""
        return self._watch is not None

    @property
    def period(self) -> float | None:
        """The JACK server's period in seconds, if there is one."""
        return self._watch.period if self._watch is not None else None

    @property
    def gone(self) -> bool:
        """Whether the server is gone or hangs. Any thread may ask, at no cost."""
        return self._watch is not None and self._watch.gone

    def open(self) -> None:
        """Open every slot and begin to look after them.

        Raises:
            MidiError: one can't be opened.
        """
        if self._watch is None:
            names = list_ports(self._api)
            for slot in self.slots:
                slot.open(names.inputs if slot.kind == "MidiIn" else names.outputs)
            self._poll = PortPoll(self._api, self.slots, lost=self._lost, found=self._found)
        else:
            self._keeper = JackKeeper(
                self._watch,
                self.slots,
                self._cables,
                lost=self._lost,
                found=self._found,
                joined=self._joined,
            )
            for slot in self.slots:
                self._keeper.open(slot)
            self._keeper.start()
            for side in self._sides:
                side.open()

    def add_side(self, side: JackSlot) -> None:
        """Open a client without a port on the JACK server, and again on each next one.

        Raises:
            MidiError: it can't be opened.
        """
        side.open()
        self._sides.append(side)

    def lost(self) -> str | None:
        """Why all ports are lost, in one line, or None; ask about twice a second."""
        return self._watch.lost() if self._watch is not None else None

    def leave(self) -> bool:
        """Give up the ports of a server that went away; returns whether that was done just now.

        The ports of a server that only hangs are kept: it comes back by itself.
        """
        watch = self._watch
        if watch is None or self._left or watch.stalled or watch.lost() is None:
            return False
        self._left = True
        if self._host is not None:
            self._host.kill()
        for slot in (*self.slots, *self._sides):
            slot.abandon()
        watch.close()
        self._cables.lose()
        return True

    def come_back(self) -> None:
        """Open what was given up on the next server, if there is one, and connect it as before."""
        if not self._left:
            return
        try:
            self._watch = JackWatch(self._time)
        except OSError:
            return
        self._left = False
        with contextlib.suppress(MidiError):  # it went away again, or the next poll mends it
            self.open()

    def poll(self) -> list[str]:
        """Mend what came and went; called about twice a second while nothing is lost.

        Returns what a person should know, a line each.
        """
        if self._keeper is not None:
            return self._keeper.poll()
        return self._poll.poll() if self._poll is not None else []

    def dropped(self) -> bool:
        """Whether messages may have been lost, with a JACK cycle, since this was last asked."""
        disturbed = self._watch.disturbed if self._watch is not None else 0
        before, self._disturbed = self._disturbed, disturbed
        return disturbed > before

    def sources(self) -> frozenset[str]:
        """The names of the ports that can be read now; asked about once a second."""
        if self._watch is not None:
            return frozenset(self._watch.midi_ports())
        return self._poll.sources() if self._poll is not None else frozenset()

    def used(self) -> frozenset[str]:
        """The names of the ports of others that we are connected with, or are to be."""
        if self._watch is not None:
            return self._cables.ends()
        return frozenset(slot.wanted for slot in self.slots if slot.wanted is not None)

    def seen(self) -> list[SeenPort]:
        """The MIDI ports of a JACK server."""
        return self._watch.seen() if self._watch is not None else []

    def wish(self, client: str, port: str, *, speaks: bool) -> None:
        """Have `port` connected with the slots of a client of ours, to which ours `speaks`."""
        for slot in self.slots:
            if slot.client == client and slot.wanted is None and slot.own:
                self._cables.wish((slot.own, port) if speaks else (port, slot.own))

    def close(self) -> None:
        """Close the ports, whatever state they are in; no thread may be sending or reading."""
        if self._host is not None and self.gone:
            self._host.kill()  # libjack would wait for the server's answer, or for ever
        slots, self.slots, self._sides = [*self._sides, *self.slots], [], []
        for slot in slots:
            slot.close()
        if self._host is not None:
            self._host.stop()
        if self._poll is not None:
            self._poll.close()
        if self._watch is not None:
            self._watch.close()
