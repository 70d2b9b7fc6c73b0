"""What was heard of a note's pitch as a tracker's effects: slides, vibrato, a bend that stays.

What the effects do, and the depths of vibrato, are facts that FamiStudio's source (MIT) and bhop's,
a player of FamiTracker's modules (MIT-0), agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.registers import bent_period
from nesvae_live.chip.tracker.played import PlayedNote
from nesvae_live.music.voices import Voice

VIBRATO_DEPTHS = (1, 1.5, 2.5, 4, 5, 7, 10, 12, 14, 17, 22, 30, 44, 64, 96, 128)
"""By how much each depth of 4xy moves a period, each way; what is not a whole unit is cut off."""
PHASES = 64
"""How many steps a wave of 4xy has; the speed is how many a tick."""
SPEEDS = range(1, 16)
"""The speeds of 4xy. 0 stands still."""

SMALL_CENTS = 50
"""What stays off its pitch by less is a bend, by more an arpeggio."""

LONGEST_SLIDE = 60
"""Ticks. What takes longer is a bend that stays."""
MOST_SEMITONES = 15
"""How far a slide of Qxy or Rxy can go."""

FEWEST_HEARD = 3
"""A wave of fewer ticks is not worth its effect."""
LEAST_KEPT = 4
"""For so many ticks a parameter of 4xy is kept: what changes more often nobody reads."""
HARDLY = 1.1
"""A depth is changed if another comes nearer by more than this."""

Units = npt.NDArray[np.float64]

period_of = lru_cache(maxsize=1 << 14)(bent_period)

CENTS_PER_UNIT = 1200 / np.log(2)
"""Of a period of 1: one unit of a period of 400 is a 400th of it."""


def _waves() -> npt.NDArray[np.int64]:
    """By depth and phase, by how much a period is shorter: `[16, 64]`."""
    quarter = np.arange(16)
    rises = np.outer(VIBRATO_DEPTHS, np.sin(quarter * np.pi / 32)).astype(np.int64)
    half = np.concatenate((rises, rises[:, ::-1]), axis=1)
    return np.concatenate((half, -half), axis=1)


WAVES = _waves()


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide into a note, which begins `semitones` above it, at 2 `speed` + 1 units a tick.

    `error` is the sum of the squares by which periods are off while it lasts.
    """

    semitones: int = 0
    speed: int = 0
    error: float = 0.0


def slide_of(voice: Voice, note: int, cents: tuple[int, ...]) -> Slide:
    """The slide that comes nearest to how a note begins; of no semitones if none is better."""
    ticks = slide_ticks(cents)
    return _slide(voice, note, cents[:ticks]) if ticks and voice is not Voice.NO else Slide()


@lru_cache(maxsize=4096)
def _slide(voice: Voice, note: int, cents: tuple[int, ...]) -> Slide:
    heard = _periods(voice, note, cents)
    target = bent_period(voice, note, 0)
    best = Slide(error=float(((heard - target) ** 2).sum()))
    first = round(cents[0] / 100)
    rates = 2 * np.arange(16) + 1
    for semitones in {first, first - 1, first + 1} - {0}:
        if abs(semitones) > MOST_SEMITONES:
            continue
        start = bent_period(voice, note, 100 * semitones)
        moved = np.minimum(np.outer(rates, np.arange(1, len(cents) + 1)), abs(target - start))
        errors = ((start + np.sign(target - start) * moved - heard) ** 2).sum(1)
        speed = int(np.argmin(errors))
        if errors[speed] < best.error:
            best = Slide(semitones, speed, float(errors[speed]))
    return best


def slide_ticks(cents: Sequence[int]) -> int:
    """For how many ticks a note slides into its pitch; 0: it doesn't."""
    if abs(cents[0]) < SMALL_CENTS // 2:
        return 0
    up = cents[0] > 0
    ticks = next((i for i, c in enumerate(cents) if c == 0 or (c > 0) != up), len(cents))
    falls = all(abs(b) <= abs(a) for a, b in pairwise(cents[:ticks]))
    return ticks if falls and ticks <= LONGEST_SLIDE else 0


@dataclass(frozen=True, slots=True)
class Bends:
    """A note's pitch as effects: a slide into it, units that it stays off, when 4xy is written.

    `error` is the sum of the squares, in cents, by which they are off in each tick.
    """

    slide: Slide = Slide()
    off: int = 0
    waves: tuple[tuple[int, int], ...] = ()
    error: float = 0.0


def bends_of(voice: Voice, note: PlayedNote, rows: Sequence[int], *, stepped: bool) -> Bends:
    """The effects of a note, whose instrument has an arpeggio (`stepped`: it can't slide) or none.

    `rows` are the ticks of the note at which rows begin behind the one that it stands in. The first
    4xy may stand in any tick of them, or where the note begins; others where rows begin.
    """
    if voice is Voice.NO or not any(note.cents):
        return Bends()
    return _bends(voice, note.note, note.cents, tuple(rows), stepped)


@lru_cache(maxsize=4096)
def _bends(
    voice: Voice, note: int, cents: tuple[int, ...], rows: tuple[int, ...], stepped: bool
) -> Bends:
    slide = Slide() if stepped else slide_of(voice, note, cents)
    off = _steady(voice, note, cents)
    heard = _periods(voice, note, cents)
    straight = bent_period(voice, note, 0)
    wave = wave_of(cents)
    waves: tuple[tuple[int, int], ...] = ()
    if wave is not None:
        waves = _effects(tuple(heard.astype(int).tolist()), straight, wave, rows)
    played = np.full(len(heard), straight + off, np.float64)
    if slide.semitones:
        start = bent_period(voice, note, 100 * slide.semitones)
        moved = (2 * slide.speed + 1) * np.arange(1, len(heard) + 1)
        played += (start - straight) * (1 - np.minimum(moved / abs(start - straight), 1))
    phase = 0
    ends = [*(tick for tick, _ in waves), len(heard)][1:]
    for (tick, parameter), end in zip(waves, ends, strict=True):
        phases = phase + (parameter >> 4) * np.arange(1, end - tick + 1)
        played[tick:end] -= WAVES[parameter & 15, phases % PHASES]
        phase = int(phases[-1])
    error = float((((played - heard) / heard * CENTS_PER_UNIT) ** 2).sum())
    return Bends(slide, off, waves, error)


