"""The cables on our ports under JACK: which were pulled out, and which only lost their other end."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nesvae_live.io.portname import KnownPort

Cable = tuple[str, str]
"""The full names of the sending port and of the receiving one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed since the last comparison.

    `new` are cables never seen before, `lost` those that lost their other end, `connect` those
    that are to be connected again; `gone` and `back` are ports at the other end. `renamed` are such
    ports that have another full name, old and new, and `unsure` those that may be any of several.
    """

    new: tuple[Cable, ...] = ()
    lost: tuple[Cable, ...] = ()
    connect: tuple[Cable, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    unsure: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Cables:
    """Remembers the cables that are plugged into our ports.

    A cable that disappears while both of its ends are there, and still are at the next comparison,
    was unplugged by somebody, and is forgotten: a server takes a client's cables away before its
    ports, and one may look in between. One that lost an end is kept, and is to be connected again
    as soon as both ends are there, under whatever number (see `KnownPort`).
    """

    def __init__(self) -> None:
        self._out: dict[Cable, bool] = {}  # every cable, and whether it lost an end
        self._pulled: set[Cable] = set()  # disappeared at the last comparison, with both ends there
        self._missed: set[str] = set()  # ports whose absence has been reported
        self._known: dict[str, KnownPort] = {}  # every port that isn't ours
        self._wished: set[Cable] = set()  # of `_out`, what was never plugged in yet
        self._unsure: set[str] = set()  # ports that may be one of several, as was reported

    def ends(self) -> frozenset[str]:
        """Every port that is plugged in, or is to be as soon as it is there; ours too."""
        return frozenset(end for cable in self._out for end in cable)

    def want(self, cable: Cable) -> None:
        """Have a cable connected as soon as both ends are there."""
        self._out.setdefault(cable, True)

    def wish(self, cable: Cable) -> None:
        """The same for a port that may never have been there, under a name without numbers."""
        if cable not in self._out:
            self.want(cable)
            self._wished.add(cable)

    def made(self, cable: Cable) -> bool:
        """A cable was plugged in by us; returns whether it had been wished for."""
        wished = cable in self._wished
        self._wished.discard(cable)
        return wished

    def lose(self, port: str | None = None) -> None:
        """Our `port` was closed, or (None) the server ended: nobody unplugged the cables."""
        self._out |= {cable: True for cable in self._out if port is None or port in cable}
        if port is None:  # one line has been said of them all
            self._missed.clear()

    def compare(
        self, ours: AbstractSet[str], there: AbstractSet[str], plugged: AbstractSet[Cable]
    ) -> Change:
        """Compare with what there is now: our ports, all ports, and all cables on ours."""
        new = sorted(plugged - self._out.keys())
        self._out |= dict.fromkeys(plugged, False)
        renamed, unsure = self._find_again(ours, there)
        lost, connect = [], []
        before, self._pulled = self._pulled, set()
        for cable in sorted(self._out.keys() - plugged):
            out = self._out[cable]
            if not there >= {*cable}:
                self._out[cable] = True
                lost += [] if out else [cable]
            elif out:
                connect.append(cable)
            elif cable in before:
                del self._out[cable]
            else:
                self._pulled.add(cable)
        ends = {end for cable in lost for end in cable} - there - ours
        gone, back = ends - self._missed, self._missed & there
        self._missed = self._missed - back | gone
        return Change(
            tuple(new),
            tuple(lost),
            tuple(connect),
            tuple(sorted(gone)),
            tuple(sorted(back)),
            renamed,
            unsure,
        )

    def rename(self, old: str, new: str) -> None:
        """A port was given another name by its owner; its cables stayed plugged in."""
        moved = {cable: out for cable, out in self._out.items() if old in cable}
        for cable, out in moved.items():
            del self._out[cable]
            source, target = (new if end == old else end for end in cable)
            self._out.setdefault((source, target), out)
            if cable in self._wished:
                self._wished.remove(cable)
                self._wished.add((source, target))
        self._known.pop(old, None)

    def _find_again(
        self, ours: AbstractSet[str], there: AbstractSet[str]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, tuple[str, ...]], ...]]:
        """Look for ports that are back under another number: as `Change` has it."""
        ends = {end for cable in self._out for end in cable} - ours
        self._known = {end: self._known.get(end) or KnownPort(end) for end in sorted(ends)}
        renamed, unsure, taken = [], [], ends & there | ours
        for end, known in list(self._known.items()):
            name = known.find(there, taken - {end})
            if name is not None and name != end:
                cables = [cable for cable in self._out if end in cable]
                awaited = not self._wished.issuperset(cables)
                self.rename(end, name)
                self._known[name] = known
                self._missed.discard(end)
                pairs = [(name if a == end else a, name if b == end else b) for a, b in cables]
                self._out |= dict.fromkeys(pairs, True)
                taken = taken | {name}
                renamed += [(end, name)] if awaited else []
            elif name is None and end not in self._unsure and (alike := known.alike(there, taken)):
                unsure.append((end, tuple(alike)))
        self._unsure = (self._unsure | {end for end, _ in unsure}) & ends - there
        return tuple(renamed), tuple(unsure)
