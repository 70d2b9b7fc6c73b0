"""Which ports of other programs ours may be connected with, by what their names say.

Nothing is connected here: what is found is proposed to a person (see `app.wiring`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from nesvae_live.io.matching import means
from nesvae_live.io.portname import plain_name

CONTROLLER, CLOCK, NOTES = ROLES = ("controller", "clock", "notes")
"""What a connection is for: knobs and the clock come in, notes go out."""

CONNECT = ("ask", "yes", "no")
"""What to do about connections: ask on a terminal, make all that are proposed, or make none."""

OURS = re.compile(r"nesvae_live")
CLOCKS = re.compile(r"clock|mclk", re.IGNORECASE)
NO_KEYS = re.compile(r"through|clock|mclk|\b(?:mtc|mmc|ltc)\b|transport", re.IGNORECASE)
"""Of ports that are no controller's, whatever else they are."""

NO_SYNTH = re.compile(
    r"through|clock|control|monitor|scene|\b(?:mtc|mmc|ltc)\b|transport|keyboard", re.IGNORECASE
)
"""Of inputs that take no notes, as Ardour has some."""


@dataclass(frozen=True, slots=True)
class SeenPort:
    """A MIDI port on the server: whether others read it (`speaks`), and whether it is hardware."""

    name: str
    speaks: bool
    physical: bool = False

    @property
    def client(self) -> str:
        """Whose it is."""
        return self.name.split(":", 1)[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Ports that may be connected, all for one purpose and with one question."""

    role: str
    ports: tuple[str, ...]

    @property
    def question(self) -> str:
        """What a person is asked."""
        names = ", ".join(map(repr, self.ports))
        match self.role:
            case "controller":
                return f"let {names} turn the knobs?"
            case "clock":
                return f"follow the clock of {names}?"
            case _:
                return f"send the notes to {names}?"


def propose(
    ports: Iterable[SeenPort],
    known: Collection[str],
    *,
    roles: Collection[str] = ROLES,
    settled: Collection[str] = (),
) -> list[Proposal]:
    """What may be connected: controllers, then clocks, then whoever takes notes.

    Args:
        ports: the MIDI ports that there are.
        known: parts of the names of known controllers' ports.
        roles: what is wanted at all.
        settled: names of ports about which there is nothing to ask any more.
    """
    plain = {plain_name(name) for name in settled}
    open_ports = [
        port
        for port in sorted(ports, key=lambda port: port.name)
        if not OURS.search(port.name) and plain_name(port.name) not in plain
    ]
    speakers = [port for port in open_ports if port.speaks]
    found = []
    if CONTROLLER in roles:
        hands = [port for port in speakers if any(means(part, port.name) for part in known)]
        hands += [port for port in speakers if port.physical and not NO_KEYS.search(port.name)]
        found += [Proposal(CONTROLLER, (name,)) for name in dict.fromkeys(p.name for p in hands)]
    if CLOCK in roles:
        clocks = [port.name for port in speakers if CLOCKS.search(port.name)]
        found += [Proposal(CLOCK, (name,)) for name in clocks]
    if NOTES in roles:
        takers: dict[str, list[str]] = {}
        for port in open_ports:
            if not port.speaks and not NO_SYNTH.search(port.name):
                takers.setdefault(port.client, []).append(port.name)
        found += [Proposal(NOTES, tuple(names)) for names in takers.values()]
    return found


def remembered(connections: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """The connections of a preset, as (role, name of the port)."""
    return [(role, name) for role in ROLES for name in connections.get(role, ())]
