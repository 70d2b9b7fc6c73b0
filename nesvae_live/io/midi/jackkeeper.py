"""Keeps our ports on a JACK server as they were: open, connected, and receiving.

RtMidi notices neither that a port at the other end went away nor that its own input has become
deaf, as it does under JACK after a sysex without an end. So the connections are polled, and each
input is sent an active sensing message, which has no effect, to see whether it arrives. A
connection is made again as soon as its other end is back (see `Cables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.midi.cables import Cable, Cables
from nesvae_live.io.midi.jackwatch import JackWatch
from nesvae_live.io.midi.ports import MidiError
from nesvae_live.io.midi.slot import ACTIVE_SENSING, Slot
from nesvae_live.io.portname import which_of

CHECK_CLIENT, CHECK_PORT = "nesvae_live_check", "nesvae_live check"

DEAF_POLLS = 3
"""After so many polls without an answer to the last check an input counts as deaf."""

REOPEN_POLLS = 5
"""After so many it is reopened; whoever sends a long sysex on purpose has ended it by then."""

Notice = Callable[[Slot], None]
"""Called with a port of ours."""


class JackKeeper:
    """Looks after the slots, all of which are open; for the main thread only.

    Args:
        watch: the server's watcher.
        slots: our ports, in the order in which they were opened.
        cables: what was connected with them, even before the server came back.
        time: the clock of what is received.
        lost: called with each slot that lost a port at its other end.
        found: called with each slot that is as it was again.
        joined: called with each slot that a port is connected with for the first time.
    """

    def __init__(
        self,
        watch: JackWatch,
        slots: Sequence[Slot],
        cables: Cables,
        time: Time,
        *,
        lost: Notice,
        found: Notice,
        joined: Notice,
    ) -> None:
        self._watch = watch
        self._slots = slots
        self._cables = cables
        self._time = time
        self._lost, self._found, self._joined = lost, found, joined
        self._check = Slot("jack", "MidiOut", CHECK_CLIENT, CHECK_PORT)
        self._checked_at = 0.0
        self._missed_checks: dict[Slot, int] = {}
        self._deaf: set[Slot] = set()
        self._fresh: list[tuple[Notice, Slot]] = []

    def open(self, slot: Slot) -> None:
        """Open a slot as a port of ours, and learn its full name: JACK may number the client.

        Raises:
            MidiError: it can't be opened.
        """
        before = self._watch.midi_ports()
        slot.open()
        names = sorted(self._watch.midi_ports() - before)
        slot.own = next((name for name in names if name.startswith(slot.client)), "")
        if slot.wanted is not None and slot.own:
            speaks = slot.kind == "MidiOut"
            self._cables.want((slot.own, slot.wanted) if speaks else (slot.wanted, slot.own))

    def start(self) -> None:
        """Open the port that checks the inputs, and make the connections that are wanted."""
        self.open(self._check)
        self.poll(eager=False)

    def poll(self, *, eager: bool) -> list[str]:
        """Mend what can be mended; returns what a person should know, a line each.

        `eager`: reopen at once an input that did not receive the last check.
        """
        lines = self._mend_ports() + self._mend_cables()
        return lines + self._check_inputs(eager=eager)

    def close(self, *, abandon: bool) -> None:
        """Close the port that checks the inputs, or abandon it."""
        self._check.abandon() if abandon else self._check.close()

    def _mend_ports(self) -> list[str]:
        """Reopen what the server threw out, as it does with a client that was too slow."""
        there = self._watch.midi_ports()
        lines = []
        for slot in (*self._slots, self._check):
            if slot.own in there:
                continue
            slot.abandon()
            self._cables.lose(slot.own)
            self._try_open(slot)
            if slot is not self._check:
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
        plugged = {cable for cable in plugged if self._check.own not in cable}
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
        lines = [f"{name!r} is gone: the music goes on until it is back" for name in change.gone]
        lines += [f"{name!r} is back" for name in change.back]
        lines += [f"{old!r} is back as {new!r}" for old, new in change.renamed]
        lines += [
            f"{a!r} is connected with {b!r}" for a, b in connected if self._cables.made((a, b))
        ]
        return lines + [which_of(name, alike) for name, alike in change.unsure]

    def _follow_name(self, old: str, new: str) -> None:
        for slot in self._slots:
            slot.wanted = new if slot.wanted == old else slot.wanted

    def _check_inputs(self, *, eager: bool) -> list[str]:
        lines = []
        for slot in self._slots:
            if slot.kind != "MidiIn" or not slot.own:
                continue
            lines += self._judge(slot, eager=eager)
            self._watch.connect(self._check.own, slot.own)
        self._checked_at = self._time.now()
        self._check.send((ACTIVE_SENSING,))
        return lines

    def _judge(self, slot: Slot, *, eager: bool) -> list[str]:
        """Report whether an input receives the checks; reopen one that has missed too many."""
        if slot.received_at >= self._checked_at:
            self._missed_checks[slot] = 0
            if slot not in self._deaf:
                return []
            self._deaf.discard(slot)
            return [f"{slot.label!r} receives again"]
        self._missed_checks[slot] = missed = self._missed_checks.get(slot, 0) + 1
        lines = []
        if missed == DEAF_POLLS:
            self._deaf.add(slot)
            lines.append(
                f"{slot.label!r} receives nothing: a sysex on it has no end; the music goes on, "
                "and the port is reopened (at once with panic)"
            )
        if eager or missed >= REOPEN_POLLS:
            slot.close()
            self._cables.lose(slot.own)
            self._try_open(slot)
            self._missed_checks[slot] = 0
            lines += self._mend_cables()
        return lines

    def _try_open(self, slot: Slot) -> None:
        try:
            self.open(slot)
        except MidiError:
            slot.own = ""  # the next poll tries again


def _of(slot_of: Mapping[str, Slot], cables: Iterable[Cable]) -> list[Slot]:
    """The slots that the cables are plugged into, each once."""
    return list(dict.fromkeys(slot_of[end] for cable in cables for end in cable if end in slot_of))
