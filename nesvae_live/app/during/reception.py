"""The reception: answers what is asked beside the music, for whichever session plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nesvae_live.app.during.choices import Chooser
from nesvae_live.engine.live.protocols import Encode
from nesvae_live.io.remote.asides import NOBODY, Desk, Snapshots, Tuples
from nesvae_live.io.remote.server import Look, nobody_to_look_at
from nesvae_live.music.capture import checked_phrase


class Reception:
    """Stands before a session's lookout, encoder and takes; any thread may ask."""

    def __init__(self, chooser: Chooser) -> None:
        self._look: Look = nobody_to_look_at
        self._encoder: Encode | None = None
        self._again = NOBODY.again
        self._snapshots, self._keep = NOBODY.snapshots, NOBODY.keep
        self.desk = Desk(
            self.find, self.again, chooser.choices, chooser.choose, self.snapshots, self.keep
        )

    def attend(
        self,
        look: Look,
        encoder: Encode,
        again: Callable[[str | None], Mapping[str, Any]],
        snapshots: Callable[[], Snapshots],
        keep: Callable[[], None],
    ) -> None:
        """Ask these from now on."""
        self._look, self._encoder, self._again = look, encoder, again
        self._snapshots, self._keep = snapshots, keep

    def look(self, after: int, snapshots: bool) -> Mapping[str, Any]:
        """How everything stands."""
        return self._look(after, snapshots)

    def find(self, tuples: Tuples) -> Sequence[float]:
        """Where a phrase lies on the map, `[8 + U]`; nothing is kept between two calls.

        Raises:
            ValueError: it is no phrase, or nobody plays; one line.
        """
        if self._encoder is None:
            return NOBODY.find(tuples)
        return [float(x) for x in self._encoder.encode(checked_phrase(tuples))]

    def again(self, name: str | None) -> Mapping[str, Any]:
        """Let a take be heard."""
        return self._again(name)

    def snapshots(self) -> Snapshots:
        """Those that there are."""
        return self._snapshots()

    def keep(self) -> None:
        """Write them to their file.

        Raises:
            ValueError: that can't be done; one line.
        """
        self._keep()
