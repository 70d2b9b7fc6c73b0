"""What was heard of a note's pitch as a sequence of its instrument, in units of its period a tick.

Such a sequence says exactly what was heard, but for one pitch alone, where an effect says it for
each. So a module has them where effects come least near, as long as there are instruments left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.tracker.ftmtext import NAMES
from nesvae_live.chip.tracker.instruments import Bank, Shape
from nesvae_live.chip.tracker.lines import Line
from nesvae_live.chip.tracker.module import MOST_ITEMS
from nesvae_live.chip.tracker.pitches import period_of
from nesvae_live.chip.tracker.vibrato import heard_as_off
from nesvae_live.music.voices import Voice

MOST_UNITS = 63
"""By how much a sequence changes a period in a tick at most: FamiTracker's can do 127, but what is
beyond this FamiStudio cuts off, and a note whose bend isn't taken back stays out of tune."""

FEWEST_REPEATED = 4
"""The ticks of the shortest loop."""

MOST_HEARD = 0.01
"""If effects come nearer than this, in the mean of a note's ticks, they are what a note has: a tenth
of a cent is heard as so far off."""

MOST_GROUPS, MOST_OFFERED = 512, 64
"""Of how many groups it is looked who gets a sequence, and whose sequences are tried on an
instrument's notes: those that are most off. With a knob on vibrato each note is a group."""

Steps = tuple[int, ...]
Cents = npt.NDArray[np.float64]


@dataclass
class _Group:
    """Notes of one instrument and pitch that one sequence can have: their bends begin alike.

    `cost` is how far they are heard to be off, summed over their ticks; `given` is the
    instrument whose sequence they have instead of effects (-1: none).
    """

    sequence: Shape
    lines: list[Line]
    cost: float
    given: int = -1

    def take(self, instrument: int, cost: float) -> None:
        """Have the sequence of an instrument, which comes so near."""
        self.given, self.cost = instrument, cost


class _Family:
    """The notes of one instrument: those whose pitch effects say, and groups that they don't."""

    def __init__(self, groups: Sequence[_Group], n_notes: int) -> None:
        self.groups = sorted(groups, key=lambda group: -group.cost)
        self.all_bent = sum(len(group.lines) for group in groups) == n_notes
        offered = self.groups[:MOST_OFFERED]
        self.costs = np.array(
            [[_cost(one.sequence, other) for other in self.groups] for one in offered]
        )

    def best(self) -> tuple[float, int]:
        """How much nearer the notes come by one more sequence, and whose that is."""
        now = np.array([group.cost for group in self.groups])
        gains = np.maximum(now - self.costs, 0).sum(1)
        most = int(np.argmax(gains))
        return float(gains[most]), most

    def have(self, index: int, instrument: int) -> None:
        """Let a group's sequence be an instrument's, and be played by whom it comes nearest to."""
        for group, cost in zip(self.groups, self.costs[index], strict=True):
            if cost < group.cost:
                group.take(instrument, float(cost))


def give_sequences(lines: Sequence[Line], bank: Bank) -> None:
    """Give sequences to the notes that effects come least near to, as far as there is room."""
    by_instrument: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.note.voice is not Voice.NO:
            by_instrument[line.fit.instrument].append(line)
    found = [(i, group) for i, of in by_instrument.items() for group in _bent_groups(of)]
    found.sort(key=lambda one: -one[1].cost)
    worst: dict[int, list[_Group]] = defaultdict(list)
    for instrument, group in found[:MOST_GROUPS]:
        worst[instrument].append(group)
    families = {i: _Family(groups, len(by_instrument[i])) for i, groups in worst.items()}
    for instrument, family in families.items():
        if family.all_bent and len(family.groups) == 1:  # nobody else has the instrument
            given = bank.bend(instrument, family.groups[0].sequence)
            if given is not None:
                family.have(0, given)
    gains = {instrument: family.best() for instrument, family in families.items()}
    while gains:
        instrument = max(gains, key=lambda i: gains[i][0])
        family, (gain, index) = families[instrument], gains[instrument]
        group = family.groups[index]
        note = group.lines[0].note.note
        name = f"{NAMES[note % 12]}{note // 12 - 1}"
        given = bank.vary(instrument, group.sequence, name) if gain > 0 else None
        if given is None:
            del gains[instrument]
            continue
        family.have(index, given)
        gains[instrument] = family.best()
    for family in families.values():
        for group in family.groups:
            _decide(group)
    _come_nearer(lines)


