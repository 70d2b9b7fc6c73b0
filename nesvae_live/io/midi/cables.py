"""Which ports were connected with ours: a cable whose other end comes back is plugged in again.

Nothing here asks the server: what there is comes in, what is to be done goes out.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

Cable = tuple[str, str]
"""The full names of the port that speaks and of the one that hears."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a look found.

    Cables never seen before, cables that lost their other end since the last look, cables to be
    plugged in again; and the ports at the other end that went away, and that came back.
    """

    new: tuple[Cable, ...] = ()
    lost: tuple[Cable, ...] = ()
    connect: tuple[Cable, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class Cables:
    """Remembers the cables that hang on our ports.

    A cable of which both ends are there was pulled out by somebody, and is forgotten. One that
    lost an end is kept, and is to be plugged in again as soon as both ends are there.
    """

    def __init__(self) -> None:
        self._out: dict[Cable, bool] = {}  # every cable, and whether it lost an end
        self._missed: set[str] = set()  # ports whose absence has been told

    def want(self, cable: Cable) -> None:
        """Plug it in as soon as both ends are there."""
        self._out.setdefault(cable, True)

    def lose(self, port: str | None = None) -> None:
        """Our `port` was closed, or the server ended, and with it every port: nobody pulled them."""
        self._out |= {cable: True for cable in self._out if port is None or port in cable}
        if port is None:  # one line was said of all
            self._missed.clear()

    def look(
        self, ours: AbstractSet[str], there: AbstractSet[str], plugged: AbstractSet[Cable]
    ) -> Change:
        """Compare with what there is now: our ports, all ports, and all cables on ours."""
        new = sorted(plugged - self._out.keys())
        self._out |= dict.fromkeys(plugged, False)
        lost, connect = [], []
        for cable in sorted(self._out.keys() - plugged):
            out = self._out[cable]
            if not there >= {*cable}:
                self._out[cable] = True
                lost += [] if out else [cable]
            elif out:
                connect.append(cable)
            else:
                del self._out[cable]
        ends = {end for cable in lost for end in cable} - there - ours
        gone, back = ends - self._missed, self._missed & there
        self._missed = self._missed - back | gone
        return Change(
            tuple(new), tuple(lost), tuple(connect), *map(tuple, map(sorted, (gone, back)))
        )
