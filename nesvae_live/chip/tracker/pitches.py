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
from nesvae_live.chip.tracker.vibrato import (
    PHASES,
    SPEEDS,
    WAVES,
    Units,
    Written,
    heard_as_off,
    moved_by,
    waves_of,
)
from nesvae_live.music.voices import Voice

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

period_of = lru_cache(maxsize=1 << 14)(bent_period)


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

    `error` is how far they are heard to be off, summed over its ticks.
    """

    slide: Slide = Slide()
    off: int = 0
    waves: Written = ()
    error: float = 0.0

    @property
    def first_off(self) -> int:
        """The units that it is off from its first tick on."""
        return self.waves[0][2] if self.waves and self.waves[0][0] == 0 else self.off


@dataclass(frozen=True, slots=True)
class Room:
    """Where a note's effects can stand.

    `rows` are the ticks of the note at which rows begin behind the one that it stands in; from tick
    `taken[0]` to `taken[1]` lies the row of what ends it. `stepped`: its instrument has an arpeggio,
    and it can't slide.
    """

    rows: tuple[int, ...] = ()
    taken: tuple[int, int] = (0, 0)
    stepped: bool = False


def bends_of(note: PlayedNote, room: Room) -> Bends:
    """The effects of a note: as few as say what it does.

    The first 4xy may stand in any tick of its rows, or where the note begins; others where rows begin.
    """
    if note.voice is Voice.NO or not any(note.cents):
        return Bends()
    return _bends(note.voice, note.note, note.cents, room)


@lru_cache(maxsize=4096)
def _bends(voice: Voice, note: int, cents: tuple[int, ...], room: Room) -> Bends:
    slide = Slide() if room.stepped else slide_of(voice, note, cents)
    off = _steady(voice, note, cents)
    heard = _periods(voice, note, cents)
    straight = bent_period(voice, note, 0)
    wave = wave_of(cents)
    waves: Written = ()
    if wave is not None:
        first = _first(wave.first, len(heard), room)
        waves = _effects(tuple(heard.astype(int).tolist()), straight, wave, first, room.rows)
    slid = _slid(voice, note, slide, len(heard))
    played = straight + off + slid + moved_by(waves, len(heard))
    return Bends(slide, off, waves, _error(played, heard))


@lru_cache(maxsize=4096)
def nearer_bends(voice: Voice, note: int, cents: tuple[int, ...], room: Room) -> Bends:
    """The effects that come nearest, with as many of them as there are rows."""
    simple = _bends(voice, note, cents, room)
    heard = _periods(voice, note, cents)
    straight = bent_period(voice, note, 0)
    slid = _slid(voice, note, simple.slide, len(heard))
    best = simple
    for slide, moved in {Slide(): np.zeros(len(heard)), simple.slide: slid}.items():
        begins = 0 if any(cents[:1]) else next(i for i, c in enumerate(cents) if c)
        first = _first(begins, len(heard), room)
        waves = waves_of(heard - moved, straight, [*_rows_from(first, len(heard), room)])
        error = _error(straight + moved + moved_by(waves, len(heard)), heard)
        if error < best.error:
            best = Bends(slide, 0, waves, error)
    return best


def _slid(voice: Voice, note: int, slide: Slide, ticks: int) -> Units:
    """By how many units a slide is off its target in each tick."""
    if not slide.semitones:
        return np.zeros(ticks)
    off = bent_period(voice, note, 100 * slide.semitones) - bent_period(voice, note, 0)
    moved = (2 * slide.speed + 1) * np.arange(1, ticks + 1)
    return off * (1 - np.minimum(moved / abs(off), 1))


def _error(played: Units, heard: Units) -> float:
    return float(heard_as_off((played - heard) / heard).sum())


def _first(first: int, n: int, room: Room) -> int:
    """The tick where effects can begin that are to begin in tick `first`; `n`: nowhere."""
    next_row = room.rows[0] if room.rows else n
    if 0 < first < next_row:
        first = 0 if first < next_row - first else next_row
    if room.taken[0] <= first < room.taken[1]:
        first = next((row for row in room.rows if row > first), n)
    return first


def _rows_from(first: int, n: int, room: Room) -> list[int]:
    """The ticks of a note in which effects may be written from tick `first` on, and its end."""
    return [first, *(row for row in room.rows if first < row < n), n] if first < n else []


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
    periods: tuple[int, ...], straight: int, wave: Wave, begins: int, rows: tuple[int, ...]
) -> Written:
    """When 4xy is written, in ticks of the note, and its parameters; empty: there is no vibrato.

    A wave that the tracker has no speed for has two by turns, and so stays in its phase.
    """
    n = len(periods)
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
    written: list[tuple[int, int, int]] = []
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
        now = int(SPEEDS[best]), int(depths[best]) + 1
        if now != before:
            written.append((at, now[0] << 4 | now[1], 0))
        before = now
        phase += now[0] * (end - at)
    return tuple(written)