def steps_error(voice: Voice, note: int, cents: Sequence[int], steps: Sequence[int]) -> float:
    """The same for a slide in steps of semitones, a tick each, with the last one from then on."""
    heard = _periods(voice, note, cents)
    held = [steps[min(i, len(steps) - 1)] for i in range(len(cents))]
    return float(((_periods(voice, note, [100 * step for step in held]) - heard) ** 2).sum())


def _periods(voice: Voice, note: int, cents: Sequence[int]) -> Units:
    return np.array([period_of(voice, note, c) for c in cents], np.float64)


@dataclass(frozen=True, slots=True)
class Wave:
    """Vibrato as it was heard: from tick `first` on, through 0 upwards at `turn`, `length` ticks."""

    first: int
    turn: float
    length: float

    def phase(self, tick: float) -> float:
        """Where the wave stands at a tick, in `PHASES` a wave."""
        return PHASES * (tick - self.turn) / self.length


@lru_cache(maxsize=4096)
def wave_of(cents: tuple[int, ...]) -> Wave | None:
    """The wave around a note's pitch, behind the slide into it; None: there is none."""
    after = slide_ticks(cents)
    first = next((i for i in range(after, len(cents)) if cents[i]), len(cents))
    if len(cents) - first < FEWEST_HEARD or all(c % 100 == 0 for c in cents[first:]):
        return None
    turns = [
        i - cents[i] / (cents[i] - cents[i - 1])
        for i in range(max(first, 1), len(cents))
        if cents[i - 1] <= 0 < cents[i]
    ]
    if len(turns) > 1:
        length = (turns[-1] - turns[0]) / (len(turns) - 1)
        return Wave(first, turns[0], length) if 4 <= length <= PHASES else None
    turn = turns[0] if turns else first - 1.0
    length = _length(np.array(cents[first:], np.float64), np.arange(first, len(cents)) - turn)
    return Wave(first, turn, length) if length else None


def _length(cents: npt.NDArray[np.floating], since: npt.NDArray[np.floating]) -> float:
    """The length of a sine through 0 that comes nearest to a piece of one; 0: none does."""
    lengths = np.arange(4.0, PHASES + 0.5, 0.25)
    sines = np.sin(2 * np.pi * since / lengths[:, None])
    power = (sines**2).sum(1)
    deep = sines @ cents / np.maximum(power, 1e-9)
    error = ((np.maximum(deep, 0)[:, None] * sines - cents) ** 2).sum(1)
    best = int(np.argmin(error))
    return float(lengths[best]) if error[best] < ((cents - cents.mean()) ** 2).sum() / 4 else 0.0


def _steady(voice: Voice, note: int, cents: tuple[int, ...]) -> int:
    """By how many units of its period a note stays off its pitch, if that is a little."""
    least, middle, most = (sorted(cents)[i] for i in (0, len(cents) // 2, -1))
    if not middle or abs(middle) >= SMALL_CENTS or most - least > SMALL_CENTS:
        return 0
    if wave_of(cents) is not None:
        return 0
    return bent_period(voice, note, middle) - bent_period(voice, note, 0)


def _effects(
    periods: tuple[int, ...], straight: int, wave: Wave, rows: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """When 4xy is written, in ticks of the note, and its parameters; empty: there is no vibrato.

    A wave that the tracker has no speed for has two by turns, and so stays in its phase.
    """
    n = len(periods)
    begins = wave.first
    next_row = rows[0] if rows else n
    if 0 < begins < next_row:
        begins = 0 if begins < next_row - begins else next_row
    if n - begins < FEWEST_HEARD:
        return ()
    wanted = straight - np.array(periods)
    if np.abs(wanted).max() < 1:
        return ()
    pieces = [begins]
    for row in (*rows, n):
        if row - pieces[-1] >= LEAST_KEPT and n - row >= LEAST_KEPT:
            pieces.append(row)
    pieces.append(n)
    written: list[tuple[int, int]] = []
    phase, before = 0, (0, 0)
    power = float((wanted[wave.first :] ** 2).mean())
    for at, end in pairwise(pieces):
        phases = phase + np.outer(SPEEDS, np.arange(1, end - at + 1))
        off = (phases[:, -1] - wave.phase(end - 1) + PHASES / 2) % PHASES - PHASES / 2
        errors = ((WAVES[:, phases % PHASES] - wanted[at:end]) ** 2).sum(2)[1:]
        depths = errors.argmin(0)
        if before[1]:  # which is kept if another is hardly better
            kept = errors[before[1] - 1] <= HARDLY * errors.min(0)
            depths = np.where(kept, before[1] - 1, depths)
        drifts = power * (2 * np.pi * off / PHASES) ** 2 * (end - at)
        best = int(np.argmin(errors[depths, np.arange(len(SPEEDS))] + drifts))
        now = SPEEDS[best], int(depths[best]) + 1
        if now != before:
            written.append((at, now[0] << 4 | now[1]))
        before = now
        phase += now[0] * (end - at)
    return tuple(written)
