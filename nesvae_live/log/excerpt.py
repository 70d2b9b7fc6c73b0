"""Some bars of a take, read without the rest of its log.

A bar is found by bisection, because the log has the state of everything where a bar begins. A note
that was held over the first bar line is struck on it; one held over the last bar line ends there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import BinaryIO

from nesvae_live.clock.timing import EPSILON
from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import (
    Barred,
    Clocked,
    Closed,
    Entry,
    Heard,
    Opened,
    Rendered,
    Sent,
    Silenced,
    Sounded,
    Turned,
)
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import REPLAY_ONLY, JamError, entries_of, line_to_opened
from nesvae_live.log.tally import Tally, events_of

HEARD = b'{"kind":"heard"'
BARRED = b'{"kind":"barred"'
FEW_BYTES = 1 << 16
"""Within so many bytes the search reads line after line."""

AFTER_SECONDS = 0.5
"""Seconds within which the chip takes what was sent."""

STRUCK = -1_000_000
"""The number of the first event that is struck on the first bar line."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bars of a take as a jam of their own, and which samples of the take's WAV are theirs."""

    jam: Jam
    first_sample: int
    end_sample: int


def read_excerpt(log: Path, first_bar: int, last_bar: int) -> Excerpt:
    """Read bars `first_bar` to `last_bar`, counted from 1, both included.

    Raises:
        JamError: it is no log that can be read, or it has no such bars.
    """
    try:
        with log.open("rb") as file:
            opened = line_to_opened(file.readline())
            begin, end = ((bar * opened.beats_per_bar) for bar in (first_bar - 1, last_bar))
            _seek(file, file.tell(), first_bar - 1)
            tally = Tally(opened)
            entries = _window(entries_of(file, (*REPLAY_ONLY, HEARD)), tally, begin, end)
    except OSError as error:
        raise JamError(f"{log}: {error.strerror}") from None
    except JamError as error:
        raise JamError(f"{log}: {error}") from None
    if not entries:
        raise JamError(f"{log}: nothing was played from bar {first_bar} on")
    excerpt = _excerpt(opened, tally, entries, begin, end)
    return replace(excerpt, jam=replace(excerpt.jam, first_bar=first_bar))


def _seek(file: BinaryIO, start: int, bar: int) -> None:
    """Seek the line where the last bar up to `bar` begins, or `start` if there is none."""
    found, low, high = start, start, file.seek(0, os.SEEK_END)
    while high - low > FEW_BYTES:
        middle = (low + high) // 2
        at, barred = _next_bar(file, middle, high)
        if barred is None or barred.bar > bar:
            high = middle
        else:
            found = low = at
    at = found
    while True:
        at, barred = _next_bar(file, at + 1 if at > start else at, high)
        if barred is None or barred.bar > bar:
            break
        found = at
    file.seek(found)


def _next_bar(file: BinaryIO, start: int, end: int) -> tuple[int, Barred | None]:
    """The first bar that begins after the line at `start`, and where; None: none before `end`."""
    file.seek(start)
    at = start + len(file.readline())
    while at < end and (line := file.readline()):
        if line.startswith(BARRED):
            try:
                entry = line_to_entry(line)
            except ValueError:
                entry = None
            if isinstance(entry, Barred):
                return at, entry
        at += len(line)
    return end, None


def _window(entries: Iterator[Entry], tally: Tally, begin: float, end: float) -> list[Entry]:
    """The entries from beat `begin` to `end`; the tally is left at `begin`."""
    window: list[Entry] = []
    over_at = None
    for entry in entries:
        if isinstance(entry, Barred) and (window or tally.bar >= 0):
            continue
        if not window:
            if isinstance(entry, Closed):
                break
            if not (isinstance(entry, Sent) and entry.beat >= begin - EPSILON):
                tally.take(entry)
                continue
        if isinstance(entry, Sent) and entry.beat >= end - EPSILON and over_at is None:
            over_at = entry.at
        window.append(entry)
        if over_at is not None and getattr(entry, "at", 0.0) > over_at + AFTER_SECONDS:
            break
    return window


def _excerpt(
    opened: Opened, tally: Tally, entries: list[Entry], begin: float, end: float
) -> Excerpt:
    line, rate = tally.line, opened.sample_rate
    start = line.at + (begin - line.beat) * line.beat_seconds
    sent_at = {e.n: e.at for e in entries if isinstance(e, Sent)}
    offsets = [
        e.sample - (sent_at[e.first] - start) * rate
        for e in entries
        if isinstance(e, Sounded) and e.first in sent_at
    ]
    first_sample = round(median(offsets[:16])) if offsets else round(start * rate)
    closed = next((e for e in entries if isinstance(e, Closed)), None)
    end = end if closed is None else min(end, max(closed.beat, begin))
    inside = [
        _moved(e, start, begin, first_sample)
        for e in entries
        if not isinstance(e, Closed | Rendered | Heard) and getattr(e, "beat", begin) < end
    ]
    struck = events_of(tally.stand(tally.bar))
    before: list[Entry] = [
        Clocked(0.0, 0.0, line.beat_seconds, runs=True),
        *(Turned(0.0, knob, value) for knob, value in tally.knobs.items()),
        *(Sent(0.0, 0.0, event, STRUCK + i) for i, event in enumerate(struck)),
    ]
    before += [Sounded(0, STRUCK, len(struck))] if struck else []
    head = replace(opened, at=0.0, tempo=60.0 / line.beat_seconds, setup={})
    jam = Jam(head, (*before, *inside))
    seconds = jam.time_of(end - begin)
    whole = Jam(head, (*before, *inside, Closed(seconds, end - begin, "the excerpt ends")))
    return Excerpt(whole, first_sample, first_sample + round(seconds * rate))


def _moved(entry: Entry, start: float, begin: float, first_sample: int) -> Entry:
    """An entry as if the jam had begun at `start` seconds, on beat `begin`."""
    changes: dict[str, float] = {}
    if isinstance(entry, Sounded | Silenced):
        return replace(entry, sample=max(0, entry.sample - first_sample))
    if hasattr(entry, "at"):
        changes["at"] = max(0.0, entry.at - start)
    if hasattr(entry, "beat"):
        changes["beat"] = max(0.0, entry.beat - begin)
    return replace(entry, **changes)  # type: ignore[arg-type]
