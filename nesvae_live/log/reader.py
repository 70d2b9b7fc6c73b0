"""A whole log as a jam: lines that can't be read are left out, and the jam says so."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from math import inf

from nesvae_live import NesvaeError
from nesvae_live.log.codec import line_to_entry, line_to_record
from nesvae_live.log.entries import VERSION, Closed, Entry, Opened
from nesvae_live.log.jam import Jam
from nesvae_live.log.names import FORMAT

REPLAY_ONLY = (b'{"kind":"stepped"', b'{"kind":"answered"')
"""The beginnings of lines that only a replay needs."""

LAST_LINES = 8
"""How many of those are kept: enough that some are whole where a crash garbled the end."""

METER = re.compile(r"[1-9][0-9]?/(1|2|4|8|16|32)")


class JamError(NesvaeError):
    """A log can't be read: it is damaged, foreign or of another version; one line says which."""


def lines_to_jam(lines: Iterable[bytes], leave_out: tuple[bytes, ...] = REPLAY_ONLY) -> Jam:
    """Read a whole log; a line that is no entry is left out and mentioned in `cut`.

    Args:
        lines: the log's lines.
        leave_out: lines with one of these beginnings are skipped. Of a jam that was not closed the
            last of them are read, because they tell until when it went on.

    Raises:
        JamError: the first line does not open a jam, or another version of the program wrote it.
    """
    numbered = enumerate(lines, 1)
    opened = line_to_opened(next(numbered, (1, b""))[1])
    entries: list[Entry] = []
    first_fault, n_faults = "", 0
    passed: deque[bytes] = deque(maxlen=LAST_LINES)
    for number, line in numbered:
        if line.startswith(leave_out):
            passed.append(line)
            continue
        try:
            entries.append(line_to_entry(line))
        except ValueError as error:
            n_faults += 1
            first_fault = first_fault or f"line {number}: {error}"
    cut = []
    if n_faults:
        cut.append(f"{n_faults} line(s) could not be read, the first is {first_fault}")
    if not any(isinstance(entry, Closed) for entry in entries):
        cut.append("the jam was not closed")
        for line in passed:
            with suppress(ValueError):
                entries.append(line_to_entry(line))
    return Jam(opened, tuple(entries), "; ".join(cut) or None)


def entries_of(lines: Iterable[bytes], leave_out: tuple[bytes, ...]) -> Iterator[Entry]:
    """The entries of lines as they come, without those with one of these beginnings.

    What can't be read is left out in silence.
    """
    for line in lines:
        if line.startswith(leave_out):
            continue
        with suppress(ValueError):
            yield line_to_entry(line)


def line_to_opened(line: bytes) -> Opened:
    """Read a log's first line.

    Raises:
        JamError: it does not open a jam, or another version of the program wrote it.
    """
    try:
        record = line_to_record(line)
    except ValueError:
        record = {}
    version = record.get("version")
    if record.get("format") != FORMAT or not isinstance(version, int):
        raise JamError("not a jam log of nesvae_live: its first line does not open one")
    if version != VERSION:
        what = "update nesvae_live" if version > VERSION else "an early draft wrote it"
        raise JamError(
            f"a jam log of version {version}, and this program reads {VERSION}: {what}; "
            "the take's WAV and MIDI file play anywhere"
        )
    try:
        return _checked(line_to_entry(line))
    except ValueError as error:
        raise JamError(f"the jam log's first line is damaged: {error}") from None


def _checked(entry: Entry) -> Opened:
    if not isinstance(entry, Opened):
        raise ValueError("it opens nothing")  # noqa: TRY004 - it is the line that is wrong
    for name in ("tempo", "beats_per_bar", "sample_rate"):
        if not 0 < getattr(entry, name) < inf:
            raise ValueError(f"{name} {getattr(entry, name)} is not above 0")
    if not METER.fullmatch(entry.meter):
        raise ValueError(f"meter {entry.meter!r} is not like 4/4")
    return entry
