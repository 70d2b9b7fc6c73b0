"""Compares what a case of `bench timing` meant to do with what the listener received."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median

from nesvae_live.bench.listener import CLOCK, NOTES, SOURCE, Caught, Turn
from nesvae_live.bench.play import Meant
from nesvae_live.bench.server import BenchError
from nesvae_live.clock.follower import Status
from nesvae_live.clock.timing import CLOCKS_PER_BEAT

MOST_LOST = 8
"""How many notes of a channel in a row can be lost with late cycles of the server."""

HELD_SECONDS = 1.0
"""For so long a server or a listener may be held up: more notes are lost then, or come again."""

MOST_TURNS = 900
"""And how many turns of knobs: no two of so many are alike."""

SOONER_SECONDS = 0.05
"""No note comes before its time, but after a late cycle the server's times are off by as much."""

AGAIN_SECONDS = 0.03
"""Within this time a listener that was late gets a block again; no note is as short."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How `n` durations are spread, in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float


def spread(milliseconds: Iterable[float]) -> Spread | None:
    """How durations are spread; None if there are none."""
    ordered = sorted(milliseconds)
    if not ordered:
        return None
    last = len(ordered) - 1
    at = (round(ordered[round(share * last)], 3) for share in (0.5, 0.95, 0.99, 1.0))
    return Spread(len(ordered), *at)


def match_notes(
    meant: Meant, caught: Sequence[Caught], port: str = NOTES
) -> list[tuple[float, float, Caught]]:
    """(due time, beat, what was received) of each note that came on a port, channel by channel.

    Notes that were sent before the listener listened, silenced, or lost with a cycle of the server
    have no match, and those that were received twice have one. Of equal notes, the one is taken
    whose lateness is nearest to that of the note before.

    Raises:
        BenchError: a note came that was not played.
    """
    heard: Mapping[int, list[Caught]] = defaultdict(list)
    for item in caught:
        if item.port == port and item.data[0] & 0xF0 == 0x90 and item.data[2] > 0:
            struck = heard[item.data[0] & 0x0F]
            same = struck and item.data == struck[-1].data
            if not same or item.at >= struck[-1].at + AGAIN_SECONDS:
                struck.append(item)
    matched = []
    for channel, items in heard.items():
        due = [note for note in meant.notes if note[2] == channel]
        first, end, late = 0, len(due), 0.0
        for item in items:
            lateness = {
                i: behind
                for i, behind in _lateness(item, due, range(first, end)).items()
                if behind >= -SOONER_SECONDS
            } or {
                i: behind
                for i, behind in _lateness(item, due, range(len(due))).items()
                if abs(behind) < HELD_SECONDS
            }
            if not lateness:
                raise BenchError(
                    f"note {item.data[1]} came on channel {channel + 1} that was not played"
                )
            i = min(lateness, key=lambda i: abs(lateness[i] - late))
            if i < first:  # the listener was held up, and gets it again
                continue
            late = lateness[i]
            matched.append((due[i][0], due[i][1], item))
            first, end = i + 1, min(i + 2 + MOST_LOST, len(due))
    return matched


def _lateness(
    item: Caught, due: Sequence[tuple[float, float, int, int]], which: range
) -> dict[int, float]:
    """How late it would be as each of the notes that it may be."""
    return {i: item.at - due[i][0] for i in which if due[i][3] == item.data[1]}


def count_lost(meant: Meant, matched: Sequence[tuple[float, float, Caught]]) -> int:
    """How many notes between the first and the last that came did not, over all channels."""
    lost = 0
    for channel in {item.data[0] & 0x0F for _, _, item in matched}:
        came = [due for due, _, item in matched if item.data[0] & 0x0F == channel]
        lost -= len(came)
        lost += sum(n[2] == channel and came[0] <= n[0] <= came[-1] for n in meant.notes)
    return lost


def knob_latencies(meant: Meant, turned: Sequence[Turn]) -> list[float]:
    """From each turn at the port to the start of the first tuple decoded from it, in ms.

    A turn counts as taken when its message is stamped; a decode that was asked for after that
    reflects it, or a newer turn of the same knob.

    Raises:
        BenchError: a message came that was not sent.
    """
    decoded = sorted(meant.decoded)
    asked = [at for at, _ in decoded]
    starts = list(accumulate((start for _, start in reversed(decoded)), min))[::-1]
    latencies = []
    for taken, at in match_turns(meant, turned):
        first = bisect_left(asked, taken)
        if first < len(decoded):
            latencies.append(1e3 * (starts[first] - at))
    return latencies


def match_turns(meant: Meant, turned: Sequence[Turn]) -> list[tuple[float, float]]:
    """(when it was stamped, when it was turned) of each turn that the instrument received.

    One that the server lost is skipped, and so is one that it gave a late instrument again.

    Raises:
        BenchError: a message came that was not sent.
    """
    matched, first = [], 0
    sent = [turn for _, *turn in turned]
    for taken, *said in meant.turned:
        end = min(first + MOST_TURNS, len(sent))
        i = next((i for i in range(first, end) if sent[i] == said), None)
        if i is not None:
            matched.append((taken, turned[i][0]))
            first = i + 1
        elif said not in sent[max(first - MOST_TURNS, 0) : first]:
            raise BenchError("the instrument received what was not sent")
    return matched


def stamp_errors(meant: Meant, turned: Sequence[Turn]) -> list[float]:
    """How far the stamp of each turn lies from the frame at which it was written, in ms."""
    return [1e3 * abs(taken - at) for taken, at in match_turns(meant, turned)]


def clock_lateness(meant: Meant, caught: Sequence[Caught]) -> tuple[list[float], list[float]]:
    """How late clock messages came, and how far their intervals are from the median, in ms."""
    beat, at, beat_seconds = meant.lines[0]
    stamps = [item.at for item in caught if item.port == CLOCK and item.data[0] == Status.CLOCK]
    clock_seconds = beat_seconds / CLOCKS_PER_BEAT
    zero = at - beat * beat_seconds
    # A clock message is less than half an interval late; later ones count as the next.
    phases = [(stamp - zero) / clock_seconds for stamp in stamps]
    late = [1e3 * clock_seconds * (phase - round(phase)) for phase in phases]
    gaps = [1e3 * (after - before) for before, after in pairwise(stamps)]
    usual = median(gaps) if gaps else 0.0
    return late, [abs(gap - usual) for gap in gaps]


def phases(meant: Meant, caught: Sequence[Caught], rate: int) -> list[float]:
    """How far notes lie behind their place between the source's clocks, in ms, with sign."""
    lines: list[int] = []
    for item in caught:
        if item.port == SOURCE and item.data[0] == Status.START:
            lines = []
        elif item.port == SOURCE and item.data[0] == Status.CLOCK:
            lines.append(item.frame)
    found = []
    for _, beat, item in match_notes(meant, caught):
        clocks = beat * CLOCKS_PER_BEAT
        before = int(clocks)
        if before + 1 < len(lines):
            place = lines[before] + (clocks - before) * (lines[before + 1] - lines[before])
            found.append(1e3 * (item.frame - place) / rate)
    return found