def _decide(group: _Group) -> None:
    """Let a group's notes have the sequence that it was given, unless effects can come nearer."""
    if group.given < 0:
        return
    ticks = sum(len(line.note.cents) for line in group.lines)
    for line in group.lines:
        share = group.cost * len(line.note.cents) / ticks
        if share > MOST_HEARD * len(line.note.cents):
            line.come_nearer()
            if line.bends.error < share:
                continue
        line.bend(group.given)


def _come_nearer(lines: Sequence[Line]) -> None:
    """Effects in each row for the notes that are most off with few of them."""
    off = [line for line in lines if line.bends.error > MOST_HEARD * len(line.note.cents)]
    for line in sorted(off, key=lambda line: -line.bends.error)[:MOST_GROUPS]:
        line.come_nearer()


def _bent_groups(lines: Sequence[Line]) -> list[_Group]:
    """The groups of an instrument's notes that effects don't come near enough to."""
    bent: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.bends.error > MOST_HEARD * len(line.note.cents) and not line.fit.stepped:
            bent[line.note.note].append(line)
    return [group for alike in bent.values() for group in _groups(alike)]


def _groups(lines: Sequence[Line]) -> list[_Group]:
    """Notes of one instrument and pitch: those whose bends are the beginning of one another's."""
    groups: list[_Group] = []
    known: list[Steps] = []
    for line in sorted(lines, key=lambda line: -len(line.note.cents)):
        steps = _steps(line)
        sequence = looped(steps)
        if sequence is None:
            continue
        i = next((i for i, one in enumerate(known) if one[: len(steps)] == steps), None)
        if i is None:
            i = len(groups)
            known.append(steps)
            groups.append(_Group(sequence, [], 0.0))
        groups[i].lines.append(line)
        groups[i].cost += line.bends.error
    return groups


def _cost(sequence: Shape, group: _Group) -> float:
    """How far the notes of a group are heard to be off with a sequence, summed over their ticks."""
    line = group.lines[0]
    n = len(line.note.cents)
    values, loop, _ = sequence
    rest = values[loop:] if loop >= 0 else (0,)
    steps = (
        (values + rest * ((n - len(values)) // len(rest) + 1))[:n]
        if n > len(values)
        else values[:n]
    )
    periods = _periods(line)
    off = (periods[0] + np.cumsum(steps) - periods[1:]) / periods[1:]
    heard = np.cumsum(heard_as_off(off))
    return float(sum(heard[len(one.note.cents) - 1] for one in group.lines))


def _periods(line: Line) -> Cents:
    """A note's period without bends, and with them in each tick `[1 + ticks]`."""
    voice, note = line.note.voice, line.note.note
    return np.array([period_of(voice, note, cents) for cents in (0, *line.note.cents)], np.float64)


def _steps(line: Line) -> Steps:
    """By how much a note's period changes in each tick, or as much of it as a sequence can say."""
    straight, *wanted = _periods(line).astype(int).tolist()
    steps: list[int] = []
    for period in wanted:
        steps.append(max(-MOST_UNITS, min(MOST_UNITS, period - straight)))
        straight += steps[-1]
    return tuple(steps)


def looped(steps: Steps) -> Shape | None:
    """A sequence that begins with such steps, with a loop for a wave that comes again as it was.

    None: without one it would be too long.
    """
    n = len(steps)
    values = np.array(steps)
    best: Shape | None = None
    for length in range(FEWEST_REPEATED, n // 2 + 1):
        differ = np.flatnonzero(values[length:] != values[:-length])
        first = int(differ[-1]) + 1 if len(differ) else 0
        if n - first < 2 * length or first + length > MOST_ITEMS:
            continue
        if values[first : first + length].any() and values[first : first + length].sum() == 0:
            shape = steps[: first + length], first, -1
            best = shape if best is None or len(shape[0]) < len(best[0]) else best
    end = n
    while end > 1 and steps[end - 1] == 0:
        end -= 1
    written = steps[:end] + (0,) * (steps[end - 1] != 0)  # which is what stays
    if best is not None and len(best[0]) < len(written):
        return best
    return (written, -1, -1) if len(written) <= MOST_ITEMS else None
