"""The lines of a log, as its entries come."""

from __future__ import annotations

from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Entry, Noted, Opened
from nesvae_live.log.tally import Tally


class LogLines:
    """Makes lines of entries: `Opened` first, and before what begins a bar how everything stands."""

    def __init__(self) -> None:
        self._opened: Opened | None = None
        self._early: list[Entry] = []  # what came before the jam was opened
        self._tally: Tally | None = None

    @property
    def begun(self) -> bool:
        """Whether the jam was opened: until then there are no lines."""
        return self._opened is not None

    @property
    def bar(self) -> int:
        """The last bar that has begun (-1: none has)."""
        return -1 if self._tally is None else self._tally.bar

    def take(self, entry: Entry) -> list[bytes]:
        """The lines to be written next, each with its end.

        Raises:
            TypeError, ValueError: it is the `Opened`, and can't be written; a log is nothing
                without it. Of another entry that can't be, the log says so.
        """
        if self._opened is None or self._tally is None:
            if not isinstance(entry, Opened):
                self._early.append(entry)
                return []
            first = entry_to_line(entry, entry.at)
            self._opened, self._tally = entry, Tally(entry)
            early, self._early = self._early, []
            for each in early:
                self._tally.take(each)
            return [first, *map(self._line, early)]
        barred = self._tally.begins(entry)
        self._tally.take(entry)
        lines = [barred, entry] if barred else [entry]
        return [self._line(each) for each in lines]

    def _line(self, entry: Entry) -> bytes:
        assert self._opened
        try:
            return entry_to_line(entry, self._opened.at)
        except (KeyError, TypeError, ValueError) as error:
            text = f"an entry could not be written ({error!r}): {entry!r}"
            return entry_to_line(Noted(self._opened.at, text), self._opened.at)
